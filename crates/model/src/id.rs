//! Resource ids: compared without case, printed as given.

/// An Azure resource id, borrowed. Nothing is required of it: ids come from documents that others wrote.
#[derive(Clone, Copy, Debug)]
pub struct ArmId<'a>(pub &'a str);

/// What stands before a provider's namespace.
const PROVIDERS: &str = "/providers/";

impl<'a> ArmId<'a> {
    fn segments(self) -> impl Iterator<Item = &'a str> {
        self.0.split('/').filter(|s| !s.is_empty())
    }

    fn after(self, key: &str) -> Option<&'a str> {
        let mut segments = self.segments();
        segments.by_ref().find(|s| s.eq_ignore_ascii_case(key))?;
        segments.next()
    }

    /// The subscription's id.
    pub fn subscription(self) -> Option<&'a str> {
        self.segments().next().filter(|s| s.eq_ignore_ascii_case("subscriptions"))?;
        self.after("subscriptions")
    }

    /// The resource group's name.
    pub fn resource_group(self) -> Option<&'a str> {
        self.after("resourceGroups")
    }

    /// The last segment.
    pub fn name(self) -> &'a str {
        self.0.trim_end_matches('/').rsplit('/').next().unwrap_or("")
    }

    /// The namespace of the last provider.
    pub fn provider(self) -> Option<&'a str> {
        let at = rfind_ignore_case(self.0, PROVIDERS)?;
        self.0.get(at + PROVIDERS.len()..)?.split('/').next().filter(|name| !name.is_empty())
    }

    /// The resource type: the last provider with every type segment after it, for example
    /// `Microsoft.MachineLearningServices/workspaces/datastores`.
    pub fn resource_type(self) -> Option<String> {
        let Some(at) = rfind_ignore_case(self.0, PROVIDERS) else { return container_type(self) };
        let mut rest = self.0.get(at + PROVIDERS.len()..)?.split('/').filter(|s| !s.is_empty());
        let mut found = rest.next()?.to_owned();
        for segment in rest.step_by(2) {
            found.push('/');
            found.push_str(segment);
        }
        found.contains('/').then_some(found)
    }

    /// The resource or scope that holds this one: the parent resource of a child, the resource that an extension is about,
    /// the resource group of a top-level resource, the subscription of a resource group.
    pub fn parent(self) -> Option<&'a str> {
        let id = self.0.trim_end_matches('/');
        let without_name = &id.get(..id.rfind('/')?)?;
        let without_type = without_name.get(..without_name.rfind('/')?)?;
        // `…/providers/Ns` is left when a top-level or extension type was cut off.
        let cut = rfind_ignore_case(without_type, PROVIDERS)
            .filter(|&at| without_type.get(at + PROVIDERS.len()..).is_some_and(|ns| !ns.contains('/')));
        let parent = match cut {
            Some(at) => without_type.get(..at)?,
            None => without_type,
        };
        (!parent.is_empty()).then_some(parent)
    }

    /// The [parent](Self::parent), its parent and so on, nearest first.
    pub fn ancestors(self) -> impl Iterator<Item = &'a str> {
        std::iter::successors(self.parent(), |id| ArmId(id).parent()).take(MAX_LEVELS)
    }
}

/// How far up [`ArmId::ancestors`] goes. Azure's own ids have a dozen levels; a hostile one has as many as it likes.
const MAX_LEVELS: usize = 32;

fn container_type(id: ArmId<'_>) -> Option<String> {
    let mut segments = id.segments();
    segments.next().filter(|s| s.eq_ignore_ascii_case("subscriptions"))?;
    segments.next()?;
    match segments.next() {
        None => Some("Microsoft.Resources/subscriptions".to_owned()),
        Some(word) if word.eq_ignore_ascii_case("resourceGroups") => {
            Some("Microsoft.Resources/subscriptions/resourceGroups".to_owned())
        }
        Some(_) => None,
    }
}

