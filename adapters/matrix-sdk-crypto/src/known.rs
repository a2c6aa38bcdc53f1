//! Findings that are known: rooms in a folder, each a file that names the rules it is about. Each room is run, and what is broken
//! elsewhere in the same way is told and does not count. It does not know what breaks anything.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::fs;
use std::path::Path;

use withheld::cli::inputs::{self, Input};
use withheld::report::paint::Paint;
use withheld::rulebook::rule::Rule;
use withheld::run::judged::{Judging, run_one};
use withheld::scenario::model::Scenario;
use withheld::trace::sink::Trace;

use crate::casting::Casting;
use crate::role::Role;
use crate::simulator::SdkRooms;
use crate::ways::{Way, ways};

/// The ways in which rules are known to be broken, with the files that show them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known(BTreeMap<Rule, BTreeMap<String, BTreeSet<Way>>>);

impl Known {
    /// The findings in a folder, each replayed.
    ///
    /// # Errors
    /// If it cannot be read, one of its files is no scenario, or none of them names a rule, with what is wrong.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let told = |problem: &dyn Display| format!("--known: {}: {problem}", folder.display());
        let mut known = Self::default();
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(|error| told(&error))? {
            let path = entry.map_err(|error| told(&error))?.path();
            if path.extension().is_some_and(|ending| ending == "json") {
                paths.push(path);
            }
        }
        paths.sort();
        let read = inputs::read_all(paths, Paint::Plain);
        for Input { path, scenario, .. } in read.map_err(|problems| told(&problems.join("\n")))? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            known.add(&name, &scenario);
        }
        if known.0.is_empty() {
            return Err(told(&"found no scenario file that names a rule"));
        }
        Ok(known)
    }

    /// Adds what a room shows of the rules that it names, with either glue, and with matrix-sdk-crypto in each role in which `conform` runs it:
    /// some of what a reference client does, such as publishing no keys, matrix-sdk-crypto never does to itself.
    fn add(&mut self, name: &str, scenario: &Scenario) {
        if scenario.rules.is_empty() {
            return;
        }
        for rule in &scenario.rules {
            self.0.entry(*rule).or_default().entry(name.to_owned()).or_default();
        }
        let mut played = BTreeSet::new();
        for role in Role::ALL {
            let casting = Casting::in_role(role);
            let real = casting.real(scenario);
            if !played.insert(real.clone()) {
                continue;
            }
            for simulator in [SdkRooms::default(), SdkRooms::careful()] {
                let simulator = simulator.cast(casting.clone());
                let mut trace = Trace::default();
                let outcome = run_one(&simulator, scenario, Judging::STRICT, &mut trace).outcome;
                for (_, way) in ways(scenario, (&outcome, trace.facts()), &real) {
                    let files = self.0.get_mut(&way.signature.rule);
                    if let Some(shown) = files.and_then(|files| files.get_mut(name)) {
                        shown.insert(way);
                    }
                }
            }
        }
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a finding names this rule, whatever the way.
    #[must_use]
    pub fn has(&self, rule: Rule) -> bool {
        self.0.contains_key(&rule)
    }

    /// Whether a finding shows this way to break its rule: a room that led there along a detour could be made as small as the finding's.
    #[must_use]
    pub fn knows(&self, way: &Way) -> bool {
        self.shown_by(way).next().is_some()
    }

    /// The findings that show this way.
    fn shown_by(&self, way: &Way) -> impl Iterator<Item = &str> {
        let files = self.0.get(&way.signature.rule).into_iter().flatten();
        let shows = |known: &BTreeSet<Way>| known.iter().any(|known| way.is_kept_by(known));
        files.filter(move |(_, known)| shows(known)).map(|(name, _)| name.as_str())
    }

    /// The files that show this way, as a line of a report.
    #[must_use]
    pub fn line(&self, way: &Way) -> String {
        format!(
            "{}: {}",
            way.signature.rule.id(),
            self.shown_by(way).collect::<Vec<_>>().join(", ")
        )
    }

    /// All files that name a rule, as a line of a report.
    #[must_use]
    pub fn files(&self, rule: Rule) -> String {
        let files = self.0.get(&rule).into_iter().flatten().map(|(name, _)| name.as_str());
        format!("{}: {}", rule.id(), files.collect::<Vec<_>>().join(", "))
    }
}
