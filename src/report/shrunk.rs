//! A failing scenario that was made small, in words and as data: how it fails, how large it was and is, what was tried.
//! It does not run anything.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::minimise::history::{Attempt, Fate};
use crate::minimise::names::Renamed;
use crate::minimise::size::Size;
use crate::run::failure::{Failure, NotSentKind};
use crate::run::shrunk::Shrunk;
use crate::run::why::Subject;
use crate::scenario::file;
use crate::scenario::model::Scenario;

use super::names::{Names, expected};
use super::text::{count, grouped, list, safe};

/// So many new names are told.
const NAMES: usize = 24;

/// What is told about a scenario that was made small.
#[derive(Debug, Clone, Copy)]
pub struct ShrunkTold<'a> {
    /// The file that it was made of.
    pub path: &'a str,
    /// What came of it.
    pub shrunk: &'a Shrunk,
    /// What else is wrong with the file, in words.
    pub others: &'a [String],
    /// Commands that show the small room, each with what it shows.
    pub commands: &'a [(&'static str, String)],
    /// Whether what was tried is told.
    pub history: bool,
}

/// What is wrong, in a clause: `A1 breaks W-09`.
#[must_use]
pub fn clause(scenario: &Scenario, failure: &Failure, subject: Option<&Subject>) -> String {
    let names = Names::of(scenario);
    let whom = |fallback: &str| match subject {
        Some(Subject::Broken(one)) => names.party(one.party),
        Some(Subject::Cell(_) | Subject::Unsent(_)) | None => format!("a {fallback}"),
    };
    match failure {
        Failure::NotDeterministic => "two runs are not the same".to_owned(),
        Failure::Broken(signature) => {
            format!("{} breaks {}", whom(signature.party.as_str()), signature.rule.id())
        }
        Failure::NotBroken { rule, party } => {
            format!("no {} breaks {}, which is expected", party.as_str(), rule.id())
        }
        Failure::Verdict { expected: wanted, found } => {
            let found = found.map_or_else(|| "no verdict".to_owned(), expected);
            let cell = match subject {
                Some(Subject::Cell(one)) => {
                    format!("{} at {}", names.message(one.message), names.device(one.device))
                }
                Some(Subject::Broken(_) | Subject::Unsent(_)) | None => "a message".to_owned(),
            };
            format!("{cell} is {found}, and {} is expected", expected(*wanted))
        }
        Failure::Notices { code, expected, found } => {
            let found = grouped(u64::from(*found));
            format!("{found} {} were sent, and {expected} are expected", code.as_str())
        }
        Failure::NotSent(kind) => format!("a message is not sent: {}", not_sent(*kind)),
        Failure::Sent => "a message is sent that should not be".to_owned(),
        Failure::NotHealed { leaf, rule } => {
            format!("after the heal phase a probe is {} by {}", leaf.name(), rule.id())
        }
        Failure::NoReason => "no reason is found for a message that cannot be read".to_owned(),
        Failure::Endless => "clients write to each other without end".to_owned(),
        Failure::Panicked(panic) => format!("a client panics {}", panic.told()),
    }
}

const fn not_sent(kind: NotSentKind) -> &'static str {
    match kind {
        NotSentKind::IdentityChanged => "an identity has changed",
        NotSentKind::WouldWithhold => "a device would be left out",
        NotSentKind::NotInRoom => "its sender is not in the room",
        NotSentKind::NotLoggedIn => "its sender is not logged in",
        NotSentKind::NoEncryption => "there is no encryption",
        NotSentKind::SenderStopped => "its sender stopped",
        NotSentKind::Waiting => "it waits",
    }
}

/// The small scenario with a sentence that says how it fails, and the rule that it is about.
#[must_use]
pub fn titled(shrunk: &Shrunk) -> Scenario {
    let mut scenario = shrunk.scenario.clone();
    let clause = clause(&scenario, &shrunk.failure, shrunk.subject.as_ref());
    scenario.about = shrunk
        .failure
        .rule()
        .map_or_else(|| format!("{clause}."), |rule| format!("{clause}: {}.", rule.text()));
    scenario.rules = shrunk.failure.rule().into_iter().collect();
    scenario
}

