//! The page of one run: lanes of facts, the verdicts beside them, what led to each, and what every device had when.
//! It does not choose what is explained.

use std::io::{self, Write};

use serde::Serialize;

use crate::check::outcome::Outcome;
use crate::report::explanation::Explained;
use crate::report::names::Names;
use crate::report::paint::Paint;
use crate::report::picture::lanes::{Lanes, felt_by};
use crate::report::room::{Layout, Told, room_view};
use crate::report::text::{count, grouped, safe};
use crate::report::words::Word;
use crate::run::kept::Kept;
use crate::run::why::Why;
use crate::time::SimTime;
use crate::trace::fact::Observer;
use crate::trace::sink::FactSink;

use super::assets::{RUN_BODY, RUN_SCRIPT};
use super::cells::Verdicts;
use super::facts::{Columns, KindOf, chosen, headings, kinds};
use super::html::Page;
use super::state::{Change, changes, slots};

/// A page has so many facts at the most; of a longer run it says what it leaves out.
pub const FACTS: usize = 10_000;
/// So many explanations are in a page at the most.
pub const ANSWERS: usize = 200;
/// So many changes of devices are followed at the most.
const CHANGES: usize = 20_000;
/// How wide the text is that stands in for the page where scripts do not run.
const COLUMNS: usize = 100;

/// A run with everything that is needed for its page.
#[derive(Debug, Clone, Copy)]
pub struct Pictured<'a> {
    /// The run, its facts, and what is explained of it.
    pub explained: Explained<'a>,
    /// The command that shows the same as text.
    pub replay: &'a str,
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    file: String,
    about: String,
    status: &'static str,
    exit: u8,
    seed: u64,
    digest: String,
    reading: &'static str,
    end: String,
    ended_at: u64,
    number_of_facts: u64,
    replay: &'a str,
    explain: &'a str,
    notes: Vec<String>,
    lanes: Vec<Lane>,
    servers: Vec<String>,
    users: Vec<(String, usize)>,
    rooms: Vec<String>,
    /// The name of each message, the lane of its sender and its room; -1 if no step sends it.
    messages: Vec<(String, i64, i64)>,
    faults: Vec<Window>,
    kinds: Vec<KindOf>,
    topics: Vec<&'static str>,
    carriers: Vec<&'static str>,
    facts: Columns,
    slots: Vec<&'static str>,
    changes: Option<Vec<Change>>,
    #[serde(flatten)]
    verdicts: Verdicts,
}

/// A lane: `w`orld, `s`erver or `d`evice, with its number among those.
#[derive(Debug, Serialize)]
struct Lane {
    is: char,
    name: String,
    number: usize,
    user: i64,
    server: i64,
}

/// The window of a fault.
#[derive(Debug, Serialize)]
struct Window {
    name: String,
    from: u64,
    /// `None`: to the end.
    until: Option<u64>,
    /// The lanes that feel it; all if there is none.
    lanes: Vec<usize>,
}

/// Writes the page of a run.
///
/// # Errors
/// The first error of `out`.
pub fn run_page(out: impl Write, pictured: &Pictured<'_>) -> io::Result<()> {
    let document = document(pictured);
    let title = format!("{} - withheld", document.file);
    Page {
        title: &title,
        body: RUN_BODY,
        data: &document,
        script: RUN_SCRIPT,
        otherwise: &in_text(pictured),
    }
    .write(out)
}

