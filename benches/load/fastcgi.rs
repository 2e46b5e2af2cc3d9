//! A FastCGI client, as far as a benchmark needs one: one request, one connection, no body.

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::Path,
};

use crate::failure::Failure;

const VERSION: u8 = 1;
const REQUEST: [u8; 2] = [0, 1];

const BEGIN_REQUEST: u8 = 1;
const END_REQUEST: u8 = 3;
const PARAMS: u8 = 4;
const STDIN: u8 = 5;
const STDOUT: u8 = 6;

/// Runs a script, and returns what it printed, headers included.
pub(crate) fn request(socket: &Path, params: &[(&str, &str)]) -> Result<String, Failure> {
    /// The server answers and closes the connection.
    const RESPONDER: [u8; 8] = [0, 1, 0, 0, 0, 0, 0, 0];
    let mut stream = UnixStream::connect(socket)?;
    let params: Vec<u8> = params.iter().flat_map(pair).collect();
    let mut request = record(BEGIN_REQUEST, &RESPONDER)?;
    request.extend(record(PARAMS, &params)?);
    request.extend(record(PARAMS, &[])?);
    request.extend(record(STDIN, &[])?);
    stream.write_all(&request)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    printed(&answer)
}

fn record(kind: u8, content: &[u8]) -> Result<Vec<u8>, Failure> {
    let length = u16::try_from(content.len())
        .map_err(|_| Failure::Usage("parameters of 64 KiB and more".to_owned()))?;
    let [high, low] = length.to_be_bytes();
    let mut record = vec![VERSION, kind, REQUEST[0], REQUEST[1], high, low, 0, 0];
    record.extend(content);
    Ok(record)
}

/// A name and a value with their lengths, in the form for long ones.
fn pair((name, value): &(&str, &str)) -> Vec<u8> {
    const LONG: u32 = 1 << 31;
    let length = |text: &str| (text.len() as u32 | LONG).to_be_bytes();
    let mut pair = [length(name), length(value)].concat();
    pair.extend(name.as_bytes());
    pair.extend(value.as_bytes());
    pair
}

fn printed(mut records: &[u8]) -> Result<String, Failure> {
    let cut = || Failure::Server("php-fpm ended in the middle of an answer".to_owned());
    let mut text = Vec::new();
    loop {
        let [_, kind, _, _, high, low, padding, _] = *records.first_chunk().ok_or_else(cut)?;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let content = records.get(8..8 + length).ok_or_else(cut)?;
        match kind {
            STDOUT => text.extend(content),
            END_REQUEST => return Ok(String::from_utf8_lossy(&text).into_owned()),
            _ => {}
        }
        records = records
            .get(8 + length + usize::from(padding)..)
            .ok_or_else(cut)?;
    }
}
