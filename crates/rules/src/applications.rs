//! Credentials of applications that have a role on a workspace or on what it depends on.

use crate::context::date_of;
use crate::{Context, Out};
use dekey_model::{Field, Gap, Kind, Resource, Seen};
use jiff::civil::Date;
use serde_json::Value;

/// A credential of an application: never its value.
pub(crate) struct Credential<'a> {
    /// Whose it is, in words.
    whose: &'a str,
    /// What people call it.
    pub(crate) name: &'a str,
    /// Its id, which stays the same.
    pub(crate) id: &'a str,
    /// A client secret, or else a certificate.
    pub(crate) is_secret: bool,
    /// Since when it works, when that is known.
    pub(crate) start: Option<Date>,
    /// Its last day.
    pub(crate) end: Date,
    field: Field,
    at: usize,
}

impl Credential<'_> {
    /// `client secret "ci" of exporter`, `its certificate`.
    pub(crate) fn words(&self) -> String {
        let kind = if self.is_secret { "client secret" } else { "certificate" };
        let named = if self.name.is_empty() { kind.to_owned() } else { format!("{kind} \"{}\"", self.name) };
        if self.whose.is_empty() { format!("its {named}") } else { format!("{named} of {}", self.whose) }
    }

    /// Where its end is written, and what is written there.
    pub(crate) fn evidence(&self) -> (String, String) {
        (format!("{}/{}/endDateTime", self.field.pointer(), self.at), self.end.to_string())
    }
}

/// The credentials of an application, or of a service principal itself, when it has a role where it matters; a pass when it has none, and
/// nothing when it has no such role. What cannot be read is said. Azure looks after those of managed identities itself.
pub(crate) fn credentials<'a>(
    cx: &Context<'a>,
    application: Resource<'a>,
    out: &mut Out<'_>,
) -> Vec<Credential<'a>> {
    let has_role = if application.kind() == Kind::ServicePrincipal {
        // Only managed identities have other names.
        let names = application.json(Field::AlternativeNames).value().and_then(Value::as_array);
        let is_managed = names.is_some_and(|own| !own.is_empty());
        !is_managed && !cx.grants().of_principal(application.name()).is_empty()
    } else {
        let id = application.text(Field::AppId).non_empty().value();
        id.is_some_and(|id| cx.grants().of_application(cx.inventory, id).next().is_some())
    };
    if !has_role {
        return Vec::new();
    }
    let (all, gaps) = read(application);
    for gap in gaps {
        out.not_judged(gap);
    }
    out.pass();
    all
}

/// The credentials of an application, and what of them cannot be read.
pub(crate) fn read(application: Resource<'_>) -> (Vec<Credential<'_>>, Vec<Gap>) {
    let whose = application.text(Field::DisplayName).non_empty().value().unwrap_or("");
    let (mut all, mut gaps) = (Vec::new(), Vec::new());
    for (field, is_secret) in [(Field::PasswordCredentials, true), (Field::KeyCredentials, false)] {
        match application.json(field) {
            Seen::Value(Value::Array(list)) => {
                for (at, own) in list.iter().enumerate() {
                    let text = |name: &str| own.get(name).and_then(Value::as_str).unwrap_or("");
                    let Some(end) = date_of(text("endDateTime")) else {
                        gaps.push(Gap::Odd(field));
                        continue;
                    };
                    let start = date_of(text("startDateTime"));
                    all.push(Credential {
                        whose,
                        name: text("displayName"),
                        id: text("keyId"),
                        is_secret,
                        start,
                        end,
                        field,
                        at,
                    });
                }
            }
            Seen::Null => {}
            Seen::Absent | Seen::NotRead => gaps.push(Gap::NotRead(field)),
            Seen::Value(_) | Seen::Odd => gaps.push(Gap::Odd(field)),
        }
    }
    (all, gaps)
}

/// The last day on which a credential of a service principal itself is good, if it was read and has any left.
pub(crate) fn last_day(principal: Resource<'_>, today: Date) -> Option<Date> {
    let all = [Field::PasswordCredentials, Field::KeyCredentials].into_iter();
    let all = all.filter_map(|field| principal.json(field).value()?.as_array());
    let ends = all.flatten().filter_map(|own| date_of(own.get("endDateTime")?.as_str()?));
    ends.filter(|end| *end >= today).max()
}

/// Days from one day to another.
pub(crate) fn days(from: Date, to: Date) -> i64 {
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}
