//! What services make of permissions: who may do something to what is in a resource, and through which doors.
//!
//! Key vaults have two ways to authorize, and follow one of them; a registry's mode decides which of its roles count; whoever gets the
//! keys of a storage account reads everything in it and needs no role for that.

mod doors;
mod read;

pub use doors::{Door, Lock};
pub(crate) use read::access_policies;

use crate::condition::{Attribute, Compare, Expr, Operand, Operator, Source, Value};
use crate::engine::Membership;
use crate::{
    Action, Asked, Decision, Effective, Engine, Gap, Plane, PrincipalIx, Question, Reason, Standing, Verdict,
};
use jiff::Timestamp;

/// A resource and the settings that decide what counts. What was not read is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The resource's id.
    pub id: String,
    /// What it is.
    pub service: Service,
}

/// A service that gives permissions a meaning of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Service {
    /// A storage account.
    Storage {
        /// `allowSharedKeyAccess`; on where it is absent.
        shared_keys: Option<bool>,
    },
    /// A key vault.
    Vault {
        /// `enableRbacAuthorization`; off where it is absent.
        rbac: Option<bool>,
        /// `accessPolicies`.
        policies: Option<Vec<AccessPolicy>>,
    },
    /// A container registry.
    Registry {
        /// Whether `roleAssignmentMode` is that of repository permissions.
        by_repository: Option<bool>,
        /// `adminUserEnabled`; off where it is absent.
        admin_user: Option<bool>,
    },
    /// Any other resource: permissions mean what they say.
    Other,
}

/// An access policy of a key vault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessPolicy {
    /// Whom it is for: a user, application or group.
    pub object_id: String,
    /// Through which application only, if it says so.
    pub application_id: Option<String>,
    /// What it permits, such as `secrets/get`, in lower case.
    pub permissions: Vec<String>,
}

/// Which permission of an access policy covers a data action; any of several is enough.
const POLICY: &[(&str, &[&str])] = &[
    ("secrets/getsecret/action", &["secrets/get"]),
    ("secrets/readmetadata/action", &["secrets/list", "secrets/get"]),
    ("secrets/setsecret/action", &["secrets/set"]),
    ("secrets/update/action", &["secrets/set"]),
    ("secrets/delete", &["secrets/delete"]),
    ("secrets/backup/action", &["secrets/backup"]),
    ("secrets/recover/action", &["secrets/recover"]),
    ("secrets/restore/action", &["secrets/restore"]),
    ("secrets/purge/action", &["secrets/purge"]),
    ("keys/read", &["keys/get", "keys/list"]),
    ("keys/create/action", &["keys/create"]),
    ("keys/update/action", &["keys/update"]),
    ("keys/delete", &["keys/delete"]),
    ("keys/wrap/action", &["keys/wrapkey"]),
    ("keys/unwrap/action", &["keys/unwrapkey"]),
    ("keys/encrypt/action", &["keys/encrypt"]),
    ("keys/decrypt/action", &["keys/decrypt"]),
    ("keys/sign/action", &["keys/sign"]),
    ("keys/verify/action", &["keys/verify"]),
    ("keys/purge/action", &["keys/purge"]),
    ("certificates/read", &["certificates/get", "certificates/list"]),
    ("certificates/create/action", &["certificates/create"]),
    ("certificates/update/action", &["certificates/update"]),
    ("certificates/import/action", &["certificates/import"]),
    ("certificates/delete", &["certificates/delete"]),
    ("certificates/purge/action", &["certificates/purge"]),
];

const VAULT: &str = "microsoft.keyvault/vaults/";

/// The permission of an access policy that covers a data action of a vault.
fn covering<'a>(policy: &'a AccessPolicy, action: &Action) -> Option<&'a str> {
    let rest = action.folded().strip_prefix(VAULT)?;
    let wanted = POLICY.iter().find(|row| row.0 == rest)?.1;
    policy.permissions.iter().map(String::as_str).find(|own| {
        // `all` has never held purging.
        let all =
            own.strip_suffix("/all").is_some_and(|kind| rest.starts_with(kind) && !rest.contains("/purge/"));
        all || wanted.contains(own)
    })
}

/// The permission to ask for in an access policy, so that it covers a data action of a vault.
pub fn policy_permission(action: &Action) -> Option<&'static str> {
    let rest = action.folded().strip_prefix(VAULT)?;
    POLICY.iter().find(|row| row.0 == rest)?.1.first().copied()
}

/// What a registry's mode leaves without effect: images by their old actions, or by repository.
fn is_without_effect(action: &Action, by_repository: bool) -> bool {
    let rest = action.folded().strip_prefix("microsoft.containerregistry/registries/").unwrap_or("");
    match action.plane() {
        Plane::Control => by_repository && ["pull/read", "push/write", "artifacts/delete"].contains(&rest),
        Plane::Data => !by_repository && (rest.starts_with("repositories/") || rest == "catalog/read"),
    }
}

impl AccessPolicy {
    /// Whether it permits a data action of a vault to whomever it is for.
    pub fn covers(&self, action: &Action) -> bool {
        covering(self, action).is_some()
    }
}

impl Service {
    /// Why no role assignment counts for an action, whatever its role permits; nothing when they count, and when the setting that
    /// decides was not read.
    pub fn disregards_roles(&self, action: &Action) -> Option<&'static str> {
        match self {
            Service::Vault { rbac: Some(false), .. } if action.plane() == Plane::Data => {
                Some("the vault goes by access policies, where roles have no say")
            }
            Service::Registry { by_repository: Some(mode), .. } if is_without_effect(action, *mode) => {
                Some(if *mode {
                    "the registry goes by repository permissions, where this action has no effect"
                } else {
                    "the registry has no repository permissions, so this action has no effect"
                })
            }
            _ => None,
        }
    }

    /// Whether role assignments alone do not tell who may do something.
    fn has_a_say(&self, action: &Action) -> bool {
        match self {
            Service::Vault { rbac: Some(true), .. } | Service::Storage { .. } | Service::Other => false,
            Service::Vault { .. } => action.plane() == Plane::Data,
            Service::Registry { by_repository, .. } => match by_repository {
                Some(mode) => is_without_effect(action, *mode),
                None => is_without_effect(action, true) || is_without_effect(action, false),
            },
        }
    }
}

