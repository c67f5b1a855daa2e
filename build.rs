//! Embeds what `static/` holds, and the regions of `config/lists/regions.tsv`, under names that change with the content.
//!
//! Each file is compressed here, once, as hard as it goes: a request copies bytes and nothing else.

#![expect(clippy::disallowed_methods, reason = "cargo tells a build script its folders by variables")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest as _, Sha256};

/// Hexadecimal digits of the content's SHA-256 in an asset's address.
const HASH_DIGITS: usize = 16;

/// Brotli's window: larger than every asset.
const BROTLI_WINDOW_BITS: u32 = 20;

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let folder = root.join("static");
    let regions = root.join("config/lists/regions.tsv");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rerun-if-changed={}", regions.display());

    let mut files = BTreeMap::from([("regions.json".to_owned(), regions_json(&fs::read_to_string(regions)?))]);
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        println!("cargo::rerun-if-changed={}", path.display());
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("an asset's name is not UTF-8")?.to_owned();
        files.insert(name, fs::read_to_string(path)?);
    }

    let mut table = String::from("&[\n");
    for (name, text) in files {
        write_asset(&out, &name, &slim(&name, &text), &mut table)?;
    }
    table.push_str("]\n");
    fs::write(out.join("assets.rs"), table)?;
    Ok(())
}

/// Drops indentation, blank lines, lines that are all comment, ends of lines after a sign that needs none, and spaces that
/// a style sheet does without.
///
/// Safe for the files of this project alone: none has a string or template that runs over lines, and no string of a style
/// sheet holds these signs with spaces.
fn slim(name: &str, text: &str) -> String {
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
    let comment: fn(&str) -> bool = match extension {
        Some("js") => |line| line.starts_with("//"),
        Some("css") => |line| line.starts_with("/*") && line.ends_with("*/"),
        _ => |_| false,
    };
    let mut slim = String::with_capacity(text.len());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !comment(line)) {
        slim.push_str(line);
        if !line.ends_with(['{', ';', ',']) {
            slim.push('\n');
        }
    }
    if extension != Some("css") {
        return slim;
    }
    let signs =
        [(" {", "{"), ("{ ", "{"), (" }", "}"), ("}\n", "}"), ("; ", ";"), (";}", "}"), (": ", ":"), (", ", ",")];
    signs.into_iter().fold(slim, |slim, (sign, shorter)| slim.replace(sign, shorter))
}

/// `{"AE":["Abu Dhabi",…],…}` from lines of code, tab, name.
fn regions_json(tsv: &str) -> String {
    let mut countries: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (code, name) in tsv.lines().filter_map(|line| line.split_once('\t')) {
        countries.entry(code).or_default().push(format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")));
    }
    let members: Vec<_> = countries.iter().map(|(code, names)| format!("\"{code}\":[{}]", names.join(","))).collect();
    format!("{{{}}}", members.join(","))
}

fn media_type(name: &str) -> Result<&'static str, Box<dyn Error>> {
    match Path::new(name).extension().and_then(|extension| extension.to_str()) {
        Some("css") => Ok("text/css; charset=utf-8"),
        Some("js") => Ok("text/javascript; charset=utf-8"),
        Some("json") => Ok("application/json"),
        Some("svg") => Ok("image/svg+xml"),
        _ => Err(format!("static/{name}: build.rs knows no media type for it").into()),
    }
}

fn write_asset(out: &Path, name: &str, text: &str, table: &mut String) -> Result<(), Box<dyn Error>> {
    let bytes = text.as_bytes();
    let mut hash = String::new();
    for byte in Sha256::digest(bytes).iter().take(HASH_DIGITS / 2) {
        write!(hash, "{byte:02x}")?;
    }

    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes)?;
    let gzip = gzip.finish()?;
    let mut brotli = Vec::new();
    {
        let mut writer = brotli::CompressorWriter::new(&mut brotli, 4_096, 11, BROTLI_WINDOW_BITS);
        writer.write_all(bytes)?;
    }

    let include = |extension: &str, content: &[u8]| -> Result<String, Box<dyn Error>> {
        let path = out.join(format!("{name}{extension}"));
        fs::write(&path, content)?;
        Ok(format!("include_bytes!({:?})", path.to_str().ok_or("OUT_DIR is not UTF-8")?))
    };
    let smaller = |extension: &str, content: &[u8]| -> Result<String, Box<dyn Error>> {
        if content.len() < bytes.len() {
            Ok(format!("Some({})", include(extension, content)?))
        } else {
            Ok("None".into())
        }
    };
    writeln!(
        table,
        "Asset {{ name: {name:?}, hash: {hash:?}, href: \"/static/{hash}/{name}\", media_type: {:?}, identity: {}, brotli: {}, gzip: {} }},",
        media_type(name)?,
        include("", bytes)?,
        smaller(".br", &brotli)?,
        smaller(".gz", &gzip)?,
    )?;
    Ok(())
}
