//! A secret is the value of its key, or the content of the file that `<key>_file` names.

use config::ValueKind;

use super::files;
use super::layers::{Layer, Setting};
use super::values::{FromSetting, is_blank, text};

/// The largest file of a secret, in bytes.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// The key that names the file.
pub(super) fn file_key(key: &str) -> String {
    format!("{key}_file")
}

/// Which of the two forms counts.
pub(super) enum Chosen<'s> {
    /// Neither; the empty text is none.
    Nothing,
    /// The value itself.
    Value(&'s Setting),
    /// The file.
    File(&'s Setting),
    /// Both, in one layer.
    Conflict(&'s Setting),
}

/// Chooses between value and file: the later layer wins, and one layer may set only one of them.
pub(super) fn choose<'s>(value: Option<&'s Setting>, file: Option<&'s Setting>) -> Chosen<'s> {
    let value = value.filter(|setting| !is_blank(&setting.value));
    let file = file.filter(|setting| !is_blank(&setting.value));
    match (value, file) {
        (None, None) => Chosen::Nothing,
        (Some(value), None) => Chosen::Value(value),
        (Some(value), Some(file)) if value.layer == file.layer => Chosen::Conflict(value),
        (Some(value), Some(file)) if value.layer > file.layer => Chosen::Value(value),
        (_, Some(file)) => Chosen::File(file),
    }
}

impl Chosen<'_> {
    pub(super) fn layer(&self) -> Option<Layer> {
        match self {
            Self::Nothing => None,
            Self::Value(setting) | Self::File(setting) | Self::Conflict(setting) => Some(setting.layer.clone()),
        }
    }

    /// Reads the secret; a file's content goes through `split`.
    ///
    /// # Errors
    /// Whether the file's key is at fault, and what to tell the operator: never the value, never the path.
    pub(super) fn read<T: FromSetting>(
        &self,
        split: impl FnOnce(String) -> Result<T, String>,
    ) -> Result<T, (bool, String)> {
        match self {
            Self::Nothing => Err((false, "is required".to_owned())),
            Self::Value(setting) => T::from_setting(&setting.value).map_err(|message| (false, message)),
            Self::File(setting) => content(&setting.value).and_then(split).map_err(|message| (true, message)),
            Self::Conflict(_) => Err((false, "is set as a value and as a file: set one of them".to_owned())),
        }
    }
}

/// The content of a secret's file without its final newline, which editors and `echo` add.
fn content(path: &ValueKind) -> Result<String, String> {
    let mut content = files::read_text(text(path)?, MAX_FILE_BYTES)?;
    if content.ends_with('\n') {
        content.pop();
        if content.ends_with('\r') {
            content.pop();
        }
    }
    if content.trim().is_empty() { Err("names an empty file".to_owned()) } else { Ok(content) }
}
