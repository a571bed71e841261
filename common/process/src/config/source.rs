//! Where settings come from, and the list of all that is wrong with them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

use super::Key;

/// The one variable that is no setting: it says where the others may be.
pub(super) const CONFIG: &str = "METATRON_CONFIG";
const PREFIX: &str = "METATRON_";

/// Everything that is wrong with the settings, one line each.
#[derive(Debug, Default, Clone)]
pub struct Errors(Vec<String>);

impl Errors {
    pub(super) fn push(&mut self, line: String) {
        self.0.push(line);
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, line) in self.0.iter().enumerate() {
            write!(out, "{}  {line}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for Errors {}

/// Our variables, and HOME and `XDG_DATA_HOME`, which the defaults are made of. Others are none of our business.
pub(super) fn environment(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> (BTreeMap<String, String>, Errors) {
    let mut errors = Errors::default();
    let mut ours = BTreeMap::new();
    for (name, value) in variables {
        let Some(name) = name.to_str() else { continue };
        if !name.starts_with(PREFIX) && name != "HOME" && name != "XDG_DATA_HOME" {
            continue;
        }
        match value.into_string() {
            Ok(value) => drop(ours.insert(name.to_owned(), value)),
            Err(_) => errors.push(format!("{name}: is not UTF-8")),
        }
    }
    (ours, errors)
}

/// The text of the file of settings: absent is fine, unless somebody named it.
pub(super) fn file(named: Option<&str>, default: &str) -> Result<Option<String>, String> {
    let named = named.filter(|path| !path.is_empty());
    let path = named.unwrap_or(default);
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => Ok(None),
        Err(error) => Err(format!("{CONFIG}: cannot read {path}: {error}")),
    }
}

/// Hands out settings by name and remembers what was wrong and what was never asked for.
pub(super) struct Source {
    environment: BTreeMap<String, String>,
    file: BTreeMap<String, String>,
    /// What a default may be made of: `~/.local/share` and the settings taken so far.
    known: Vec<(String, String)>,
    errors: Errors,
}

impl Source {
    pub(super) fn new(
        mut environment: BTreeMap<String, String>,
        file: Option<&str>,
        mut errors: Errors,
    ) -> Self {
        environment.remove(CONFIG);
        let xdg = environment.remove("XDG_DATA_HOME").filter(|path| path.starts_with('/'));
        let home = environment.remove("HOME").filter(|path| path.starts_with('/'));
        let folder = xdg.or_else(|| home.map(|home| format!("{home}/.local/share")));
        let known = folder.into_iter().map(|folder| ("~/.local/share".to_owned(), folder)).collect();
        let file = file.map(|text| table(text, &mut errors)).unwrap_or_default();
        Self { environment, file, known, errors }
    }

    /// One setting: the variable before the file before the default. `None` when it is wrong, which is recorded.
    pub(super) fn take<T>(
        &mut self,
        name: &'static str,
        default: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let in_file = self.file.remove(&file_key(name));
        let given = self.environment.remove(name).filter(|text| !text.is_empty()).or(in_file);
        let text = given.unwrap_or_else(|| {
            self.known.iter().fold(default.to_owned(), |text, (from, to)| text.replace(from, to))
        });
        match parse(&text) {
            Ok(value) => {
                self.known.push((format!("${name}"), text));
                Some(value)
            }
            Err(reason) => {
                // What holds an @ may hold a password, and the errors end in a log.
                let shown = if text.contains('@') { String::new() } else { format!("; it is {text:?}") };
                self.errors.push(format!("{name}: {reason}{shown}"));
                None
            }
        }
    }

    /// What is wrong, with all that nobody asked for: a misspelt name must not be silently ignored.
    pub(super) fn finish(mut self, known: &[Key]) -> Errors {
        for name in self.environment.keys() {
            self.errors.push(format!("{name}: there is no such setting; there are {}", names(known)));
        }
        for name in self.file.keys() {
            self.errors.push(format!("{name} in the file: there is no such setting"));
        }
        self.errors
    }
}

fn table(text: &str, errors: &mut Errors) -> BTreeMap<String, String> {
    let table = match toml::from_str::<toml::Table>(text) {
        Ok(table) => table,
        Err(error) => {
            errors.push(format!("{CONFIG}: {}", error.to_string().trim_end().replace('\n', "\n    ")));
            return BTreeMap::new();
        }
    };
    let mut settings = BTreeMap::new();
    for (name, value) in table {
        match value {
            toml::Value::String(text) => drop(settings.insert(name, text)),
            toml::Value::Integer(number) => drop(settings.insert(name, number.to_string())),
            _ => errors.push(format!("{name} in the file: must be text or a whole number")),
        }
    }
    settings
}

fn file_key(name: &str) -> String {
    name.trim_start_matches(PREFIX).to_ascii_lowercase()
}

fn names(known: &[Key]) -> String {
    let names: Vec<&str> = known.iter().map(|key| key.name.trim_start_matches(PREFIX)).collect();
    format!("METATRON_{{CONFIG,{}}}", names.join(","))
}
