//! A form as it came in: nothing checked but that it can be read.

use percent_encoding::percent_decode;

/// The most fields that are read; a browser sends about twenty.
const MAX_FIELDS: usize = 64;

/// The fields of a posted form by name; the first of repeated names wins.
pub struct RawForm(Vec<(String, RawValue)>);

/// What stood in one field.
#[derive(Clone, PartialEq, Eq)]
pub enum RawValue {
    /// Text as it was typed.
    Typed(String),
    /// Bytes that are not UTF-8, or hold a NUL: never forwarded, shown again as far as they can be read.
    Unreadable(String),
}

impl RawForm {
    /// Decodes `application/x-www-form-urlencoded` (WHATWG URL, 5.1), but keeps in mind what could not be decoded.
    #[must_use]
    pub fn from_urlencoded(body: &[u8]) -> Self {
        let mut fields: Vec<(String, RawValue)> = Vec::new();
        for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).take(MAX_FIELDS) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default());
            let value = decode(halves.next().unwrap_or_default());
            if let RawValue::Typed(name) = name
                && fields.iter().all(|(earlier, _)| *earlier != name)
            {
                fields.push((name, value));
            }
        }
        Self(fields)
    }

    /// A form with the given fields: prefilled ones, and tests.
    #[must_use]
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let typed = |(name, value): (&str, &str)| (name.to_owned(), RawValue::Typed(value.to_owned()));
        Self(pairs.into_iter().map(typed).collect())
    }

    /// Whether there is no field at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every field in the order it came, unreadable ones as they are shown.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| match value {
            RawValue::Typed(text) | RawValue::Unreadable(text) => (name.as_str(), text.as_str()),
        })
    }

    /// What stood in a field, if it was there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&RawValue> {
        self.0.iter().find_map(|(candidate, value)| (candidate == name).then_some(value))
    }

    /// The readable text of a field; empty when it is absent or unreadable.
    #[must_use]
    pub fn typed(&self, name: &str) -> &str {
        match self.get(name) {
            Some(RawValue::Typed(text)) => text,
            Some(RawValue::Unreadable(_)) | None => "",
        }
    }

    /// The text of a field as a page shows it again.
    #[must_use]
    pub fn shown(&self, name: &str) -> &str {
        match self.get(name) {
            Some(RawValue::Typed(text) | RawValue::Unreadable(text)) => text,
            None => "",
        }
    }

    /// Whether a box was ticked: browsers send its value only then. What says no in any case of letters is no consent.
    #[must_use]
    pub fn is_ticked(&self, name: &str) -> bool {
        let said = self.typed(name).trim();
        !["", "false", "off", "no", "0"].iter().any(|no| said.eq_ignore_ascii_case(no))
    }
}

fn decode(encoded: &[u8]) -> RawValue {
    let mut spaced = encoded.to_vec();
    for byte in spaced.iter_mut().filter(|byte| **byte == b'+') {
        *byte = b' ';
    }
    let bytes = if spaced.contains(&b'%') { percent_decode(&spaced).collect() } else { spaced };
    match String::from_utf8(bytes) {
        Ok(text) if text.contains('\0') => RawValue::Unreadable(text.replace('\0', "\u{fffd}")),
        Ok(text) => RawValue::Typed(text),
        Err(not_utf8) => RawValue::Unreadable(String::from_utf8_lossy(not_utf8.as_bytes()).replace('\0', "\u{fffd}")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_form_is_decoded_as_browsers_encode_it() {
        let form = RawForm::from_urlencoded(b"name=Zo%C3%AB+Smith&a%2Bb=1%2B1&empty=&flag&&name=second");
        assert_eq!(form.typed("name"), "Zoë Smith");
        assert_eq!(form.typed("a+b"), "1+1");
        assert!(form.get("empty").is_some() && form.get("flag").is_some());
        assert!(form.get("absent").is_none());
    }

    #[test]
    fn bytes_that_are_no_text_are_kept_apart_from_text() {
        for (name, body) in
            [("invalid UTF-8", &b"name=a%FFb"[..]), ("raw byte", b"name=a\xffb"), ("NUL", b"name=a%00b")]
        {
            let form = RawForm::from_urlencoded(body);
            assert!(matches!(form.get("name"), Some(RawValue::Unreadable(_))), "{name}");
            assert_eq!(form.typed("name"), "", "{name}");
            assert_eq!(form.shown("name"), "a\u{fffd}b", "{name}");
        }
    }

    #[test]
    fn a_box_counts_as_ticked_only_with_a_value_that_says_so() {
        for (value, ticked) in [
            ("on", true),
            ("true", true),
            ("1", true),
            ("", false),
            ("false", false),
            ("off", false),
            ("no", false),
            (" ", false),
        ] {
            assert_eq!(RawForm::from_pairs([("privacyPolicy", value)]).is_ticked("privacyPolicy"), ticked, "{value}");
        }
        assert!(!RawForm::from_pairs([]).is_ticked("privacyPolicy"));
    }

    proptest! {
        #[test]
        fn any_body_is_read_without_a_panic_and_within_bounds(body in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let form = RawForm::from_urlencoded(&body);
            prop_assert!(form.0.len() <= MAX_FIELDS);
            for (name, _) in &form.0 {
                prop_assert!(!form.shown(name).contains('\0'));
            }
        }

        #[test]
        fn what_a_browser_encodes_comes_back_as_typed(name in "[a-zA-Z]{1,10}", value in "[^\0]{0,40}") {
            let body = form_urlencoded::Serializer::new(String::new()).append_pair(&name, &value).finish();
            let form = RawForm::from_urlencoded(body.as_bytes());
            prop_assert_eq!(form.typed(&name), value);
        }
    }
}