impl Engine {
    /// Everything somebody may do to a resource, as its service sees it. Says of each action what [`Engine::may`] says.
    pub fn effective_on(&self, who: Option<PrincipalIx>, on: &Target, now: Timestamp) -> Effective {
        let facts = crate::condition::Facts::of_scope(&on.id);
        let mut all = self.effective(who, self.place(&on.id), now, &facts);
        for (ix, action) in self.actions().iter().filter(|(_, own)| on.service.has_a_say(own)) {
            all.put(ix, self.may(who, action, on, now).answer());
        }
        all
    }

    /// Whether somebody may do something to a resource, as its service sees it.
    pub fn may(&self, who: Option<PrincipalIx>, action: &Action, on: &Target, now: Timestamp) -> Decision {
        let place = self.place(&on.id);
        let facts = crate::condition::Facts::of_scope(&on.id);
        let asked =
            || self.decide(&Question { facts: &facts, ..Question::new(who, Asked::Any(action), place, now) });
        match &on.service {
            Service::Vault { rbac, policies } if on.service.has_a_say(action) => match rbac {
                Some(_) => self.by_policy(who, action, &on.id, policies.as_deref()),
                None => either(&on.id, asked(), self.by_policy(who, action, &on.id, policies.as_deref())),
            },
            Service::Registry { by_repository, .. } if on.service.has_a_say(action) => match by_repository {
                Some(_) => denied(),
                None => either(&on.id, asked(), denied()),
            },
            _ => asked(),
        }
    }

    /// What access policies say. Role and deny assignments have no say where they count.
    fn by_policy(
        &self,
        who: Option<PrincipalIx>,
        action: &Action,
        id: &str,
        policies: Option<&[AccessPolicy]>,
    ) -> Decision {
        let mut decision = denied();
        let Some(policies) = policies else {
            decision.verdict = Verdict::Unknown;
            decision.gaps = vec![Gap::Settings(id.to_owned())];
            return decision;
        };
        let mut left: Option<Expr> = None;
        for policy in policies {
            let Some(permission) = covering(policy, action) else { continue };
            match self.membership(who, &policy.object_id) {
                Membership::No => {}
                Membership::Assumed => decision.assumed.push(Gap::Members(policy.object_id.clone())),
                Membership::Unknown => decision.gaps.push(Gap::Members(policy.object_id.clone())),
                Membership::Yes => {
                    let through = policy.application_id.as_deref().map(through_application);
                    decision.because.push(self.policy_reason(who, id, policy, permission, through.as_ref()));
                    match through {
                        None => decision.verdict = Verdict::Allowed,
                        Some(through) => left = left.or(Some(through)),
                    }
                }
            }
        }
        decision.because.sort_by(|a, b| (a.condition.is_some(), a).cmp(&(b.condition.is_some(), b)));
        if decision.verdict == Verdict::Allowed {
            (decision.gaps, decision.assumed) = (Vec::new(), Vec::new());
        } else if !decision.gaps.is_empty() {
            decision.verdict = Verdict::Unknown;
        } else if let Some(left) = left {
            decision.verdict = Verdict::Conditional(left);
        }
        decision
    }

    fn policy_reason(
        &self,
        who: Option<PrincipalIx>,
        id: &str,
        policy: &AccessPolicy,
        permission: &str,
        through: Option<&Expr>,
    ) -> Reason {
        let itself = who.is_some_and(|who| self.principal_id(who).eq_ignore_ascii_case(&policy.object_id));
        Reason {
            assignment: format!("{id}/accessPolicies/{}", policy.object_id),
            principal: policy.object_id.to_ascii_lowercase(),
            through_group: !itself,
            role: String::new(),
            role_name: "access policy".to_owned(),
            pattern: permission.to_owned(),
            scope: id.to_owned(),
            condition: through.map(ToString::to_string),
            standing: Standing::Active,
            from: None,
            until: None,
        }
    }
}

/// A policy that counts only when the user comes through an application.
fn through_application(id: &str) -> Expr {
    let attribute =
        Attribute { source: Source::Request, name: "Microsoft.KeyVault/vaults:applicationId".to_owned() };
    let operator = Operator::of("GuidEquals");
    operator.map_or(Expr::Always(false), |operator| {
        let right = Operand::Literal(Value::from(id));
        Expr::Compare(Compare { left: Operand::Attribute(attribute), each: None, operator, right })
    })
}

fn denied() -> Decision {
    Decision {
        verdict: Verdict::Denied,
        because: Vec::new(),
        denied_by: Vec::new(),
        eligible: Vec::new(),
        gaps: Vec::new(),
        assumed: Vec::new(),
    }
}

/// One of two answers holds, and nobody read which.
fn either(id: &str, one: Decision, other: Decision) -> Decision {
    if one.verdict == other.verdict && one.verdict != Verdict::Unknown {
        return one;
    }
    let mut gaps = [one.gaps, other.gaps, vec![Gap::Settings(id.to_owned())]].concat();
    gaps.sort();
    gaps.dedup();
    let because = [one.because, other.because].concat();
    Decision { verdict: Verdict::Unknown, because, gaps, ..denied() }
}
