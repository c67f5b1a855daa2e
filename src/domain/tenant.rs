//! The partner whose brand a page carries.

use std::fmt;
use std::sync::Arc;

/// A tenant's name in settings, seals, limits and metrics: `[a-z0-9][a-z0-9-]*`, at most 40 characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantId(Arc<str>);

/// A text is no [`TenantId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 40 characters of a-z, 0-9 and inner hyphens")]
pub struct TenantIdError;

impl TenantId {
    /// The tenant without configuration (contract 8).
    pub const DEFAULT: &'static str = "default";

    /// Checks a name.
    ///
    /// # Errors
    /// [`TenantIdError`] when it is not of the form above.
    pub fn parse(text: &str) -> Result<Self, TenantIdError> {
        let sound = (1..=40).contains(&text.len())
            && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            && !text.starts_with('-')
            && !text.ends_with('-');
        if sound { Ok(Self(text.into())) } else { Err(TenantIdError) }
    }

    /// The id of the tenant without configuration.
    #[must_use]
    pub fn default_tenant() -> Self {
        Self(Self::DEFAULT.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a tenant's pages look and where they link: `brand.*` in the settings.
#[derive(Clone, Debug)]
pub struct Brand {
    /// The product's name.
    pub name: String,
    /// The colour of buttons and links; white text on it is readable.
    pub color: Option<BrandColor>,
    /// The logo's bytes and type, served by us.
    pub logo: Option<Logo>,
    /// Terms of service.
    pub terms_url: Option<String>,
    /// Privacy policy.
    pub privacy_url: Option<String>,
    /// Where a visitor finds help.
    pub support_url: Option<String>,
}

/// A logo read at start.
#[derive(Clone)]
pub struct Logo {
    /// The file's bytes.
    pub bytes: Arc<[u8]>,
    /// Its media type.
    pub media_type: &'static str,
}

impl fmt::Debug for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} bytes", self.media_type, self.bytes.len())
    }
}

/// An sRGB colour on which white text meets WCAG 2.2 AA (contrast 4.5:1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrandColor([u8; 3]);

/// Why a text is no [`BrandColor`].
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum BrandColorError {
    /// Not `#rrggbb`.
    #[error("must be written #rrggbb")]
    NotHex,
    /// White text on it is too hard to read.
    #[error("has a contrast of {0:.2}:1 with white text; WCAG AA asks for 4.5:1")]
    Contrast(f64),
}

impl BrandColor {
    /// Reads `#rrggbb` and checks its contrast with white.
    ///
    /// # Errors
    /// [`BrandColorError`] when it is not of that form, or too light.
    pub fn parse(text: &str) -> Result<Self, BrandColorError> {
        let digits = text
            .strip_prefix('#')
            .filter(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let value = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).ok_or(BrandColorError::NotHex)?;
        let [_, red, green, blue] = value.to_be_bytes();
        let color = Self([red, green, blue]);
        let contrast = color.contrast_with_white();
        if contrast < 4.5 { Err(BrandColorError::Contrast(contrast)) } else { Ok(color) }
    }

    /// `#rrggbb`.
    #[must_use]
    pub fn to_hex(self) -> String {
        let [red, green, blue] = self.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// Contrast ratio of white on this colour (WCAG 2.2, "contrast ratio").
    fn contrast_with_white(self) -> f64 {
        let linear = |channel: u8| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0.map(linear);
        let luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        1.05 / (luminance + 0.05)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brand_colour_that_hides_white_text_is_refused() {
        for (text, accepted) in [
            ("#000000", true),
            ("#0b5fff", true),
            ("#767676", true),
            ("#777777", false),
            ("#ffcc00", false),
            ("#ffffff", false),
            ("0b5fff", false),
            ("#0b5", false),
            ("#gggggg", false),
            ("#+12345", false),
        ] {
            assert_eq!(BrandColor::parse(text).is_ok(), accepted, "{text}");
        }
    }

    #[test]
    fn a_tenant_id_fits_a_label_a_key_and_a_host() {
        for (text, accepted) in [
            ("acme", true),
            ("acme-2", true),
            ("", false),
            ("-acme", false),
            ("Acme", false),
            ("a b", false),
            ("a.b", false),
        ] {
            assert_eq!(TenantId::parse(text).is_ok(), accepted, "{text}");
        }
    }
}
