//! One explanation as a Mermaid sequence diagram: a lane for everybody who observed something, an arrow for what went from
//! one to another. It does not know more of Mermaid than how to keep names from being read as anything but text.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::explain::slice::Slice;
use crate::ids::{FactId, UserId};
use crate::report::narrate;
use crate::report::picture::carrier::{Carrier, carrier};
use crate::report::picture::lanes::Lanes;
use crate::report::words::Word;
use crate::run::why::Answer;
use crate::trace::fact::{Fact, FactKind, Observer};
use crate::trace::kind::Kind;

use super::{Explained, Teller};

/// A diagram has so many arrows and notes at the most.
const ARROWS: usize = 200;

/// The first of the explanations as a Mermaid diagram.
#[must_use]
pub fn mermaid(explained: &Explained<'_>) -> String {
    let teller = Teller::new(explained);
    let mut text = String::from("sequenceDiagram\n");
    match explained.why.answers.first() {
        Some(answer) => text.push_str(&diagram(&teller, answer)),
        None => text.push_str("  participant w as nothing to explain\n"),
    }
    text
}

fn diagram(teller: &Teller<'_>, answer: &Answer) -> String {
    let Slice { links, left_out } = &answer.slice;
    let shown = &links[..links.len().min(ARROWS)];
    let observers = shown.iter().map(|link| link.fact.observer);
    let missed = shown.iter().filter_map(|link| missed_by(&link.fact));
    let seen: BTreeSet<Observer> = observers.chain(missed).collect();
    let all = Lanes::of(teller.names.scenario);
    let lanes: Vec<Observer> = all.iter().filter(|lane| seen.contains(lane)).collect();
    let mut text = participants(teller, &lanes);
    let title = teller.head(answer).title;
    if let (Some(first), Some(last)) = (lanes.first(), lanes.last()) {
        line(&mut text, &format!("Note over {},{}: {}", name(*first), name(*last), plain(&title)));
    }
    let lane_of: BTreeMap<FactId, Observer> =
        shown.iter().map(|link| (link.fact.id, link.fact.observer)).collect();
    // What a user or a fault set off arrives once: what comes of it later on the same lane is no second arrow.
    let mut arrived: BTreeSet<(FactId, Observer)> = BTreeSet::new();
    for link in shown {
        let fact = &link.fact;
        let said =
            format!("#{} at {}, {}", fact.id.raw(), fact.at, narrate::clause(&teller.names, fact));
        let to = name(fact.observer);
        // What was lost leaves the lane where it was lost, and does not arrive.
        if let Some(whom) = missed_by(fact) {
            line(&mut text, &format!("{to}{LOST}{}: {}", name(whom), plain(&said)));
            continue;
        }
        let other = link.causes.iter().rev().find_map(|cause| {
            let lane = *lane_of.get(cause).filter(|lane| **lane != fact.observer)?;
            Some((*cause, lane))
        });
        let mut is_new =
            |cause, from| from != Observer::World || arrived.insert((cause, fact.observer));
        match other {
            Some((cause, from)) if is_new(cause, from) => {
                let arrow = arrow(from, fact);
                line(&mut text, &format!("{}{arrow}{to}: {}", name(from), plain(&said)));
            }
            Some(_) | None => line(&mut text, &format!("Note over {to}: {}", plain(&said))),
        }
    }
    let rest = left_out + links.len() - shown.len();
    if let Some(lane) = lanes.first().filter(|_| rest > 0) {
        let said = format!("{rest} more, further away, left out");
        line(&mut text, &format!("Note over {}: {said}", name(*lane)));
    }
    text
}

/// The lanes, those of one user in a box.
fn participants(teller: &Teller<'_>, lanes: &[Observer]) -> String {
    let scenario = teller.names.scenario;
    let user_of = |lane: &Observer| match lane {
        Observer::Device(device) => Some(scenario.user_of(*device)),
        Observer::World | Observer::Server(_) => None,
    };
    let mut text = String::new();
    for together in lanes.chunk_by(|one, other| user_of(one) == user_of(other)) {
        let user: Option<UserId> = together.first().and_then(user_of);
        if let Some(user) = user {
            line(&mut text, &format!("box transparent {}", plain(&teller.names.user(user))));
        }
        for lane in together {
            line(&mut text, &format!("participant {} as {}", name(*lane), heading(teller, *lane)));
        }
        if user.is_some() {
            line(&mut text, "end");
        }
    }
    text
}

/// The arrow of a to-device message that does not arrive.
const LOST: &str = "--x";

/// Who does not get what was lost.
const fn missed_by(fact: &Fact) -> Option<Observer> {
    let FactKind::Lost { recipient, .. } = fact.kind else { return None };
    Some(Observer::Device(recipient))
}

/// The arrow to a fact: what carried it is told by the line and the head.
fn arrow(from: Observer, fact: &Fact) -> &'static str {
    if from == Observer::World {
        return "-)";
    }
    match carrier(Kind::of(&fact.kind)) {
        Carrier::Request => "-->>",
        Carrier::ToDevice => "--)",
        Carrier::RoomEvent => "->>",
    }
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "  {line}").expect("a String takes what is written");
}

/// The name of a lane inside the diagram.
fn name(lane: Observer) -> String {
    match lane {
        Observer::World => "w".to_owned(),
        Observer::Server(server) => format!("s{}", server.raw()),
        Observer::Device(device) => format!("d{}", device.raw()),
    }
}

/// What stands above a lane.
fn heading(teller: &Teller<'_>, lane: Observer) -> String {
    match lane {
        Observer::World => "users and faults".to_owned(),
        Observer::Server(_) | Observer::Device(_) => plain(&lane.word(&teller.names)),
    }
}

/// `text` with everything that could mean something to Mermaid as the number of its character.
fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || " .,_()".contains(c) {
            safe.push(c);
        } else {
            write!(safe, "#{};", u32::from(c)).expect("a String takes what is written");
        }
    }
    safe
}
