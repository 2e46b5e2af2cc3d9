//! The sections of a PEM file (RFC 7468), those with headers of the time before it (RFC 1421) included.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::TlsFault;

/// What stands between `BEGIN` and `END`.
pub(super) struct Section {
    /// What the section says it is, such as `CERTIFICATE`.
    pub(super) label: String,
    /// `Name: value` lines before the content.
    pub(super) headers: Vec<(String, String)>,
    /// What is encoded.
    pub(super) content: Vec<u8>,
}

/// Finds all sections; text around them is for people.
pub(super) fn sections(file: &[u8]) -> Result<Vec<Section>, TlsFault> {
    let file = String::from_utf8_lossy(file);
    let mut lines = file.lines().map(str::trim);
    let mut sections = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(label) = boundary(line, "BEGIN") {
            sections.push(section(label, &mut lines)?);
        }
    }
    Ok(sections)
}

fn section<'l>(
    label: &str,
    lines: &mut impl Iterator<Item = &'l str>,
) -> Result<Section, TlsFault> {
    let (mut headers, mut text) = (Vec::new(), String::new());
    for line in lines {
        if boundary(line, "END") == Some(label) {
            let content = STANDARD
                .decode(&text)
                .map_err(|_| TlsFault::NotPem("a section is damaged"))?;
            return Ok(Section {
                label: label.to_owned(),
                headers,
                content,
            });
        }
        match line.split_once(':') {
            Some((name, value)) => headers.push((name.to_owned(), value.trim().to_owned())),
            None => text.push_str(line),
        }
    }
    Err(TlsFault::NotPem("a section does not end"))
}

/// The label of a line that begins or ends a section.
fn boundary<'l>(line: &'l str, word: &str) -> Option<&'l str> {
    line.strip_prefix("-----")?
        .strip_prefix(word)?
        .strip_prefix(' ')?
        .strip_suffix("-----")
}
