//! `access needs`.

use super::fill::{Teller, danger, kind_word, plane, role_word, use_word};
use super::types::{ActorNeeds, Cause, DependentNeeds, Excess, Need, Needs, Part, WorkspaceNeeds};
use crate::fill::{Dialect, written};
use dekey_access::{
    ActorAccess, Dependent, DependentAccess, Fit, Role, Usage, WorkspaceAccess, causes, documented_role,
};
use dekey_model::Resource;
use dekey_rbac::{Profile, Service, Use, policy_permission};
use std::collections::BTreeSet;

impl Teller<'_> {
    /// What workspaces need, have and lack.
    pub fn needs(&self, workspaces: &[Resource<'_>], usage: &Usage, profile: Option<Profile>) -> Needs {
        let one = |own: &Resource<'_>| {
            self.workspace(&WorkspaceAccess::used(self.engine, *own, usage, self.now), profile)
        };
        Needs { workspaces: workspaces.iter().map(one).collect() }
    }

    fn workspace(&self, access: &WorkspaceAccess<'_>, profile: Option<Profile>) -> WorkspaceNeeds {
        let compared = |own: &ActorAccess<'_>| self.compared(own, profile?);
        let actor = |own| ActorNeeds { compared: compared(own), ..self.actor(own) };
        let actors = access.actors.iter().map(actor).collect();
        WorkspaceNeeds { id: access.workspace.id().to_owned(), actors }
    }

    fn actor(&self, access: &ActorAccess<'_>) -> ActorNeeds {
        let actor = &access.actor;
        let dependents = if access.dependents.is_empty() {
            actor.dependents.iter().map(bare).collect()
        } else {
            access.judged().map(|(own, judged)| self.dependent(access, own, judged)).collect()
        };
        ActorNeeds {
            resource: actor.resource.id().to_owned(),
            kind: kind_word(actor.resource),
            principal: self.acting(actor.resource, &actor.acting),
            unread: self.gaps(&actor.unread),
            dependents,
            compared: None,
        }
    }

    fn dependent(
        &self,
        actor: &ActorAccess<'_>,
        own: &Dependent<'_>,
        judged: &DependentAccess,
    ) -> DependentNeeds {
        let need = |held: &dekey_rbac::Held| Need {
            purpose: use_word(held.need.purpose),
            action: held.need.action.name().to_owned(),
            plane: plane(&held.need.action),
            decision: self.decision(&held.decision),
        };
        let causes = causes(self.engine, actor, own, judged, self.now);
        let cause = |own: &dekey_access::Cause| Cause {
            reason: self.reason(&own.reason),
            fit: match own.fit {
                Fit::Narrowest => "narrowest",
                Fit::ByDefault => "by_default",
                Fit::Beyond => "beyond",
            },
            worst: own.actions.first().map_or("read", |own| danger(own.0)),
            actions: own.actions.iter().map(|own| own.1.name().to_owned()).collect(),
        };
        let missing: BTreeSet<Use> = judged.missing().map(|held| held.need.purpose).collect();
        let principal = actor.actor.acting.principal().unwrap_or_default();
        DependentNeeds {
            needs: judged.held.iter().map(need).collect(),
            unclear: judged.unclear.iter().map(|own| use_word(*own)).collect(),
            excess: Excess {
                actions: judged.excess.beyond.len(),
                causes: causes.iter().map(cause).collect(),
            },
            remedy: remedy(principal, own, judged, &missing),
            ..bare(own)
        }
    }
}

/// What is known of a dependent when nobody acts.
fn bare(own: &Dependent<'_>) -> DependentNeeds {
    let part = |part: &dekey_access::Part| Part {
        role: role_word(&part.role),
        datastore: if let Role::Datastore(name) = &part.role { Some(name.clone()) } else { None },
        uses: part.uses.iter().map(|own| use_word(*own)).collect(),
        by_key: part.by_key,
        through_hub: part.through_hub,
    };
    DependentNeeds {
        id: own.target.id.clone(),
        parts: own.parts.iter().map(part).collect(),
        needs: Vec::new(),
        unclear: Vec::new(),
        excess: Excess::default(),
        remedy: Vec::new(),
    }
}

/// Commands that grant what is missing.
fn remedy(
    principal: &str,
    own: &Dependent<'_>,
    judged: &DependentAccess,
    missing: &BTreeSet<Use>,
) -> Vec<String> {
    let id = &own.target.id;
    if missing.is_empty() {
        return Vec::new();
    }
    if let Service::Vault { rbac: Some(false), policies } = &own.target.service {
        // The command replaces what the policy says of secrets.
        let needed = judged.held.iter().filter_map(|own| policy_permission(&own.need.action));
        let held = policies.iter().flatten().filter(|own| own.object_id.eq_ignore_ascii_case(principal));
        let held = held.flat_map(|own| own.permissions.iter().map(String::as_str));
        return vec![set_policy(id, principal, &needed.chain(held).collect())];
    }
    let roles = missing.iter().filter(|own| !missing.iter().any(|other| own.is_part_of(*other)));
    let roles = roles.filter_map(|needed| documented_role(*needed, &own.target));
    roles.map(|(_, name)| assign(principal, &name, id)).collect()
}

/// The command that assigns a role.
pub(super) fn assign(principal: &str, role: &str, scope: &str) -> String {
    let shell = |text: &str| written(text, Dialect::Shell, true);
    let principal = if principal.is_empty() { "<object id>".to_owned() } else { shell(principal) };
    format!(
        "az role assignment create --assignee-object-id {principal} --assignee-principal-type ServicePrincipal --role {} --scope {}",
        shell(role),
        shell(scope)
    )
}

/// The command that writes an access policy.
pub(super) fn set_policy(vault: &str, principal: &str, permissions: &BTreeSet<&str>) -> String {
    let shell = |text: &str| written(text, Dialect::Shell, true);
    let words: Vec<&str> = permissions.iter().filter_map(|own| own.strip_prefix("secrets/")).collect();
    let principal = if principal.is_empty() { "<object id>".to_owned() } else { shell(principal) };
    format!(
        "az keyvault set-policy --name {} --object-id {principal} --secret-permissions {}",
        shell(dekey_model::ArmId(vault).name()),
        words.join(" ")
    )
}
