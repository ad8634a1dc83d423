//! Exit codes and errors.

use std::path::PathBuf;
use std::process::ExitCode;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Nothing to complain about.
    Clean = 0,
    /// The arguments or the settings cannot be used.
    Usage = 2,
    /// Findings at or above `--fail-on`, or differences.
    Findings = 10,
    /// No such findings, but something could not be judged.
    NotJudged = 11,
    /// Some of the input could not be read.
    BadInput = 12,
    /// A mistake of ours.
    Internal = 70,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// The table of exit codes, for `--help`.
pub(crate) const EXIT_CODES: &str = "Exit codes:
  0   clean: no finding at or above --fail-on, and everything was judged
  2   the arguments or the settings cannot be used
  10  findings at or above --fail-on
  11  no such findings, but something could not be judged
  12  no such findings, but some of the input could not be read, or a file you named holds nothing that is understood
  70  internal error";

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The arguments do not go together.
    #[error("{0}")]
    Usage(String),
    /// The settings cannot be used.
    #[error("{path}: {error}")]
    Settings {
        /// The settings file.
        path: PathBuf,
        /// What is wrong.
        error: String,
    },
    /// A file cannot be written.
    #[error("{path} cannot be written: {error}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// A file cannot be read.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The standard output cannot be written.
    #[error("standard output: {0}")]
    Output(#[from] std::io::Error),
    /// Azure gave nothing.
    #[error("{0}")]
    Azure(String),
    /// Input that the command needs whole.
    #[error("{0}")]
    Input(String),
}

impl Error {
    /// Names the file that cannot be written.
    pub(crate) fn write(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Error {
        move |error| Error::Write { path: path.into(), error }
    }

    /// Names the file that cannot be read.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Error {
        move |error| Error::File { path: path.into(), error }
    }

    /// The exit code of the error.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Error::Usage(_) | Error::Settings { .. } | Error::Write { .. } => Exit::Usage,
            Error::File { .. } | Error::Input(_) | Error::Azure(_) => Exit::BadInput,
            Error::Output(_) => Exit::Internal,
        }
    }

    /// Whether the reader of our output went away, as `head` does.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, Error::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe)
    }
}
