//! Static files, embedded and compressed by `build.rs`, each at an address that changes with its content.

use sha2::{Digest as _, Sha256};

use crate::domain::tenant::Logo;
use crate::seal::hex;

/// One static file in every encoding it is served in.
pub struct Asset {
    /// The file's name, the last part of its address.
    pub name: &'static str,
    /// The first 16 hexadecimal digits of the content's SHA-256: a strong `ETag`, and the middle of its address.
    pub hash: &'static str,
    /// `/static/{hash}/{name}`.
    pub href: &'static str,
    /// The `Content-Type`.
    pub media_type: &'static str,
    /// The content as it is.
    pub identity: &'static [u8],
    /// As `Content-Encoding: br`, where that is smaller.
    pub brotli: Option<&'static [u8]>,
    /// As `Content-Encoding: gzip`, where that is smaller.
    pub gzip: Option<&'static [u8]>,
}

/// Every static file, sorted by name.
pub static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The file at `/static/{hash}/{name}`; an old hash finds nothing.
#[must_use]
pub fn find(hash: &str, name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name && asset.hash == hash)
}

/// The address of a file of `static/`; an unknown name is logged and leads to a 404.
#[must_use]
pub fn href(name: &str) -> &'static str {
    ASSETS.iter().find(|asset| asset.name == name).map_or_else(
        || {
            tracing::error!(name, "a page asks for an asset that is not embedded");
            "/static/missing"
        },
        |asset| asset.href,
    )
}

/// The address of a tenant's logo, `/static/{hash}/logo.{extension}`: computed once, at start.
#[must_use]
pub fn logo_href(logo: &Logo) -> String {
    let extension = match logo.media_type {
        "image/svg+xml" => "svg",
        "image/png" => "png",
        "image/jpeg" => "jpg",
        "image/webp" => "webp",
        "image/gif" => "gif",
        _ => "bin",
    };
    format!("/static/{}/logo.{extension}", content_hash(&logo.bytes))
}

/// The first 16 hexadecimal digits of the content's SHA-256, as `build.rs` computes them.
#[must_use]
pub fn content_hash(content: &[u8]) -> String {
    let mut hash = hex(&Sha256::digest(content));
    hash.truncate(16);
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_asset_is_found_at_its_own_address_and_under_no_other_hash() {
        for asset in ASSETS {
            assert_eq!(asset.href, format!("/static/{}/{}", asset.hash, asset.name));
            assert!(find(asset.hash, asset.name).is_some_and(|found| found.name == asset.name));
            assert!(find("0123456789abcdef", asset.name).is_none());
            assert_eq!(asset.hash, content_hash(asset.identity), "{}", asset.name);
            assert_eq!(href(asset.name), asset.href);
        }
    }

    #[test]
    fn every_text_is_smaller_compressed() {
        for asset in ASSETS {
            for encoded in [asset.brotli, asset.gzip] {
                assert!(encoded.is_some_and(|bytes| bytes.len() < asset.identity.len()), "{}", asset.name);
            }
        }
    }

    #[test]
    fn the_files_of_pages_are_there() {
        for name in ["app.css", "app.js", "favicon.svg", "pages.css", "regions.json", "status.js"] {
            assert!(ASSETS.iter().any(|asset| asset.name == name), "{name}");
        }
    }

    /// `build.rs` drops indentation and comment lines, which would change a template or a comment over several lines.
    #[test]
    fn no_script_or_style_has_a_text_over_several_lines() {
        for asset in ASSETS.iter().filter(|asset| asset.name.ends_with("js") || asset.name.ends_with("css")) {
            let text = std::str::from_utf8(asset.identity).unwrap();
            assert!(!text.contains('`') && !text.contains("/*") && !text.contains("\\\n"), "{}", asset.name);
        }
    }

    #[test]
    fn the_regions_are_json_by_country_code() {
        let asset = ASSETS.iter().find(|asset| asset.name == "regions.json").unwrap();
        let regions: serde_json::Value = serde_json::from_slice(asset.identity).unwrap();
        let lines = include_str!("../../config/lists/regions.tsv").lines().count();
        let count: usize = regions.as_object().unwrap().values().map(|names| names.as_array().unwrap().len()).sum();
        assert_eq!(count, lines);
        assert!(regions["US"].as_array().unwrap().iter().any(|name| name == "California"));
    }

    #[test]
    fn a_logo_has_an_address_that_changes_with_its_content() {
        let logo = |bytes: &[u8]| Logo { bytes: bytes.into(), media_type: "image/png" };
        let address = logo_href(&logo(b"one"));
        assert!(address.starts_with("/static/") && address.ends_with("/logo.png"));
        assert_ne!(address, logo_href(&logo(b"two")));
    }
}
