//! Writes one frame: its head, and the fields of its body.

use super::{LENGTH_BYTES, LocalError};

/// Appends head and body, and takes both back if they exceed the limit.
pub(super) fn write_frame(
    output: &mut Vec<u8>,
    kind: u8,
    limit: usize,
    body: impl FnOnce(&mut Vec<u8>),
) -> Result<(), LocalError> {
    let start = output.len();
    output.extend_from_slice(&[0; LENGTH_BYTES]);
    output.push(kind);
    body(output);

    let length = output.len() - start - LENGTH_BYTES;
    let Some(head) = output
        .get_mut(start..start + LENGTH_BYTES)
        .filter(|_| length <= limit)
    else {
        output.truncate(start);
        return Err(LocalError::TooLarge(length));
    };
    head.copy_from_slice(&length_bytes(length));
    Ok(())
}

pub(super) fn write_text(body: &mut Vec<u8>, text: &str) {
    write_length(body, text.len());
    body.extend_from_slice(text.as_bytes());
}

pub(super) fn write_length(body: &mut Vec<u8>, length: usize) {
    body.extend_from_slice(&length_bytes(length));
}

/// A length as it travels. One that does not fit is in a frame that [`write_frame`] takes back.
fn length_bytes(length: usize) -> [u8; LENGTH_BYTES] {
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}
