//! The order of texts: by the alphabet first, by case last, as `InvariantCulture` does, and not by character codes.

use std::cmp::Ordering;

/// The punctuation of ASCII in the order of the Unicode root collation; white space sorts before it, digits and letters after.
const PUNCTUATION: &[u8] = b"_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";

/// Compares as `InvariantCulture`: `a` before `A` before `b`.
pub fn compare(a: &str, b: &str) -> Ordering {
    compare_ignoring_case(a, b).then_with(|| {
        let lower_first = |c: char| c.is_uppercase();
        a.chars().map(lower_first).cmp(b.chars().map(lower_first))
    })
}

/// Compares as `InvariantCultureIgnoreCase`.
pub fn compare_ignoring_case(a: &str, b: &str) -> Ordering {
    let folded_a = crate::text::fold(a);
    let folded_b = crate::text::fold(b);
    let primary = folded_a.chars().map(base).cmp(folded_b.chars().map(base));
    primary.then_with(|| folded_a.chars().map(accent).cmp(folded_b.chars().map(accent)))
}

/// The class and weight of a character: what it is sorted by before accents.
fn base(c: char) -> (u8, u32) {
    let code = u32::from(c);
    match c {
        c if c.is_whitespace() || c.is_control() => (0, code),
        c if c.is_ascii_punctuation() => {
            let at = PUNCTUATION.iter().position(|p| char::from(*p) == c);
            (1, at.and_then(|at| u32::try_from(at).ok()).unwrap_or(code))
        }
        c if c.is_numeric() => (3, c.to_digit(10).unwrap_or(code)),
        c if c.is_alphabetic() => (4, u32::from(unaccented(c))),
        _ => (2, code),
    }
}

fn accent(c: char) -> u32 {
    if unaccented(c) == c { 0 } else { u32::from(c) }
}

/// The letter below the accents of Latin-1 and Latin Extended-A; other letters stand for themselves.
fn unaccented(c: char) -> char {
    match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => 'c',
        'ď' => 'd',
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => 'e',
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => 'g',
        'ĥ' => 'h',
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' => 'i',
        'ĵ' => 'j',
        'ķ' => 'k',
        'ĺ' | 'ļ' | 'ľ' => 'l',
        'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
        'ò'..='ö' | 'ō' | 'ŏ' | 'ő' => 'o',
        'ŕ' | 'ŗ' | 'ř' => 'r',
        'ś' | 'ŝ' | 'ş' | 'š' => 's',
        'ţ' | 'ť' => 't',
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => 'u',
        'ŵ' => 'w',
        'ý' | 'ÿ' | 'ŷ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        other => other,
    }
}
