//! Which part of a Redis Cluster has a key.

/// How many slots a cluster has.
const SLOTS: u16 = 16_384;

/// The slot of a key: of what stands between its first braces, if anything does.
pub(super) fn of(key: &[u8]) -> u16 {
    crc(tag(key)) % SLOTS
}

fn tag(key: &[u8]) -> &[u8] {
    let Some(open) = key.iter().position(|byte| *byte == b'{') else {
        return key;
    };
    let rest = &key[open + 1..];
    match rest.iter().position(|byte| *byte == b'}') {
        Some(length) if length > 0 => &rest[..length],
        _ => key,
    }
}

/// CRC-16/XMODEM, as the specification of Redis Cluster asks for.
fn crc(bytes: &[u8]) -> u16 {
    let mut crc = 0_u16;
    for byte in bytes {
        crc ^= u16::from(*byte) << 8;
        for _ in 0..8 {
            let carry = crc & 0x8000 != 0;
            crc <<= 1;
            if carry {
                crc ^= 0x1021;
            }
        }
    }
    crc
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn slots_are_those_of_the_specification() {
        for (key, slot) in [
            ("123456789", 0x31c3),
            ("{user1000}.following", 3443),
            ("{user1000}.followers", 3443),
            ("foo", 12_182),
            ("foo{{bar}}zap", of(b"{bar")),
        ] {
            assert_eq!(of(key.as_bytes()), slot, "{key}");
        }
    }
}
