//! Scenario files: reading them with all their problems at once, writing them with every default, their JSON Schema.
//! It does not know how files are found or what a run makes of a scenario.
//!
//! The format is described in `docs/scenario-format.md`. A file is read in four walks: JSON with places (`json`), names
//! (`declare`), records with names resolved (`document` and its parts), and what the parts mean together (`cast`,
//! `story`, `injury`, `expect`).

mod bless;
mod brief;
mod cast;
mod choice;
mod choices;
mod codec;
mod container;
mod declare;
mod deviation;
mod document;
mod expect;
mod fault;
mod forgery;
mod habits;
mod healing;
mod injury;
mod json;
mod names;
mod network;
mod overlay;
mod policy;
mod problem;
mod profile;
mod record;
mod reference;
mod render;
mod schema;
mod stage;
mod story;
mod timeline;
mod union;
mod values;
mod write;

#[cfg(test)]
mod tests;

pub use bless::with_digest;
pub use brief::write_brief;
pub use deviation::{
    Deviation, habit_deviations, policy_deviations, server_habit_deviations, settings_of,
    settings_of_server,
};
pub use document::DEFAULT_HORIZON;
pub use network::default_network;
pub use overlay::{Overlay, overlay_schema, read_overlay};
pub use problem::Problem;
pub use profile::{known_profile, profile_schema, read_profile};
pub use render::{render, render_coloured};
pub use schema::schema;
pub use write::write;

use std::borrow::Cow;

use cast::CastFiles;
use codec::{Codec, Reader};
use document::ScenarioFile;
use names::Names;
use problem::Problems;

use crate::rulebook::rule::Rule;
use crate::scenario::heal;
use crate::scenario::limits::Limits;
use crate::scenario::model::{Scenario, Strings};
use crate::time::SimTime;

/// Reads a scenario file.
///
/// A byte order mark at its start is passed over.
///
/// # Errors
/// Every problem of the file, in the order of their places. A thing that cannot be read is one problem; nothing is
/// said about what would follow from it.
pub fn read(text: &str, limits: &Limits) -> Result<Scenario, Vec<Problem>> {
    const MARK: char = '\u{feff}';
    let json: Cow<'_, str> = match text.strip_prefix(MARK) {
        Some(rest) => format!("{:1$}{rest}", "", MARK.len_utf8()).into(),
        None => text.into(),
    };
    let mut reader = Reader::new(limits);
    let scenario = reader.read(&json);
    match scenario {
        Some(scenario) if reader.problems.is_empty() => Ok(scenario),
        Some(_) | None => Err(reader.problems.finish(text)),
    }
}

/// Reads a scenario file that may not even be text.
///
/// # Errors
/// As [`read`]; bytes that are not UTF-8 are one problem. Where it is, is told in terms of
/// [`String::from_utf8_lossy`], which is what [`render`] should be given.
pub fn read_bytes(bytes: &[u8], limits: &Limits) -> Result<Scenario, Vec<Problem>> {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return read(text, limits),
        Err(error) => error,
    };
    let is_utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let place = error.valid_up_to();
    let (found, hint) = if is_utf16 {
        ("UTF-16".to_owned(), Some("save the file as UTF-8".to_owned()))
    } else {
        (format!("the byte 0x{:02x}, which is not UTF-8 here", bytes[place]), None)
    };
    let mut problems = Problems::default();
    let span = problem::Span::new(place, place + 1);
    problems.report_with_hint(span, found, "UTF-8 text", hint);
    let before = String::from_utf8_lossy(&bytes[..place]);
    Err(problems.finish(&before))
}

impl<'l> Reader<'l> {
    /// A reader that has read nothing.
    fn new(limits: &'l Limits) -> Self {
        Self {
            problems: Problems::default(),
            limits,
            names: Names::default(),
            strings: Strings::default(),
            limits_told: Default::default(),
        }
    }
}

impl Reader<'_> {
    /// Reads everything; what comes out is of use only if no problem was noted.
    fn read(&mut self, text: &str) -> Option<Scenario> {
        let root = json::parse(text, self.limits, &mut self.problems)?;
        self.declare(&root);
        let file = ScenarioFile::decode(&root, self)?;
        self.check_head(&file);
        let horizon = file.horizon.get().map_or(SimTime::MAX, |horizon| horizon.value);
        let files = CastFiles {
            each_device: file.each_device,
            servers: file.servers,
            users: file.users,
            rooms: file.rooms,
        };
        let cast = self.make_cast(&files);
        let heal = file.heal.or(None);
        // What lies after the heal is an error of its own, so that the horizon need not be in the way of it.
        let limit = heal.as_ref().map_or(horizon, |heal| horizon.max(heal.value));
        let (steps, faults) = (file.timeline.or(Vec::new()), file.faults.or(Vec::new()));
        if let Some(heal) = &heal {
            self.check_healing(heal, &steps, &faults);
        }
        let story = self.tell(&steps, limit, (&cast, heal.as_ref().map(|heal| heal.span)));
        let faults = self.injuries(&faults, limit, &cast);
        let expect = self.expectations(file.expect.or(Default::default()), &story);
        let mut scenario = Scenario {
            about: file.about.into_option()?.value,
            rules: file
                .rules
                .into_option()?
                .into_iter()
                .filter_map(|rule| rule.value.into_option())
                .collect(),
            seed: file.seed.into_option()?,
            horizon,
            servers: cast.servers,
            users: cast.users,
            devices: cast.devices,
            rooms: cast.rooms,
            messages: std::mem::take(&mut self.names.message_names),
            strings: std::mem::take(&mut self.strings),
            network: file.network.into_option()?,
            timeline: story.timeline,
            faults,
            heal: None,
            expect,
        };
        if let Some(heal) = heal {
            heal::add(&mut scenario, heal.value);
        }
        Some(scenario)
    }

    /// The checks of what stands at the top of a file.
    fn check_head(&mut self, file: &ScenarioFile) {
        if let Some(about) = file.about.get()
            && about.value.trim().is_empty()
        {
            self.problems.report(about.span, "an empty text", "a sentence that says what is shown");
        }
        if let Some(horizon) = file.horizon.get() {
            let most = SimTime::ZERO + self.limits.horizon;
            if horizon.value > most {
                let found = format!("the time {}", horizon.value);
                let expected = format!("at most {most} (limit \"horizon\")");
                self.problems.report(horizon.span, found, expected);
            } else if horizon.value == SimTime::ZERO {
                self.problems.report(horizon.span, "no time at all", "a horizon after the start");
            }
        }
        let mut seen: Vec<Rule> = Vec::new();
        for rule in file.rules.get().into_iter().flatten() {
            let Some(id) = rule.value.get() else { continue };
            if seen.contains(id) {
                self.problems.report(rule.span, format!("a second {}", id.id()), "it once");
            } else {
                seen.push(*id);
            }
        }
    }
}
