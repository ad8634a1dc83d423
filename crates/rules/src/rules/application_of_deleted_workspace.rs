//! Credentials of an application that was made for a workspace which is gone.

use crate::applications::{Credential, read};
use crate::{Context, Out, controls, declare_rule};
use dekey_model::{ArmId, Confidence, Field, Kind, Resource};

declare_rule! {
    /// Application of a workspace that is gone
    ///
    /// ## What it finds
    /// Applications with client secrets or certificates that are still good, made for a workspace that is not in the list of workspaces any more: their
    /// service principal has a role on it, or the application or one of its credentials is called after it.
    ///
    /// ## Why it matters
    /// Nobody deletes the application together with the workspace. Its secret is in pipelines, key vaults and notebooks, and signs in to whatever else the application
    /// may do: the storage accounts and registries of the workspace are often still there.
    ///
    /// ## How it is put right
    /// Ask its owners whether anything still signs in with it; its sign-in logs tell. A soft-deleted workspace can be recovered for 14 days: decide first whether it is to be. Then delete the
    /// credentials, the role assignments and the application.
    ///
    /// ## When it stays silent
    /// For applications that no such workspace is known of. It passes when all their credentials have ended. When the workspaces of the subscription were not read whole, or the credentials were not, it is not
    /// judged. A name alone is a hint: the confidence is low then.
    ///
    /// ## Sources
    /// - [Recommendation: remove unused applications](https://learn.microsoft.com/entra/identity/monitoring-health/recommendation-remove-unused-apps)
    /// - [Recover workspace data while soft deleted](https://learn.microsoft.com/azure/machine-learning/concept-soft-delete)
    "application-of-deleted-workspace" {
        group: StaticCredentials,
        severity: Medium,
        confidence: Medium,
        since: "0.1.0",
        subjects: [Application],
        needs: [Workspace],
        controls: controls::STORED_CREDENTIALS,
        remedy: {
            az: "# once nothing signs in with it\naz ad app credential delete --id {name} --key-id <the credential's id>\naz ad app delete --id {name}",
            bicep: "// Applications are not resources of Azure Resource Manager: use the Azure CLI.",
            terraform: "# Remove the azuread_application with its passwords and certificates, and apply.",
            portal: "Microsoft Entra ID > App registrations > the application > Certificates & secrets, then Delete",
        },
    }
}

/// How an application is known to be of a workspace that was not read.
struct Known {
    workspace: String,
    how: String,
    /// Whether that is more than a name.
    has_role: bool,
}

fn known(cx: &Context<'_>, application: Resource<'_>, all: &[Credential<'_>]) -> Option<Known> {
    let deleted = cx.deleted();
    let id = application.text(Field::AppId).non_empty().value().unwrap_or("");
    let mut principals = cx.grants().principals_of_application(cx.inventory, id);
    if let Some((workspace, _)) = principals.find_map(|own| deleted.of_principal(own.name()).first()) {
        return Some(Known { workspace: workspace.clone(), how: "has a role on".to_owned(), has_role: true });
    }
    let name = application.text(Field::DisplayName).non_empty().value().unwrap_or("");
    let called = |text: &str, how: &str| {
        let workspace = deleted.spoken_of(text)?.to_owned();
        Some(Known { workspace, how: how.to_owned(), has_role: false })
    };
    called(name, "is called after")
        .or_else(|| all.iter().find_map(|own| called(own.name, "has a credential called after")))
}

fn check(cx: &Context<'_>, application: Resource<'_>, out: &mut Out<'_>) {
    let (all, gaps) = read(application);
    let Some(known) = known(cx, application, &all) else { return };
    let covered = cx.inventory.coverage().covers(Kind::Workspace, &known.workspace);
    if !out.needs_covered(application, Kind::Workspace, covered) {
        return;
    }
    for gap in gaps {
        out.not_judged(gap);
    }
    out.pass();
    let good: Vec<&Credential<'_>> = all.iter().filter(|own| own.end >= cx.as_of).collect();
    let Some(last) = good.iter().max_by_key(|own| own.end) else { return };
    let more = match good.len() {
        1 => String::new(),
        many => format!(", the last of {many},"),
    };
    let (pointer, end) = last.evidence();
    let workspace = ArmId(&known.workspace).name();
    let finding = out
        .finding(format!(
            "it {} workspace {workspace}, which does not exist any more or is soft-deleted; {}{more} is good until {}",
            known.how,
            last.words(),
            last.end
        ))
        .on_item(application, pointer, end);
    if known.has_role { finding.done() } else { finding.confidence(Confidence::Low).done() }
}
