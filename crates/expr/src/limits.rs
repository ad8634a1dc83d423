//! How large an expression and its values may become.

use crate::Value;

/// What Azure refuses while a policy is written and while it is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Characters of an expression.
    pub expression: usize,
    /// Calls within calls.
    pub depth: usize,
    /// Arguments of one call.
    pub arguments: usize,
    /// Characters of a string that a function returns.
    pub string: usize,
    /// Levels of an object or array that a function returns.
    pub value_depth: usize,
    /// Values within an object or array that a function returns.
    pub nodes: usize,
}

impl Limits {
    /// The limits that Azure Policy documents.
    pub const POLICY: Limits = Limits {
        expression: 81_920,
        depth: 64,
        arguments: 128,
        string: 131_072,
        value_depth: 128,
        nodes: 32_768,
    };

    /// Says which limit a returned value exceeds.
    pub(crate) fn exceeded(&self, value: &Value) -> Option<String> {
        match value {
            // A string of so many bytes cannot have more characters.
            Value::String(text) if text.len() > self.string && crate::text::length(text) > self.string => {
                Some(format!("returns a string of more than {} characters", self.string))
            }
            Value::Array(_) | Value::Object(_) => {
                let mut nodes = self.nodes;
                self.fits(value, self.value_depth, &mut nodes).err()
            }
            _ => None,
        }
    }

    fn fits(&self, value: &Value, depth: usize, nodes: &mut usize) -> Result<(), String> {
        if depth == 0 {
            return Err(format!("returns a value deeper than {} levels", self.value_depth));
        }
        *nodes = nodes
            .checked_sub(1)
            .ok_or_else(|| format!("returns a value of more than {} nodes", self.nodes))?;
        match value {
            Value::Array(items) => items.iter().try_for_each(|item| self.fits(item, depth - 1, nodes)),
            Value::Object(map) => map.values().try_for_each(|item| self.fits(item, depth - 1, nodes)),
            _ => Ok(()),
        }
    }
}
