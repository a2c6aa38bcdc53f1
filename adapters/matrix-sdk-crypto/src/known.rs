//! Findings that are known: rooms in a folder, each a file that names the rules it is about. What they name is told and does not count.
//! It does not know whether a room still breaks its rules.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use withheld::rulebook::rule::Rule;
use withheld::scenario::file::read_bytes;
use withheld::scenario::limits::Limits;

/// Rules that are known to be broken, with the files that say so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known(BTreeMap<Rule, BTreeSet<String>>);

impl Known {
    /// The findings in a folder.
    ///
    /// # Errors
    /// If it cannot be read, one of its files is no scenario, or none of them names a rule, with what is wrong.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let told = |path: &Path, problem: &dyn std::fmt::Display| {
            format!("--known: {}: {problem}", path.display())
        };
        let mut known = Self::default();
        let entries = fs::read_dir(folder).map_err(|error| told(folder, &error))?;
        for entry in entries {
            let path = entry.map_err(|error| told(folder, &error))?.path();
            if path.extension().is_none_or(|ending| ending != "json") {
                continue;
            }
            let bytes = fs::read(&path).map_err(|error| told(&path, &error))?;
            let scenario = read_bytes(&bytes, &Limits::FILES).map_err(|problems| {
                let first = problems.first().map(ToString::to_string).unwrap_or_default();
                told(&path, &first)
            })?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            for rule in scenario.rules {
                known.0.entry(rule).or_default().insert(name.clone());
            }
        }
        if known.0.is_empty() {
            return Err(told(folder, &"found no scenario file that names a rule"));
        }
        Ok(known)
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a finding names this rule.
    #[must_use]
    pub fn has(&self, rule: Rule) -> bool {
        self.0.contains_key(&rule)
    }

    /// The files that name a rule, as a line of a report.
    #[must_use]
    pub fn line(&self, rule: Rule) -> String {
        let files = self.0.get(&rule).into_iter().flatten().map(String::as_str);
        format!("{}: {}", rule.id(), files.collect::<Vec<_>>().join(", "))
    }
}
