//! A container registry token has a password.

use crate::context::date_of;
use crate::{Context, Out, controls, declare_rule};
use dekey_model::{Confidence, Field, Gap, Resource, Seen};
use jiff::civil::Date;
use serde_json::Value;

declare_rule! {
    /// Registry token with a password
    ///
    /// ## What it finds
    /// Tokens of container registries that are enabled and have a password that works on the day of the audit. Azure lists a
    /// token's passwords with the times they were made and expire, never with their values. Where an answer leaves the list
    /// out, a token is taken to have passwords, with medium confidence.
    ///
    /// ## Why it matters
    /// A token is a user name with up to two passwords, bound to a scope map. It is narrower than the admin user, but just as
    /// static: it works from anywhere until it expires or somebody disables it. Passwords need not expire, and do not unless
    /// somebody asked for it. Where every password does, the finding is low: the date bounds what a leak is worth.
    ///
    /// ## How it is put right
    /// Find out who uses it from the registry's login events. Replace it by a managed identity or workload identity federation
    /// with a role; disable the token, wait, then delete it.
    ///
    /// ## When it stays silent
    /// When the token is disabled, has no passwords, or only expired ones. When it cannot be told when a password expires it
    /// is not judged.
    ///
    /// ## Sources
    /// - [Create a token with repository-scoped permissions](https://learn.microsoft.com/azure/container-registry/container-registry-token-based-repository-permissions)
    "registry-token" {
        group: Dependents,
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        subjects: [RegistryToken],
        needs: [],
        controls: controls::REGISTRY_TOKENS,
        remedy: {
            az: "az acr token update --name {name} --registry {parent} --status disabled",
            bicep: "resource {symbol} 'Microsoft.ContainerRegistry/registries/tokens@2025-04-01' = {\n  properties: {\n    status: 'disabled'\n  }\n}",
            terraform: "resource \"azurerm_container_registry_token\" \"{symbol}\" {\n  enabled = false\n}",
            portal: "Container registry > Repository permissions > Tokens > the token > Status: Disabled",
        },
    }
}

/// When the passwords of a token stop working.
enum Lasts {
    /// At least one, at this place in the list, never does.
    Forever(usize),
    /// The last one after this day; its place.
    Until(Date, usize),
    /// There are none.
    Never,
    /// One has an expiry that is no time.
    Unclear,
}

fn check(cx: &Context<'_>, token: Resource<'_>, out: &mut Out<'_>) {
    let Some(status) = out.needs_field(Field::TokenStatus, token.text(Field::TokenStatus)) else { return };
    // Enabled is what Azure makes of a token that does not say.
    if matches!(status, Seen::Value(text) if text.eq_ignore_ascii_case("disabled")) {
        return out.pass();
    }
    let lasts = match token.json(Field::TokenPasswords) {
        Seen::Value(Value::Array(list)) => lasts(list),
        Seen::Null => Lasts::Never,
        Seen::Value(_) | Seen::Odd => Lasts::Unclear,
        Seen::Absent | Seen::NotRead => {
            return out
                .finding("nothing says that it has no passwords, and they work from anywhere until somebody disables it")
                .confidence(Confidence::Medium)
                .on(Field::TokenStatus)
                .on(Field::TokenPasswords)
                .done();
        }
    };
    match lasts {
        Lasts::Unclear => out.not_judged(Gap::Odd(Field::TokenPasswords)),
        Lasts::Forever(at) => out
            .finding("its passwords work from anywhere until somebody disables it")
            .on(Field::TokenStatus)
            .on_item(token, pointer(at), "absent")
            .done(),
        Lasts::Until(day, at) if day >= cx.as_of => out
            .finding("its passwords work from anywhere until they expire")
            .lowered(format!("the last one expires on {day}"))
            .on(Field::TokenStatus)
            .on_item(token, pointer(at), day.to_string())
            .done(),
        Lasts::Until(..) | Lasts::Never => out.pass(),
    }
}

fn pointer(at: usize) -> String {
    format!("{}/{at}/expiry", Field::TokenPasswords.pointer())
}

fn lasts(passwords: &[Value]) -> Lasts {
    let mut last: Option<(Date, usize)> = None;
    let mut unclear = false;
    for (at, password) in passwords.iter().enumerate() {
        match password.get("expiry") {
            None | Some(Value::Null) => return Lasts::Forever(at),
            Some(expiry) => match expiry.as_str().and_then(date_of) {
                Some(day) => last = last.max(Some((day, at))),
                None => unclear = true,
            },
        }
    }
    match last {
        _ if unclear => Lasts::Unclear,
        Some((day, at)) => Lasts::Until(day, at),
        None => Lasts::Never,
    }
}
