//! Where definitions live.

/// A place that can hold definitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A management group, by its name.
    ManagementGroup(String),
    /// A subscription, by its id.
    Subscription(String),
}

impl Scope {
    /// Reads the id of a management group or subscription.
    pub fn parse(id: &str) -> Result<Scope, String> {
        let segments: Vec<&str> = id.trim_matches('/').split('/').collect();
        let is = |own: &str, name: &str| own.eq_ignore_ascii_case(name);
        match segments.as_slice() {
            [key, name] if is(key, "subscriptions") && is_name(name) => {
                Ok(Scope::Subscription((*name).to_owned()))
            }
            [providers, space, key, name]
                if is(providers, "providers")
                    && is(space, "Microsoft.Management")
                    && is(key, "managementGroups")
                    && is_name(name) =>
            {
                Ok(Scope::ManagementGroup((*name).to_owned()))
            }
            _ => {
                Err("a scope is /subscriptions/ID or /providers/Microsoft.Management/managementGroups/NAME: \
                definitions live nowhere else"
                    .to_owned())
            }
        }
    }

    /// Its id.
    pub fn id(&self) -> String {
        match self {
            Scope::ManagementGroup(name) => {
                format!("/providers/Microsoft.Management/managementGroups/{name}")
            }
            Scope::Subscription(id) => format!("/subscriptions/{id}"),
        }
    }

    /// The id of a definition in it.
    pub fn definition(&self, name: &str) -> String {
        format!("{}/providers/Microsoft.Authorization/policyDefinitions/{name}", self.id())
    }

    /// The id of an initiative in it.
    pub fn initiative(&self, name: &str) -> String {
        format!("{}/providers/Microsoft.Authorization/policySetDefinitions/{name}", self.id())
    }
}

/// What Azure takes as the name of a management group; ids of subscriptions are narrower.
fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.()".contains(c);
    !text.is_empty() && text.len() <= 90 && text.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_management_groups_and_subscriptions() {
        let group = Scope::parse("/providers/Microsoft.management/managementgroups/mg-ml/").unwrap();
        assert_eq!(group, Scope::ManagementGroup("mg-ml".to_owned()));
        assert_eq!(Scope::parse(&group.id()), Ok(group));
        assert_eq!(Scope::parse("/subscriptions/s").unwrap().id(), "/subscriptions/s");
        for other in [
            "",
            "/",
            "/subscriptions",
            "/subscriptions/s/resourceGroups/g",
            "/subscriptions/a b",
            "/subscriptions/${x}",
        ] {
            assert!(Scope::parse(other).is_err(), "{other}");
        }
    }
}
