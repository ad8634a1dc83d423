//! Names that are unique to their inputs.

use super::args::text;
use super::{Answer, Args};
use crate::{Fault, Value};
use sha1::{Digest, Sha1};

/// The namespace of all names that `guid()` makes.
const ARM_NAMESPACE: [u8; 16] =
    [0x11, 0xfb, 0x06, 0xfb, 0x71, 0x2d, 0x4d, 0xdd, 0x98, 0xc7, 0xe7, 0x1b, 0xbd, 0x58, 0x88, 0x30];

fn joined(args: &Args<'_>) -> Result<String, Box<Fault>> {
    let parts = (0..args.len()).map(|ix| text(args, ix)).collect::<Result<Vec<_>, _>>()?;
    Ok(parts.join("-"))
}

/// A UUID of version 5 over the arguments.
pub(crate) fn guid(args: &Args<'_>) -> Answer {
    let mut hasher = Sha1::new();
    hasher.update(ARM_NAMESPACE);
    hasher.update(joined(args)?.as_bytes());
    let mut bytes = [0_u8; 16];
    for (byte, hashed) in bytes.iter_mut().zip(hasher.finalize()) {
        *byte = hashed;
    }
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut bytes;
    *version = (*version & 0x0f) | 0x50;
    *variant = (*variant & 0x3f) | 0x80;
    let uuid = u128::from_be_bytes(bytes);
    let group = |shift: u32, bits: u32| uuid >> shift & ((1 << bits) - 1);
    let head = format!("{:08x}-{:04x}-{:04x}", group(96, 32), group(80, 16), group(64, 16));
    let guid = format!("{head}-{:04x}-{:012x}", group(48, 16), group(0, 48));
    Ok(Value::String(guid))
}

/// Thirteen letters and digits: 64 bits of hash, five at a time.
pub(crate) fn unique_string(args: &Args<'_>) -> Answer {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut hash = murmur64(joined(args)?.as_bytes());
    let mut text = String::with_capacity(13);
    for _ in 0..13 {
        let ix = usize::try_from(hash >> 59).unwrap_or(0);
        text.extend(ALPHABET.get(ix).map(|letter| char::from(*letter)));
        hash <<= 5;
    }
    Ok(Value::String(text))
}

const C1: u32 = 0x239b_961b;
const C2: u32 = 0xab0e_9789;

/// Azure's own reduction of MurmurHash3 to 64 bits: two lanes of 32 bits.
fn murmur64(data: &[u8]) -> u64 {
    let (mut h1, mut h2) = (0_u32, 0_u32);
    let (blocks, tail) = data.as_chunks::<8>();
    for [a, b, c, d, e, f, g, h] in blocks {
        h1 ^= mix1(u32::from_le_bytes([*a, *b, *c, *d]));
        h1 = h1.rotate_left(19).wrapping_add(h2).wrapping_mul(5).wrapping_add(0x561c_cd1b);
        h2 ^= mix2(u32::from_le_bytes([*e, *f, *g, *h]));
        h2 = h2.rotate_left(13).wrapping_add(h1).wrapping_mul(5).wrapping_add(0x0bca_a747);
    }
    if !tail.is_empty() {
        h1 ^= mix1(little_endian(tail.iter().take(4)));
    }
    if tail.len() > 4 {
        h2 ^= mix2(little_endian(tail.iter().skip(4)));
    }
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    h1 = (h1 ^ length).wrapping_add(h2 ^ length);
    h2 = (h2 ^ length).wrapping_add(h1);
    h1 = finish(h1);
    h2 = finish(h2);
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    u64::from(h2) << 32 | u64::from(h1)
}

fn little_endian<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    bytes.enumerate().fold(0, |word, (ix, byte)| word | u32::from(*byte) << (8 * ix))
}

fn mix1(k: u32) -> u32 {
    k.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2)
}

fn mix2(k: u32) -> u32 {
    k.wrapping_mul(C2).rotate_left(17).wrapping_mul(C1)
}

fn finish(mut h: u32) -> u32 {
    h = (h ^ h >> 16).wrapping_mul(0x85eb_ca6b);
    h = (h ^ h >> 13).wrapping_mul(0xc2b2_ae35);
    h ^ h >> 16
}
