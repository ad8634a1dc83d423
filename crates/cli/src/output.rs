//! The terminal: where it is, how wide it is, whether it wants colour.

use std::io::{IsTerminal, Write};

/// When output is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl ColorChoice {
    /// Whether the standard output is to be coloured.
    pub(crate) fn stdout(self) -> bool {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        match self {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                wanted
                    && std::io::stdout().is_terminal()
                    && std::env::var_os("TERM").is_none_or(|t| t != "dumb")
            }
        }
    }
}

/// The width of the terminal, or a width that reads well.
pub(crate) fn width() -> usize {
    match terminal_size::terminal_size() {
        Some((terminal_size::Width(columns), _)) => usize::from(columns).clamp(40, 160),
        None => 100,
    }
}

/// Says what went wrong, on the standard error.
pub(crate) fn complain(message: &str) {
    // There is nowhere left to say that this failed.
    let _ = writeln!(std::io::stderr().lock(), "dekey: {message}");
}

/// Says what was done, on the standard error.
pub(crate) fn tell(message: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{message}");
}
