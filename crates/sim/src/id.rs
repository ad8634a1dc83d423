//! Resource ids and the paths of Resource Manager.

/// What a path of Resource Manager names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// What the last provider is attached to; the whole path where there is none. Without a slash at the end; `` is the tenant.
    pub(crate) scope: String,
    /// The type that the segments spell, without a last segment that has no name: an action, or the type of a list.
    pub(crate) kind: String,
    /// The id, without that last segment.
    pub(crate) id: String,
    /// That last segment.
    pub(crate) tail: Option<String>,
}

/// Splits a path. Nothing when it is none of Resource Manager.
pub(crate) fn parse(path: &str) -> Path {
    let path = path.trim_end_matches('/');
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let last = segments.iter().rposition(|segment| segment.eq_ignore_ascii_case("providers"));
    match last {
        Some(at) if at + 1 < segments.len() => {
            let (scope, rest) = segments.split_at(at);
            with_provider(scope, rest.get(1..).unwrap_or_default())
        }
        _ => without_provider(&segments),
    }
}

fn join(segments: &[&str]) -> String {
    segments.iter().flat_map(|segment| ["/", segment]).collect()
}

fn with_provider(scope: &[&str], rest: &[&str]) -> Path {
    let (namespace, pairs) = rest.split_first().map_or(("", rest), |(first, rest)| (*first, rest));
    let mut kind = namespace.to_owned();
    for pair in pairs.chunks_exact(2) {
        if let Some(own) = pair.first() {
            kind.push('/');
            kind.push_str(own);
        }
    }
    let odd = pairs.chunks_exact(2).remainder().first();
    let named = pairs.len() - usize::from(odd.is_some());
    let scope = join(scope);
    let id = format!("{scope}/providers/{namespace}{}", join(pairs.get(..named).unwrap_or_default()));
    Path { scope, kind, id, tail: odd.map(|own| (*own).to_owned()) }
}

fn without_provider(segments: &[&str]) -> Path {
    let named = segments.len() / 2 * 2;
    let id = join(segments.get(..named).unwrap_or_default());
    let kind = match segments.get(..named) {
        Some([first, _]) if first.eq_ignore_ascii_case("subscriptions") => {
            "Microsoft.Resources/subscriptions"
        }
        Some([first, _, second, _])
            if first.eq_ignore_ascii_case("subscriptions")
                && second.eq_ignore_ascii_case("resourceGroups") =>
        {
            "Microsoft.Resources/subscriptions/resourceGroups"
        }
        _ => "",
    };
    let tail = segments.get(named).map(|own| (*own).to_owned());
    Path { scope: id.clone(), kind: kind.to_owned(), id, tail }
}

/// The type of an id, in lower case.
pub(crate) fn type_of(id: &str) -> String {
    let path = parse(id);
    if path.tail.is_some() { String::new() } else { path.kind.to_ascii_lowercase() }
}

/// The last segment.
pub(crate) fn name(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// The segment behind a word, in any case.
pub(crate) fn segment<'a>(id: &'a str, word: &str) -> &'a str {
    let mut segments = id.split('/');
    segments.find(|own| own.eq_ignore_ascii_case(word)).and_then(|_| segments.next()).unwrap_or("")
}

/// The subscription of an id, as a scope in lower case; nothing above subscriptions.
pub(crate) fn subscription(id: &str) -> Option<String> {
    let mut segments = id.split('/').skip(1);
    let first = segments.next()?.eq_ignore_ascii_case("subscriptions");
    let own = segments.next().filter(|own| first && !own.is_empty())?;
    Some(format!("/subscriptions/{}", own.to_ascii_lowercase()))
}

/// Whether a scope is an id or lies above it; both in lower case. Management groups are not looked at.
pub(crate) fn covers(scope: &str, id: &str) -> bool {
    let scope = scope.trim_end_matches('/');
    id.strip_prefix(scope).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// An id as Resource Manager gives it back: clients write `resourcegroups` too.
pub(crate) fn spelled(id: &str) -> String {
    match id.split('/').collect::<Vec<_>>().as_mut_slice() {
        [_, _, _, groups, ..] if !groups.eq_ignore_ascii_case("resourceGroups") => id.to_owned(),
        all @ [_, _, _, _, ..] => {
            if let [_, first, _, groups, ..] = all {
                (*first, *groups) = ("subscriptions", "resourceGroups");
            }
            all.join("/")
        }
        _ => id.to_owned(),
    }
}

/// The resource that an id lies in: what it extends, its parent, its resource group, its subscription; nothing at the top.
pub(crate) fn parent(id: &str) -> Option<String> {
    let path = parse(id);
    if path.kind.matches('/').count() >= 2 && path.id.contains("/providers/") {
        let mut above = path.id.as_str();
        for _ in 0..2 {
            above = above.rsplit_once('/').map_or("", |(head, _)| head);
        }
        return Some(above.to_owned());
    }
    let own = if path.id == path.scope {
        path.scope.rsplit_once('/')?.0.rsplit_once('/')?.0.to_owned()
    } else {
        path.scope
    };
    (!own.is_empty()).then_some(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_split() {
        let path = parse("/subscriptions/S/resourceGroups/G/providers/Microsoft.X/ts/n/us/m/listKeys");
        assert_eq!(path.kind, "Microsoft.X/ts/us");
        assert_eq!(path.scope, "/subscriptions/S/resourceGroups/G");
        assert_eq!(path.id, "/subscriptions/S/resourceGroups/G/providers/Microsoft.X/ts/n/us/m");
        assert_eq!(path.tail.as_deref(), Some("listKeys"));
        let list = parse("/subscriptions/S/providers/Microsoft.X/ts");
        assert_eq!((list.kind.as_str(), list.tail.as_deref()), ("Microsoft.X", Some("ts")));
        assert_eq!(parse("/subscriptions").tail.as_deref(), Some("subscriptions"));
        assert_eq!(
            parse("/subscriptions/S/resourcegroups/G/").kind,
            "Microsoft.Resources/subscriptions/resourceGroups"
        );
        assert_eq!(parse("/").id, "");
        let extension = parse("/subscriptions/S/providers/A.B/c/d/providers/E.F/g/h");
        assert_eq!(
            (extension.scope.as_str(), extension.kind.as_str()),
            ("/subscriptions/S/providers/A.B/c/d", "E.F/g")
        );
    }

    #[test]
    fn what_lies_above() {
        let child = "/subscriptions/s/resourceGroups/g/providers/A.B/c/d/e/f";
        assert_eq!(parent(child).as_deref(), Some("/subscriptions/s/resourceGroups/g/providers/A.B/c/d"));
        assert_eq!(
            parent("/subscriptions/s/resourceGroups/g/providers/A.B/c/d").as_deref(),
            Some("/subscriptions/s/resourceGroups/g")
        );
        assert_eq!(parent("/subscriptions/s/resourceGroups/g").as_deref(), Some("/subscriptions/s"));
        assert_eq!(parent("/subscriptions/s"), None);
        assert_eq!(
            parent("/subscriptions/s/providers/A.B/c/d/providers/E.F/g/h").as_deref(),
            Some("/subscriptions/s/providers/A.B/c/d")
        );
        assert!(covers("/subscriptions/s", "/subscriptions/s/x") && covers("/", "/subscriptions/s"));
        assert!(!covers("/subscriptions/s", "/subscriptions/st"));
    }
}
