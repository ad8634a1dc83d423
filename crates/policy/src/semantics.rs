//! Where documents contradict each other or are silent: switches, each with the reason of its default.

/// What `[*]` selects where the array itself is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingArray {
    /// Nothing, so that a condition on every element holds. The article on arrays says "an empty collection" in its table.
    Empty,
    /// One element that is null. regorus does so, and its author reports that Microsoft's private cases want it.
    OneNull,
}

/// How `equals` and `in` compare a number with something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberEquality {
    /// As text: `5.0` does not equal `"5"`. The linter's page on numeric fields says so.
    Text,
    /// By value, where one side is a number and the other reads as one.
    Value,
}

/// What `less` and its kin do with kinds that cannot be ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ordering {
    /// Fail the evaluation. The article on policy rules says that an error is thrown.
    Fails,
    /// Read numbers out of texts, and otherwise not match.
    Coerces,
}

/// What an operator does with null as its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NullOperand {
    /// Fail the evaluation. The linter's page on `tryGet` as operator value says so.
    Fails,
    /// Compare with null.
    Compares,
}

/// What a missing property is on the left of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NullLeft {
    /// The empty text. The linter's page on null-coercing operators lists for which.
    EmptyText,
    /// The empty text for `equals` alone, and nothing that `in`, `like`, `match` or `contains` could find.
    Nothing,
}

/// How a failure and a decided condition in one `allOf` or `anyOf` come together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// A false condition decides an `allOf` wherever it stands: the linter's page on the order of conditions says that order has
    /// no effect on evaluation, and rules guard expressions by the type of resource.
    Any,
    /// A failure counts if it comes first.
    AsWritten,
}

/// How to read what documents leave open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Semantics {
    /// What `[*]` selects where the array is missing.
    pub missing_array: MissingArray,
    /// How numbers equal other things.
    pub numbers: NumberEquality,
    /// What cannot be ordered.
    pub ordering: Ordering,
    /// Null as the value of an operator.
    pub null_operand: NullOperand,
    /// Null on the left of an operator.
    pub null_left: NullLeft,
    /// Failures beside decided conditions.
    pub order: Order,
    /// Whether `?` in `like` stands for any character. The article names `*` alone.
    pub like_question_mark: bool,
    /// Whether locations compare without spaces and case. The article on fields says that they are normalised.
    pub normalise_location: bool,
}

impl Semantics {
    /// What the documents say.
    pub const DOCUMENTED: Semantics = Semantics {
        missing_array: MissingArray::Empty,
        numbers: NumberEquality::Text,
        ordering: Ordering::Fails,
        null_operand: NullOperand::Fails,
        null_left: NullLeft::EmptyText,
        order: Order::Any,
        like_question_mark: false,
        normalise_location: true,
    };
}

impl Default for Semantics {
    fn default() -> Self {
        Semantics::DOCUMENTED
    }
}
