//! Seeded draws: a small generator whose numbers are the same on every machine and for every version of every library.

/// SplitMix64, by Sebastiano Vigna, public domain. Plenty for inventing tenants, and 10 lines.
#[derive(Clone, Debug)]
pub(crate) struct Draw(u64);

/// The 64-bit golden ratio, by which SplitMix64 steps.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// FNV-1a of a text.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3))
}

impl Draw {
    /// A stream of its own for each seed, purpose and index. What one purpose draws never changes what another gets.
    pub(crate) fn keyed(seed: u64, purpose: &str, index: u64) -> Self {
        Self(mix(seed ^ hash(purpose)).wrapping_add(mix(index.wrapping_mul(STEP))))
    }

    /// The next 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// A number below `limit`; 0 when the limit is 0.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.bits().checked_rem(limit).unwrap_or(0)
    }

    /// True in `percent` of a hundred draws.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of some texts.
    pub(crate) fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        let at = usize::try_from(self.below(of.len() as u64)).unwrap_or(0);
        of.get(at).copied().unwrap_or("")
    }

    /// The outcome whose share of a hundred is hit, or `rest` for what the shares leave over.
    pub(crate) fn share<T: Copy>(&mut self, shares: &[(u64, T)], rest: T) -> T {
        let mut left = self.below(100);
        for &(share, outcome) in shares {
            if left < share {
                return outcome;
            }
            left -= share;
        }
        rest
    }

    /// A GUID in the form of version 4.
    pub(crate) fn guid(&mut self) -> String {
        let (a, b) = (self.bits(), self.bits());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xFFFF,
            a & 0xFFF,
            8 + (b >> 62),
            (b >> 48) & 0xFFF,
            b & 0xFFFF_FFFF_FFFF
        )
    }
}

/// The GUID that belongs to a text, whatever its case.
pub(crate) fn guid(of: &str) -> String {
    Draw::keyed(0, &of.to_ascii_lowercase(), 0).guid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_fixed_and_apart() {
        // The reference outputs of SplitMix64 for the seed 1234567.
        let mut draw = Draw(1_234_567);
        assert_eq!(draw.bits(), 6_457_827_717_110_365_317);
        assert_eq!(draw.bits(), 3_203_168_211_198_807_973);
        assert_ne!(Draw::keyed(1, "a", 0).bits(), Draw::keyed(1, "b", 0).bits());
        assert_ne!(Draw::keyed(1, "a", 0).bits(), Draw::keyed(1, "a", 1).bits());
        assert_ne!(Draw::keyed(1, "a", 0).bits(), Draw::keyed(2, "a", 0).bits());
    }

    #[test]
    fn shares_come_out_as_asked() {
        let mut draw = Draw::keyed(7, "shares", 0);
        let mut counts = [0_u32; 3];
        for _ in 0..10_000 {
            let at: usize = draw.share(&[(30, 0), (50, 1)], 2);
            if let Some(count) = counts.get_mut(at) {
                *count += 1;
            }
        }
        let [a, b, c] = counts;
        assert!(
            (2_800..3_200).contains(&a) && (4_800..5_200).contains(&b) && (1_800..2_200).contains(&c),
            "{counts:?}"
        );
        assert_eq!(draw.below(0), 0);
        assert_eq!(draw.pick(&[]), "");
    }

    #[test]
    fn guids_look_like_guids_and_have_no_case() {
        let guid_text = guid("Some/Name");
        assert_eq!(guid_text, guid("some/name"));
        assert_eq!(guid_text.len(), 36);
        let lengths: Vec<usize> = guid_text.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert!(guid_text.chars().all(|c| c == '-' || c.is_ascii_hexdigit()));
    }
}
