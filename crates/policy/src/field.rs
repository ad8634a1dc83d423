//! What a condition can look at.

use crate::alias::{Alias, Aliases};
use crate::panel::InSlot;
use crate::{LoadError, Path};
use std::sync::Arc;

/// What to make of a field that is neither built in nor a known alias.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Unlisted {
    /// It is not judged: nobody knows where the property is.
    #[default]
    NotJudged,
    /// It is a path in the resource as given, which is how some tools test rules.
    AsPath,
}

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Name,
    FullName,
    Kind,
    Type,
    Location,
    Id,
    Tags,
    Tag(Box<str>),
    /// A property with the same path whatever the type and version.
    Path(Path),
    Alias(AliasField),
    /// Nobody said where it is.
    Unlisted(Box<str>),
    /// Where it is among what was read of a resource of a known type.
    Slot(Box<InSlot>),
}

/// A field that is an alias, or several of the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AliasField {
    pub(crate) name: Box<str>,
    pub(crate) aliases: Arc<[Arc<Alias>]>,
}

impl AliasField {
    /// The alias on a type of resource.
    pub(crate) fn on(&self, resource_type: &str) -> Option<&Alias> {
        let own = self.aliases.iter().find(|alias| alias.resource_type.eq_ignore_ascii_case(resource_type));
        own.or(self.aliases.first()).map(AsRef::as_ref)
    }

    /// Where it is on a type of resource, in an API version.
    pub(crate) fn path(&self, resource_type: &str, version: Option<&str>) -> Option<&Path> {
        let mut all = self.aliases.iter();
        let first = all.next()?;
        if all.len() == 0 {
            return Some(first.path_in(version));
        }
        let own = self.aliases.iter().find(|alias| alias.resource_type.eq_ignore_ascii_case(resource_type));
        Some(own.unwrap_or(first).path_in(version))
    }
}

impl Field {
    /// Whether a field is written as a tag, and nothing is selected below it.
    pub(crate) fn is_tag(written: &str) -> bool {
        let written = written.trim();
        let Some(rest) = strip_tags(written) else { return false };
        rest.is_empty() || rest.starts_with('.') || (rest.starts_with('[') && !rest.ends_with("[*]"))
    }

    pub(crate) fn parse(written: &str, aliases: &Aliases, unlisted: Unlisted) -> Result<Field, LoadError> {
        let written = written.trim();
        let built_in = match written.to_ascii_lowercase().as_str() {
            "" => return Err(LoadError::new("", "the name of the field is empty")),
            "name" => Some(Field::Name),
            "fullname" => Some(Field::FullName),
            "kind" => Some(Field::Kind),
            "type" => Some(Field::Type),
            "location" => Some(Field::Location),
            "id" => Some(Field::Id),
            "tags" => Some(Field::Tags),
            _ => None,
        };
        if let Some(field) = built_in {
            return Ok(field);
        }
        if let Some(rest) = strip_tags(written)
            && let Some(tag) = tag_name(rest)?
        {
            return Ok(Field::Tag(tag));
        }
        let found = aliases.find(written);
        if !found.is_empty() {
            return Ok(Field::Alias(AliasField { name: written.into(), aliases: found.into() }));
        }
        let is_root = ["identity.", "identity["]
            .iter()
            .any(|start| written.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)));
        if is_root || written.eq_ignore_ascii_case("identity") || unlisted == Unlisted::AsPath {
            return as_path(written);
        }
        Ok(Field::Unlisted(written.into()))
    }
}

/// A path as written. A name in the form of an alias stands below `properties`.
fn as_path(written: &str) -> Result<Field, LoadError> {
    let head = written.find('[').and_then(|at| written.get(..at)).unwrap_or(written);
    let path = match head.rfind('/') {
        Some(at) => format!("properties.{}", written.get(at + 1..).unwrap_or_default()),
        None => written.to_owned(),
    };
    let path = Path::parse(&path);
    path.map(Field::Path).ok_or_else(|| LoadError::new("", format!("`{written}` is not the name of a field")))
}

fn strip_tags(written: &str) -> Option<&str> {
    let head = written.get(..4)?;
    let rest = written.get(4..)?;
    (head.eq_ignore_ascii_case("tags") && (rest.is_empty() || rest.starts_with(['.', '[']))).then_some(rest)
}

/// The name of a tag as written after `tags`; `None` if something is selected below the tag. An empty name is that of no tag:
/// rules make one out of a parameter that is left empty, beside a condition that it is not.
fn tag_name(rest: &str) -> Result<Option<Box<str>>, LoadError> {
    if let Some(name) = rest.strip_prefix('.') {
        return Ok(Some(name.into()));
    }
    let Some(inner) = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
        return Err(LoadError::new("", "the bracket of the tag is not closed"));
    };
    let trimmed = inner.trim();
    if rest.ends_with("[*]") && rest.len() > 3 {
        return Ok(None);
    }
    let quoted = ['\'', '"'].into_iter().find_map(|quote| {
        let inside = trimmed.strip_prefix(quote)?.strip_suffix(quote)?;
        Some((quote, inside))
    });
    let name = match quoted {
        Some((quote, inside)) => {
            let doubled: String = [quote, quote].iter().collect();
            inside.replace(&doubled, &quote.to_string())
        }
        None => trimmed.to_owned(),
    };
    Ok(Some(name.into()))
}
