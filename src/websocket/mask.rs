//! The mask of RFC 6455, section 5.3.

/// Takes the mask off `payload`, in place.
///
/// Eight bytes at a time; the compiler makes wider steps of it where the machine has them.
pub(super) fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let mut words = payload.chunks_exact_mut(8);
    for word in &mut words {
        if let Ok(bytes) = <[u8; 8]>::try_from(&*word) {
            word.copy_from_slice(&(u64::from_ne_bytes(bytes) ^ wide).to_ne_bytes());
        }
    }
    for (byte, key) in words.into_remainder().iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
}

/// The mask for the bytes that follow after `taken` bytes of the payload.
pub(super) fn advance(mut mask: [u8; 4], taken: usize) -> [u8; 4] {
    mask.rotate_left(taken % 4);
    mask
}

#[cfg(test)]
mod tests {
    use super::{advance, unmask};

    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    #[test]
    fn every_length_and_every_cut_equals_the_plain_definition() {
        for length in 0..40_u8 {
            let masked: Vec<u8> = (0..length).map(|index| index ^ 0x5a).collect();
            let expected: Vec<u8> = masked
                .iter()
                .enumerate()
                .map(|(index, byte)| byte ^ MASK[index % 4])
                .collect();
            for cut in 0..=masked.len() {
                let mut payload = masked.clone();
                let (left, right) = payload.split_at_mut(cut);
                unmask(left, MASK);
                unmask(right, advance(MASK, cut));
                assert_eq!(payload, expected, "length {length}, cut after {cut}");
            }
        }
    }
}