fn document<'a>(pictured: &Pictured<'a>) -> Document<'a> {
    let Pictured { explained, replay } = pictured;
    let Explained { path, scenario, why, more } = *explained;
    let Why { report, trace, answers, others } = why;
    let names = Names::of(scenario);
    let lanes = Lanes::of(scenario);
    let facts = trace.facts();
    let shown = chosen(facts, answers, FACTS);
    let changes = changes(&names, facts, CHANGES);
    let mut notes = notes(&report.outcome, *others, facts.len(), changes.is_none());
    if let Some(divergence) = &report.divergence {
        notes.insert(0, crate::report::difference::divergence(&names, divergence));
    }
    let (topics, carriers) = headings();
    let messages = (0..scenario.messages.len()).map(crate::ids::MessageId::at);
    Document {
        file: safe(path),
        about: safe(&scenario.about),
        status: report.status.as_str(),
        exit: report.status.exit().code(),
        seed: report.seed,
        digest: format!("{:016x}", report.digest),
        reading: report.outcome.reading.name.as_str(),
        end: report.outcome.end.word(&names),
        ended_at: report.ended_at.as_ms(),
        number_of_facts: report.facts,
        replay,
        explain: more,
        notes,
        lanes: lanes.iter().map(|lane| lane_of(&names, lane)).collect(),
        servers: scenario.servers.iter().map(|server| safe(&server.name)).collect(),
        users: scenario.users.iter().map(|user| (safe(&user.name), user.server.index())).collect(),
        rooms: scenario.rooms.iter().map(|room| safe(&room.name)).collect(),
        messages: messages.map(|message| message_of(&names, &lanes, message)).collect(),
        faults: windows(&names, &lanes),
        kinds: kinds(),
        topics,
        carriers,
        facts: Columns::of(&names, &lanes, facts, shown.as_ref()),
        slots: slots(),
        changes,
        verdicts: Verdicts::of(explained),
    }
}

/// What the page does not show.
fn notes(outcome: &Outcome, others: usize, facts: usize, is_stateless: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if facts > FACTS {
        notes.push(format!(
            "Of {}, {} are left out: a page has those that its explanations need, the steps of users, and the first others. \
             `withheld run FILE --trace facts.jsonl` writes all of them.",
            count(facts as u64, "fact"),
            grouped((facts - FACTS) as u64),
        ));
    }
    if others > 0 {
        notes.push(format!(
            "{} of verdicts, most of them much like those here, are left out: `withheld explain` tells any of them.",
            count(others as u64, "explanation"),
        ));
    }
    if is_stateless {
        notes.push(
            "What devices have at a time is left out: it changes too often in this run.".to_owned(),
        );
    }
    if outcome.is_inconclusive() {
        notes.push("Not everything was decided when the run ended.".to_owned());
    }
    notes
}

fn number(one: Option<usize>) -> i64 {
    one.and_then(|one| i64::try_from(one).ok()).unwrap_or(-1)
}

fn lane_of(names: &Names<'_>, lane: Observer) -> Lane {
    let scenario = names.scenario;
    match lane {
        Observer::World => {
            Lane { is: 'w', name: "users and faults".to_owned(), number: 0, user: -1, server: -1 }
        }
        Observer::Server(server) => Lane {
            is: 's',
            name: names.server(server),
            number: server.index(),
            user: -1,
            server: number(Some(server.index())),
        },
        Observer::Device(device) => Lane {
            is: 'd',
            name: names.device(device),
            number: device.index(),
            user: number(Some(scenario.user_of(device).index())),
            server: number(Some(scenario.server_of(device).index())),
        },
    }
}

fn message_of(
    names: &Names<'_>,
    lanes: &Lanes,
    message: crate::ids::MessageId,
) -> (String, i64, i64) {
    let origin = names.origin(message);
    let sender = origin.map(|origin| lanes.place(Observer::Device(origin.sender)));
    (names.message(message), number(sender), number(origin.map(|origin| origin.room.index())))
}

fn windows(names: &Names<'_>, lanes: &Lanes) -> Vec<Window> {
    let faults = names.scenario.faults.iter().enumerate();
    let window = |(place, fault): (usize, &crate::scenario::fault::Fault)| Window {
        name: names.fault(crate::ids::FaultId::at(place)),
        from: fault.from.as_ms(),
        until: (fault.until != SimTime::MAX).then(|| fault.until.as_ms()),
        lanes: felt_by(fault).into_iter().map(|lane| lanes.place(lane)).collect(),
    };
    faults.map(window).collect()
}

/// The run as text.
fn in_text(pictured: &Pictured<'_>) -> String {
    let Explained { path, scenario, why, .. } = pictured.explained;
    let mut kept = Kept::witnesses_of(&why.report.outcome);
    why.trace.facts().iter().for_each(|fact| kept.record(fact));
    let told = Told {
        path,
        scenario,
        report: &why.report,
        kept: &kept,
        replay: pictured.replay,
        why: None,
    };
    room_view(&told, Layout { columns: COLUMNS, paint: Paint::Plain })
}
