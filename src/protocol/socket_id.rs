//! The public name of a connection.

use std::fmt;

/// Identifies a connection towards clients and publishers: two integers joined by a dot.
///
/// Shape: `^\d+\.\d+$`, each part 1 to 1,000,000,000, as Reverb makes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SocketId {
    high: u32,
    low: u32,
}

const LARGEST_PART: u32 = 1_000_000_000;

impl SocketId {
    /// Makes a socket id out of 64 random bits.
    #[must_use]
    pub fn from_random(bits: u64) -> Self {
        let part = |bits: u64| (bits & 0xffff_ffff) as u32 % LARGEST_PART + 1;
        Self {
            high: part(bits >> 32),
            low: part(bits),
        }
    }

    /// Reads a socket id; `None` if no connection of ours can bear this name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (high, low) = text.split_once('.')?;
        Some(Self {
            high: parse_part(high)?,
            low: parse_part(low)?,
        })
    }
}

fn parse_part(text: &str) -> Option<u32> {
    if text.starts_with('0') || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|part| *part <= LARGEST_PART)
}

impl fmt::Display for SocketId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.high, self.low)
    }
}

#[cfg(test)]
mod tests {
    use super::SocketId;

    #[test]
    fn a_socket_id_reads_back_as_written() {
        let id = SocketId::from_random(0x0123_4567_89ab_cdef);
        assert_eq!(SocketId::parse(&id.to_string()), Some(id));
    }

    #[test]
    fn what_is_no_socket_id_is_none() {
        for text in [
            "",
            ".",
            "1",
            "1.",
            ".1",
            "a.b",
            "1.2.3",
            "+1.2",
            "01.2",
            "1.1000000001",
            "99999999999.1",
        ] {
            assert_eq!(SocketId::parse(text), None, "{text}");
        }
    }
}
