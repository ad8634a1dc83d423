//! The operations of `modify`, and the fields of `append`.

use crate::alias::Aliases;
use crate::evaluate::Cx;
use crate::field::Field;
use crate::language::LANGUAGE;
use crate::rule::Compiler;
use crate::subject::Subject;
use crate::{LoadError, Path, json};
use dekey_expr::{Fault, Template, Value};

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Adds a value, and refuses what has another one.
    Append,
    /// The same, as an operation of `modify`.
    Add,
    /// Sets a value, whatever there is.
    AddOrReplace,
    /// Takes a tag away.
    Remove,
}

/// One change that a policy makes to a request.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) kind: Kind,
    field: Template,
    value: Option<Template>,
    condition: Option<Template>,
    pointer: String,
}

/// An operation that counts for a request, with where it changes what into what.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) kind: Kind,
    /// The field, as the policy names it.
    pub(crate) field: String,
    pub(crate) path: Path,
    /// Nothing when something is taken away.
    pub(crate) value: Option<Value>,
    /// Why it cannot be done on this field, if so.
    pub(crate) unfit: Option<String>,
}

impl Operation {
    /// Reads one of the `operations` of `modify`.
    pub(crate) fn modify(written: &Value, pointer: &str) -> Result<Self, LoadError> {
        let map = json::object(written, pointer, "an operation")?;
        let kind = match json::string(map, "operation").unwrap_or_default().to_ascii_lowercase().as_str() {
            "add" => Kind::Add,
            "addorreplace" => Kind::AddOrReplace,
            "remove" => Kind::Remove,
            _ => {
                let at = format!("{pointer}/operation");
                return Err(LoadError::new(at, "must be `add`, `addOrReplace` or `remove`"));
            }
        };
        Self::read(written, kind, pointer)
    }

    /// Reads one of the fields of `append`.
    pub(crate) fn append(written: &Value, pointer: &str) -> Result<Self, LoadError> {
        json::object(written, pointer, "a field to append")?;
        Self::read(written, Kind::Append, pointer)
    }

    fn read(written: &Value, kind: Kind, pointer: &str) -> Result<Self, LoadError> {
        let map = json::object(written, pointer, "an operation")?;
        let part = |name: &str| {
            // A value may be null.
            let found = dekey_expr::text::get(map, name);
            found
                .map(|own| Template::parse(own, &LANGUAGE))
                .transpose()
                .map_err(|error| LoadError::expression(&format!("{pointer}/{name}"), error))
        };
        let field = part("field")?.ok_or_else(|| LoadError::new(pointer, "an operation needs a `field`"))?;
        let value = part("value")?;
        if value.is_none() && kind != Kind::Remove {
            return Err(LoadError::new(pointer, "an operation that adds something needs a `value`"));
        }
        Ok(Self { kind, field, value, condition: part("condition")?, pointer: pointer.to_owned() })
    }

    /// With parameters filled in.
    pub(crate) fn compiled(&self, compiler: &mut Compiler<'_>) -> Self {
        Self {
            kind: self.kind,
            field: compiler.template(&self.field),
            value: self.value.as_ref().map(|own| compiler.template(own)),
            condition: self.condition.as_ref().map(|own| compiler.template(own)),
            pointer: self.pointer.clone(),
        }
    }

    fn plain_field(&self) -> Option<&str> {
        self.field.as_plain().and_then(Value::as_str)
    }

    /// Refuses to change a property that Azure says cannot be modified, and to take away anything but a tag.
    pub(crate) fn check(&self, aliases: &Aliases) -> Result<(), LoadError> {
        let Some(name) = self.plain_field() else { return Ok(()) };
        let at = format!("{}/field", self.pointer);
        let known = aliases.find(name);
        if !known.is_empty() && known.iter().all(|own| own.modifiable == Some(false)) {
            return Err(LoadError::new(at, format!("`{name}` cannot be modified by a policy")));
        }
        if self.kind == Kind::Remove && !Field::is_tag(name) {
            return Err(LoadError::new(at, format!("only tags can be removed, and `{name}` is none")));
        }
        Ok(())
    }

    /// Whether it sets the kind of identity, which Azure does for virtual machines and their scale sets alone.
    pub(crate) fn is_for_others(&self, subject: &Subject<'_>) -> bool {
        let machines = ["Microsoft.Compute/virtualMachines", "Microsoft.Compute/virtualMachineScaleSets"];
        self.plain_field().is_some_and(|own| own.trim().eq_ignore_ascii_case("identity.type"))
            && !machines.iter().any(|own| own.eq_ignore_ascii_case(subject.resource_type()))
    }

    /// What it would change, if it counts for this request.
    pub(crate) fn planned(&self, cx: &Cx<'_>) -> Result<Option<Planned>, Box<Fault>> {
        if let Some(condition) = &self.condition {
            let holds = match condition.eval(cx)?.as_ref() {
                Value::Bool(holds) => *holds,
                Value::String(text) if text.eq_ignore_ascii_case("true") => true,
                Value::String(text) if text.eq_ignore_ascii_case("false") => false,
                other => return Err(Fault::failed(format!("a condition is true or false, not {other}"))),
            };
            if !holds {
                return Ok(None);
            }
        }
        let field = match self.field.eval(cx)?.as_ref() {
            Value::String(name) => name.trim().to_owned(),
            other => return Err(Fault::failed(format!("a field is named by a text, not by {other}"))),
        };
        let value =
            self.value.as_ref().map(|own| own.eval(cx)).transpose()?.map(std::borrow::Cow::into_owned);
        let parsed = Field::parse(&field, cx.env.aliases, cx.env.unlisted);
        let parsed = parsed.map_err(|error| Fault::failed(error.message))?;
        let mut unfit = None;
        let path = match &parsed {
            Field::Tag(name) => Path::of_keys(&["tags", name]),
            Field::Tags => Path::of_keys(&["tags"]),
            Field::Location => Path::of_keys(&["location"]),
            Field::Kind => Path::of_keys(&["kind"]),
            Field::Path(path) => path.clone(),
            Field::Slot(own) => own.path.clone(),
            Field::Alias(alias) => {
                let own = alias.on(cx.env.subject.resource_type());
                let fixed = own.is_some_and(|own| own.modifiable == Some(false));
                if fixed && self.kind != Kind::Append {
                    unfit = Some(format!("`{field}` cannot be modified by a policy"));
                } else if let Some(kind) = own.and_then(|own| own.token.as_deref())
                    && !value.as_ref().is_none_or(|value| is_of_kind(value, kind))
                {
                    unfit = Some(format!("the value for `{field}` must be of the type {kind}"));
                }
                let path = alias.path(cx.env.subject.resource_type(), cx.env.subject.version);
                path.ok_or_else(|| Fault::missing(format!("where the alias `{field}` is in a resource")))?
                    .clone()
            }
            Field::Unlisted(name) => {
                return Err(Fault::missing(format!("where the alias `{name}` is in a resource")));
            }
            Field::Name | Field::FullName | Field::Type | Field::Id => {
                unfit = Some(format!("`{field}` cannot be changed by a policy"));
                Path::of_keys(&[&field])
            }
        };
        Ok(Some(Planned { kind: self.kind, field, path, value, unfit }))
    }
}

/// Whether a value is of a kind that Azure names; a kind that nobody names here fits.
fn is_of_kind(value: &Value, kind: &str) -> bool {
    match kind.to_ascii_lowercase().as_str() {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}
