//! The weight of a first view: it fits into ten segments, the first window of a connection (RFC 6928).

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::web::assets::{ASSETS, Asset};

/// Ten segments of 1,460 bytes.
const BUDGET_BYTES: usize = 14_600;

fn gzip(text: &str) -> usize {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap().len()
}

#[test]
fn the_first_view_of_every_page_fits_into_the_first_window() {
    let compressed = |asset: &Asset| asset.brotli.unwrap_or(asset.identity).len();
    // Regions are fetched when a country is chosen.
    let is_fetched = |html: &str, asset: &Asset| html.contains(asset.href) && asset.name != "regions.json";
    let assets = |html: &str| ASSETS.iter().filter(|asset| is_fetched(html, asset)).map(compressed).sum::<usize>();
    // What is drawn for real carries a sealed id, a pass and a longer address, and none of it compresses.
    let sealed = 1_000;
    let mut heavy = Vec::new();
    for drawn in every_page() {
        let total = gzip(&drawn.html) + assets(&drawn.html) + sealed;
        if total > BUDGET_BYTES {
            heavy.push(format!("{}: {total} bytes", drawn.place()));
        }
    }
    assert!(heavy.is_empty(), "{heavy:#?}");
}
