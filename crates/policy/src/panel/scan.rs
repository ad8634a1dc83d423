//! Finds brackets and colons in JSON, 64 bytes at a time; what stands in texts does not count.

use wide::u8x16;

/// The bytes looked at together, one for each bit of a word.
const BLOCK: usize = 64;

/// Why there is no end to what a bracket opens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unclosed {
    /// The text ends before.
    Open,
    /// It is nested too deep.
    Deep,
}

/// Brackets and colons outside of texts, in order.
pub(crate) struct Marks<'d> {
    bytes: &'d [u8],
    /// Where the next block starts.
    next: usize,
    opens: u64,
    closes: u64,
    colons: u64,
    /// All ones while a text goes on into the next block.
    in_text: u64,
    /// Whether the next block starts with an escaped byte.
    escaped: bool,
}

impl<'d> Marks<'d> {
    pub(crate) fn new(bytes: &'d [u8]) -> Marks<'d> {
        Marks { bytes, next: 0, opens: 0, closes: 0, colons: 0, in_text: 0, escaped: false }
    }

    /// Where the next mark is, and which.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<(usize, u8)> {
        loop {
            let all = self.opens | self.closes | self.colons;
            if all != 0 {
                let bit = all & all.wrapping_neg();
                self.opens &= !bit;
                self.closes &= !bit;
                self.colons &= !bit;
                let at = self.next - BLOCK + all.trailing_zeros() as usize;
                return Some((at, *self.bytes.get(at)?));
            }
            self.load()?;
        }
    }

    /// Where the bracket that was opened last is closed, unless something in it is nested deeper than so many levels.
    pub(crate) fn close(&mut self, deepest: usize) -> Result<usize, Unclosed> {
        let mut depth = 1usize;
        loop {
            // Where so few brackets close, none of them is the one.
            if (self.closes.count_ones() as usize) < depth {
                depth = depth + self.opens.count_ones() as usize - self.closes.count_ones() as usize;
                (self.opens, self.closes, self.colons) = (0, 0, 0);
                if depth > deepest {
                    return Err(Unclosed::Deep);
                }
                self.load().ok_or(Unclosed::Open)?;
                continue;
            }
            let all = self.opens | self.closes;
            let bit = all & all.wrapping_neg();
            if self.opens & bit != 0 {
                self.opens &= !bit;
                depth += 1;
                if depth > deepest {
                    return Err(Unclosed::Deep);
                }
                continue;
            }
            self.closes &= !bit;
            depth -= 1;
            if depth == 0 {
                // What stood before it is passed.
                self.colons &= !(bit - 1);
                return Ok(self.next - BLOCK + all.trailing_zeros() as usize);
            }
        }
    }

    #[inline]
    fn load(&mut self) -> Option<()> {
        let rest = self.bytes.get(self.next..).filter(|rest| !rest.is_empty())?;
        if let Some(block) = rest.first_chunk::<BLOCK>() {
            self.read(block);
        } else {
            let mut block = [b' '; BLOCK];
            block.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            self.read(&block);
        }
        self.next += BLOCK;
        Some(())
    }

    #[inline]
    fn read(&mut self, block: &[u8; BLOCK]) {
        let lanes = block.as_chunks::<16>().0;
        let [a, b, c, d] = lanes else { return };
        let lanes = [u8x16::new(*a), u8x16::new(*b), u8x16::new(*c), u8x16::new(*d)];
        let mut quotes = mask(&lanes, b'"');
        let slashes = mask(&lanes, b'\\');
        if slashes != 0 || self.escaped {
            quotes &= !self.escapes(slashes);
        }
        let in_text = prefix_xor(quotes) ^ self.in_text;
        self.in_text = 0u64.wrapping_sub(in_text >> 63);
        // Square and curly brackets differ in one bit.
        let bit = u8x16::splat(0x20);
        let folded = lanes.map(|lane| lane | bit);
        self.opens = mask(&folded, b'{') & !in_text;
        self.closes = mask(&folded, b'}') & !in_text;
        self.colons = mask(&lanes, b':') & !in_text;
    }

    /// Which bytes are escaped by a backslash before them.
    fn escapes(&mut self, slashes: u64) -> u64 {
        let mut escaped = u64::from(self.escaped);
        let mut left = slashes;
        self.escaped = false;
        while left != 0 {
            let bit = left & left.wrapping_neg();
            left &= !bit;
            if escaped & bit != 0 {
                continue;
            }
            match bit.checked_shl(1) {
                Some(next) if next != 0 => escaped |= next,
                _ => self.escaped = true,
            }
        }
        escaped
    }
}

fn mask(lanes: &[u8x16; 4], byte: u8) -> u64 {
    let wanted = u8x16::splat(byte);
    let [a, b, c, d] = lanes.map(|lane| u64::from(lane.simd_eq(wanted).to_bitmask()));
    a | b << 16 | c << 32 | d << 48
}

/// Each bit: whether an odd number of bits up to it is set.
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}