fn rfind_ignore_case(text: &str, lower_ascii: &str) -> Option<usize> {
    let (bytes, want) = (text.as_bytes(), lower_ascii.as_bytes());
    (0..=bytes.len().checked_sub(want.len())?)
        .rev()
        .find(|&at| bytes.get(at..at + want.len()).is_some_and(|b| b.eq_ignore_ascii_case(want)))
}

/// Whether two ids name the same resource.
pub fn eq_ids(a: &str, b: &str) -> bool {
    a.trim_end_matches('/').eq_ignore_ascii_case(b.trim_end_matches('/'))
}

/// A hash that is equal for ids that [`eq_ids`] holds equal. Setting bit 5 of every byte folds the case of letters (and
/// a few signs together, which costs a comparison, not a mistake).
pub fn fold_hash(id: &str) -> u64 {
    const FOLD: u64 = 0x2020_2020_2020_2020;
    let bytes = id.trim_end_matches('/').as_bytes();
    let (words, tail) = bytes.as_chunks::<8>();
    let mut hash = 0x6465_6b65_7969_6473 ^ bytes.len() as u64;
    for word in words {
        hash = mix(hash ^ (u64::from_le_bytes(*word) | FOLD));
    }
    let mut last = [0; 8];
    last.iter_mut().zip(tail).for_each(|(to, from)| *to = *from);
    mix(hash ^ (u64::from_le_bytes(last) | FOLD))
}

/// Spreads every bit over the whole word: both halves of a wide product, folded together.
fn mix(word: u64) -> u64 {
    let wide = u128::from(word) * u128::from(0x9e37_79b9_7f4a_7c15_u64);
    let (high, low) = ((wide >> 64), wide & u128::from(u64::MAX));
    u64::try_from(high ^ low).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WS: &str =
        "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws";

    #[test]
    fn parts_of_an_id() {
        let id = ArmId(WS);
        assert_eq!((id.subscription(), id.resource_group(), id.name()), (Some("s1"), Some("rg"), "ws"));
        assert_eq!(id.resource_type().as_deref(), Some("Microsoft.MachineLearningServices/workspaces"));
        assert_eq!(id.parent(), Some("/subscriptions/s1/resourceGroups/rg"));
        let child = format!("{WS}/onlineEndpoints/e/deployments/d");
        assert_eq!(ArmId(&child).parent(), Some(format!("{WS}/onlineEndpoints/e").as_str()));
        assert_eq!(
            ArmId(&child).resource_type().as_deref(),
            Some("Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments")
        );
    }

    #[test]
    fn extensions_belong_to_what_they_are_about() {
        let blob = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Storage/storageAccounts/a/blobServices/default";
        let setting = format!("{blob}/providers/microsoft.insights/diagnosticSettings/x");
        assert_eq!(ArmId(&setting).parent(), Some(blob));
        assert_eq!(ArmId(&setting).resource_type().as_deref(), Some("microsoft.insights/diagnosticSettings"));
        assert_eq!(ArmId(&setting).provider(), Some("microsoft.insights"));
    }

    #[test]
    fn containers() {
        let group = ArmId("/subscriptions/s/resourcegroups/r");
        assert_eq!(
            group.resource_type().as_deref(),
            Some("Microsoft.Resources/subscriptions/resourceGroups")
        );
        assert_eq!(group.parent(), Some("/subscriptions/s"));
        assert_eq!(ArmId("/subscriptions/s").parent(), None);
        assert_eq!(ArmId("").parent(), None);
        assert_eq!(
            ArmId("/subscriptions/s/resourcegroups/r").ancestors().collect::<Vec<_>>(),
            ["/subscriptions/s"]
        );
        assert_eq!(ArmId(&"/a/b".repeat(1000)).ancestors().count(), MAX_LEVELS);
        assert_eq!(ArmId("/a").resource_type(), None);
    }

    #[test]
    fn case_and_a_trailing_slash_do_not_matter() {
        let upper = WS.to_ascii_uppercase() + "/";
        assert!(eq_ids(WS, &upper));
        assert_eq!(fold_hash(WS), fold_hash(&upper));
    }
}
