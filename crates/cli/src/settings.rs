//! Finds `dekey.toml` the way git finds its root: here, or in the nearest folder above.

use crate::exit::Error;
use dekey_report::Baseline;
use dekey_rules::Settings;
use std::path::{Path, PathBuf};

/// The name of the settings file.
pub(crate) const FILE: &str = "dekey.toml";

/// Settings and the file they come from.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    pub(crate) settings: Settings,
    pub(crate) path: Option<PathBuf>,
}

impl Loaded {
    /// The baseline that the settings name, if any.
    pub(crate) fn baseline(&self) -> Result<Option<Baseline>, Error> {
        let Some(name) = &self.settings.baseline else { return Ok(None) };
        let folder = self.path.as_deref().and_then(Path::parent).unwrap_or(Path::new("."));
        read_baseline(&folder.join(name)).map(Some)
    }
}

/// Reads a baseline file.
pub(crate) fn read_baseline(path: &Path) -> Result<Baseline, Error> {
    Baseline::parse(&text(path)?).map_err(|error| Error::Settings { path: path.to_owned(), error })
}

fn text(path: &Path) -> Result<String, Error> {
    let named = |error: std::io::Error| Error::Settings { path: path.to_owned(), error: error.to_string() };
    std::fs::read_to_string(path).map_err(named)
}

/// Reads the settings file that was named, or the nearest one; the defaults when there is none.
pub(crate) fn load(named: Option<&Path>, as_of: jiff::civil::Date) -> Result<Loaded, Error> {
    let path = match named {
        Some(path) => Some(path.to_owned()),
        None => nearest(),
    };
    let Some(path) = path else { return Ok(Loaded::default()) };
    let settings = Settings::parse(&text(&path)?, as_of)
        .map_err(|error| Error::Settings { path: path.clone(), error: error.to_string() })?;
    Ok(Loaded { settings, path: Some(path) })
}

fn nearest() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().map(|folder| folder.join(FILE)).find(|path| path.is_file())
}
