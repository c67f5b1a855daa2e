//! Reading the files that settings name: whole, and never more than a limit.

use std::fs::File;
use std::io::Read as _;

/// The bytes of a file.
///
/// # Errors
/// What to tell the operator; never the path, because a secret may have been typed in its place.
pub(super) fn read(path: &str, max_bytes: u64) -> Result<Vec<u8>, String> {
    let unreadable = |error: &std::io::Error| format!("names a file that cannot be read ({})", error.kind());
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let mut bytes = Vec::new();
    file.take(max_bytes + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= max_bytes) {
        Ok(bytes)
    } else {
        Err(format!("names a file larger than {}", bytesize::ByteSize(max_bytes)))
    }
}

/// The text of a file.
///
/// # Errors
/// As [`read`], and for a file that is not UTF-8.
pub(super) fn read_text(path: &str, max_bytes: u64) -> Result<String, String> {
    let text = String::from_utf8(read(path, max_bytes)?);
    text.map_err(|_not_utf8| "names a file that is not UTF-8 text".to_owned())
}
