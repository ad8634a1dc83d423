//! The binary, from outside.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that cannot go on has failed"
)]

mod access;
mod audit;
mod azure;
mod canary;
mod example;
mod exits;
mod guard;
mod live;
mod outputs;
mod policy;
mod reach;
mod rollout;
mod sim;
mod snapshot;
mod standing;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Runs the binary in a folder of its own, without this machine's settings.
pub(crate) struct Run {
    pub(crate) folder: tempfile::TempDir,
}

impl Run {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    pub(crate) fn dekey(&self, args: &[&str]) -> Done {
        self.dekey_with(args, "")
    }

    /// With these variables, and no others.
    pub(crate) fn dekey_in(&self, args: &[&str], variables: &[(&str, &str)]) -> Done {
        self.spawn(args, variables, b"")
    }

    pub(crate) fn dekey_with(&self, args: &[&str], stdin: impl AsRef<[u8]>) -> Done {
        self.spawn(args, &[], stdin.as_ref())
    }

    fn spawn(&self, args: &[&str], variables: &[(&str, &str)], stdin: &[u8]) -> Done {
        use std::io::Write;
        let mut child = Command::new(env!("CARGO_BIN_EXE_dekey"))
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(variables.iter().copied())
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        // A command that does not read its input closes it early.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        Done(child.wait_with_output().unwrap())
    }
}

/// What a run came to.
pub(crate) struct Done(pub(crate) Output);

impl Done {
    pub(crate) fn code(&self) -> i32 {
        self.0.status.code().unwrap()
    }

    pub(crate) fn out(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    pub(crate) fn err(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out())
            .unwrap_or_else(|error| panic!("{error}: {}{}", self.out(), self.err()))
    }
}

pub(crate) fn example() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/contoso").display().to_string()
}

pub(crate) fn workspace(name: &str, members: &str) -> String {
    format!(
        r#"{{"id":"/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/{name}","name":"{name}","type":"Microsoft.MachineLearningServices/workspaces",{members}}}"#
    )
}

/// A workspace that passes and one that does not, with everything else said to be read.
pub(crate) const MANIFEST_OF_ALL: &str = r#"{"dekey":"manifest/1","coverage":[
 {"kind":"datastores","scope":"/","outcome":"read"},{"kind":"connections","scope":"/","outcome":"read"},
 {"kind":"computes","scope":"/","outcome":"read"},{"kind":"online endpoints","scope":"/","outcome":"read"},
 {"kind":"batch endpoints","scope":"/","outcome":"read"},{"kind":"serverless endpoints","scope":"/","outcome":"read"},
 {"kind":"diagnostic settings","scope":"/","outcome":"read"},{"kind":"policy assignments","scope":"/","outcome":"read"},
 {"kind":"resource groups","scope":"/","outcome":"read"},{"kind":"subscriptions","scope":"/","outcome":"read"}]}"#;
