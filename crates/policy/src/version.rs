//! Versions of definitions: `1.2.3`, and what an assignment asks for: `1.*.*`.

/// The numbers of a version, without what stands behind a hyphen.
fn numbers(version: &str) -> Option<Vec<u64>> {
    let plain = version.split('-').next().unwrap_or_default();
    plain.split('.').map(|own| own.parse().ok()).collect()
}

/// Whether a version is one that is asked for.
pub fn fits(wanted: &str, version: &str) -> bool {
    let Some(own) = numbers(version) else { return wanted.eq_ignore_ascii_case(version) };
    let wanted = wanted.split('-').next().unwrap_or_default().split('.');
    wanted
        .enumerate()
        .all(|(at, part)| part == "*" || part.parse::<u64>().ok() == Some(own.get(at).copied().unwrap_or(0)))
}

/// The newest version that is asked for.
pub fn newest<'v>(wanted: &str, versions: impl IntoIterator<Item = &'v str>) -> Option<&'v str> {
    let fitting = versions.into_iter().filter(|own| fits(wanted, own));
    fitting.max_by(|one, other| numbers(one).cmp(&numbers(other)).then_with(|| other.len().cmp(&one.len())))
}
