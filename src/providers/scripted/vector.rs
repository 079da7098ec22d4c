//! Vectors that depend on nothing but the text.

use sha2::{Digest, Sha256};

/// A vector of length 1: the text's hash, counted on for as many dimensions as there are.
pub(super) fn of(text: &str, dimensions: u32) -> Vec<f32> {
    let mut vector: Vec<f32> = (0..dimensions)
        .map(|dimension| {
            let mut hash = Sha256::new();
            hash.update(dimension.to_le_bytes());
            hash.update(text.as_bytes());
            let [a, b, ..] = <[u8; 32]>::from(hash.finalize());
            (f32::from(u16::from_le_bytes([a, b])) - 32767.5) / 32767.5
        })
        .collect();
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    vector.iter_mut().for_each(|x| *x /= length);
    vector
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn equal_texts_have_equal_unit_vectors() {
        let vector = of("hello", 384);
        assert_eq!(vector, of("hello", 384));
        assert_ne!(vector, of("hello!", 384));
        let length = vector.iter().map(|x| x * x).sum::<f32>();
        assert!((length - 1.0).abs() < 1e-4, "{length}");
        assert_eq!(of("", 3).len(), 3);
    }
}