/// What was found, for people.
#[must_use]
pub fn summary(told: &ShrunkTold<'_>) -> String {
    let shrunk = told.shrunk;
    let failure = clause(&shrunk.scenario, &shrunk.failure, shrunk.subject.as_ref());
    let mut text = format!("{}: {failure}\n", safe(told.path));
    if let Some(rule) = shrunk.failure.rule() {
        text.push_str(&format!("  {}: {}\n", rule.id(), rule.text()));
    }
    text.push_str(&format!(
        "  before: {}\n  after:  {}\n",
        sized(&shrunk.before),
        sized(&shrunk.after)
    ));
    let candidates = count(shrunk.simulated as u64, "candidate");
    let end = if shrunk.is_minimal {
        "without any single part of it, it does not fail in this way"
    } else {
        "the limit was reached before everything was tried: there may be a smaller room (--limit says how many)"
    };
    text.push_str(&format!("  {candidates} run; {end}\n"));
    if !shrunk.renamed.is_empty() {
        let was = |one: &Renamed| format!("{} was {}", safe(&one.name), safe(&one.was));
        let told: Vec<String> = shrunk.renamed.iter().take(NAMES).map(was).collect();
        let more = shrunk.renamed.len() - told.len();
        let more =
            if more > 0 { format!(" and {} more", grouped(more as u64)) } else { String::new() };
        text.push_str(&format!("  names:  {}{more}\n", told.join(", ")));
    }
    if !told.others.is_empty() {
        let others = list(told.others);
        text.push_str(&format!("  other failures of the file: {others} (--rule picks one)\n"));
    }
    if told.history {
        for attempt in &shrunk.history {
            text.push_str(&format!("    {:8} {}\n", fate(attempt.fate), safe(&attempt.what)));
        }
    }
    for (what, command) in told.commands {
        text.push_str(&format!("{what}: {command}\n"));
    }
    text
}

const fn fate(fate: Fate) -> &'static str {
    match fate {
        Fate::Kept => "kept",
        Fate::Dropped => "dropped",
        Fate::Invalid => "invalid",
    }
}

fn sized(size: &Size) -> String {
    let parts = [
        (size.devices, "device"),
        (size.steps, "step"),
        (size.faults, "fault"),
        (size.users, "user"),
        (size.rooms, "room"),
        (size.servers, "server"),
    ];
    parts.map(|(number, noun)| count(number as u64, noun)).join(", ")
}

/// A scenario that was made small, as data.
#[derive(Debug, Serialize)]
pub struct ShrunkDocument<'a> {
    file: &'a str,
    failure: String,
    rule: Option<&'static str>,
    kinds: Vec<&'a str>,
    before: Sizes,
    after: Sizes,
    simulated: usize,
    minimal: bool,
    others: &'a [String],
    names: Vec<Name<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<Vec<Tried<'a>>>,
    scenario: Box<RawValue>,
}

/// How many there are of each kind of thing.
#[derive(Debug, Serialize)]
struct Sizes {
    devices: usize,
    steps: usize,
    faults: usize,
    users: usize,
    rooms: usize,
    servers: usize,
    messages: usize,
}

/// Something that has another name than in the file.
#[derive(Debug, Serialize)]
struct Name<'a> {
    kind: &'static str,
    name: &'a str,
    was: &'a str,
}

/// Something that was tried.
#[derive(Debug, Serialize)]
struct Tried<'a> {
    what: &'a str,
    came_of_it: &'static str,
    devices: usize,
    steps: usize,
    faults: usize,
}

/// What was found, for programs.
///
/// # Panics
/// Never: a scenario is written as JSON.
#[must_use]
pub fn document<'a>(told: &ShrunkTold<'a>) -> ShrunkDocument<'a> {
    let shrunk = told.shrunk;
    let sizes = |size: &Size| Sizes {
        devices: size.devices,
        steps: size.steps,
        faults: size.faults,
        users: size.users,
        rooms: size.rooms,
        servers: size.servers,
        messages: size.messages,
    };
    let tried = |one: &'a Attempt| Tried {
        what: &one.what,
        came_of_it: fate(one.fate),
        devices: one.size.devices,
        steps: one.size.steps,
        faults: one.size.faults,
    };
    let named = |one: &'a Renamed| Name { kind: one.kind, name: &one.name, was: &one.was };
    let kinds = shrunk.failure.signature().into_iter().flat_map(|signature| &signature.kinds);
    let kinds = kinds.map(String::as_str).collect();
    let written = file::write_brief(&titled(shrunk));
    ShrunkDocument {
        file: told.path,
        failure: clause(&shrunk.scenario, &shrunk.failure, shrunk.subject.as_ref()),
        rule: shrunk.failure.rule().map(|rule| rule.id()),
        kinds,
        before: sizes(&shrunk.before),
        after: sizes(&shrunk.after),
        simulated: shrunk.simulated,
        minimal: shrunk.is_minimal,
        others: told.others,
        names: shrunk.renamed.iter().map(named).collect(),
        history: told.history.then(|| shrunk.history.iter().map(tried).collect()),
        scenario: RawValue::from_string(written.trim_end().to_owned())
            .expect("a scenario is written as JSON"),
    }
}
