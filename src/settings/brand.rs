//! `brand.*`

use super::files;
use super::scope::Scope;
use super::values::{LinkUrl, SupportUrl};
use crate::domain::tenant::{Brand, Logo};

/// The largest logo, in bytes: every page shows it.
const MAX_LOGO_BYTES: u64 = 256 * 1024;

/// A brand is a tenant's own: nothing of it falls back to the default tenant's.
pub(super) fn section(scope: &mut Scope<'_>) -> Brand {
    Brand {
        name: scope.own("brand.name"),
        color: scope.own("brand.color"),
        logo: logo(scope),
        terms_url: scope.own::<Option<LinkUrl>>("brand.terms_url").map(|LinkUrl(url)| url),
        privacy_url: scope.own::<Option<LinkUrl>>("brand.privacy_url").map(|LinkUrl(url)| url),
        support_url: scope.own::<Option<SupportUrl>>("brand.support_url").map(|SupportUrl(url)| url),
    }
}

fn logo(scope: &mut Scope<'_>) -> Option<Logo> {
    let path = scope.own::<Option<String>>("brand.logo")?;
    let logo = files::read(&path, MAX_LOGO_BYTES).and_then(|bytes| match media_type(&bytes) {
        Some(media_type) => Ok(Logo { bytes: bytes.into(), media_type }),
        None => Err("must be a PNG, SVG, JPEG, WebP or GIF image".to_owned()),
    });
    logo.map_err(|message| scope.refuse("brand.logo", message)).ok()
}

/// The type of an image by its first bytes, as browsers tell it (WHATWG MIME Sniffing, 6.1); SVG by its root element.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => {
            let text = std::str::from_utf8(bytes).ok()?.trim_start_matches('\u{feff}').trim_start();
            let is_svg = text.starts_with("<svg")
                || (text.starts_with("<?xml") || text.starts_with("<!")) && text.contains("<svg");
            is_svg.then_some("image/svg+xml")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_known_by_its_content() {
        for (name, bytes, expected) in [
            ("png", &b"\x89PNG\r\n\x1a\n..."[..], Some("image/png")),
            ("jpeg", b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            ("gif", b"GIF89a..", Some("image/gif")),
            ("webp", b"RIFF\x10\0\0\0WEBPVP8 ", Some("image/webp")),
            ("svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", Some("image/svg+xml")),
            ("svg with a prolog", b"\xef\xbb\xbf<?xml version='1.0'?>\n<svg/>", Some("image/svg+xml")),
            ("html", b"<!doctype html><p>", None),
            ("script", b"alert('<svg')", None),
            ("nothing", b"", None),
        ] {
            assert_eq!(media_type(bytes), expected, "{name}");
        }
    }
}
