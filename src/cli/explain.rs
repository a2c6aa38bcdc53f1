//! `withheld explain`: reads a file, runs it, and prints why it came out as it did.
//! It does not know how an explanation is found or told; it knows what was asked for.

use std::collections::BTreeSet;
use std::io::Write;

use crate::check::outcome::Unsent;
use crate::ids::{DeviceId, MessageId};
use crate::report::explanation::{Explained, document, dot, mermaid, text};
use crate::report::room::Layout;
use crate::report::text::{list, safe};
use crate::rulebook::reading::ReadingName;
use crate::rulebook::rule::Rule;
use crate::run::judged::Judging;
use crate::run::panic::caught;
use crate::run::simulator::Simulator;
use crate::run::status::Exit;
use crate::run::why::{Wanted, Why, explained};
use crate::scenario::fault::Party;
use crate::scenario::model::Scenario;

use super::args::{ExplainArgs, Form};
use super::failure::Failure;
use super::inputs::{self, Input};
use super::named;
use super::quote::quoted;
use super::streams::{Streams, write_json};

/// Carries the command out.
pub(super) fn explain(
    simulator: &dyn Simulator,
    args: &ExplainArgs,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let mut input = read(args, streams)?;
    if let Some(seed) = args.seed {
        input.scenario.seed = seed;
    }
    let wanted = wanted(args, &input.scenario)?;
    let judging = Judging::of(args.reading.reading());
    let mut why = caught(|| explained(simulator, &input.scenario, judging, wanted))
        .map_err(|panic| Failure::Panicked(vec![(input.name.clone(), panic)]))?;
    if why.answers.is_empty() && wanted != Wanted::default() {
        return Err(nothing(args, &input.scenario, &why));
    }
    why.report.remarks = simulator.remarks(&input.scenario, &why.report);
    let told = Explained {
        path: &input.name,
        scenario: &input.scenario,
        why: &why,
        more: &more(args, &input, &why),
    };
    print(&told, args.form(), streams).map_err(Failure::Output)?;
    Ok(Exit::Holds)
}

fn read(args: &ExplainArgs, streams: &Streams<'_>) -> Result<Input, Failure> {
    let bad = |problems: Vec<String>| Failure::Input {
        problems,
        therefore: "nothing was explained".to_owned(),
    };
    if args.file.is_dir() {
        return Err(Failure::usage(format!(
            "FILE: found the folder {}, expected one scenario file",
            super::failure::shown(&args.file)
        )));
    }
    let mut inputs =
        inputs::read_all(vec![args.file.clone()], streams.terminal.err).map_err(bad)?;
    Ok(inputs.remove(0))
}

/// What the flags name.
fn wanted(args: &ExplainArgs, scenario: &Scenario) -> Result<Wanted, Failure> {
    let devices: Vec<&str> = scenario.devices.iter().map(|device| &*device.name).collect();
    let messages: Vec<&str> = scenario.messages.iter().map(|message| &**message).collect();
    let place = |flag, what, name: &str, known: &[&str]| {
        named::place((flag, what), name, kind_of(scenario, name), known)
    };
    let message =
        args.message.as_deref().map(|name| place("--message", "messages", name, &messages));
    let device = args.device.as_deref().map(|name| place("--device", "devices", name, &devices));
    let rule = args.rule.as_deref().map(rule_named);
    Ok(Wanted {
        message: message.transpose()?.map(MessageId::at),
        device: device.transpose()?.map(DeviceId::at),
        rule: rule.transpose()?,
    })
}

/// The rule that `--rule` names.
pub(super) fn rule_named(id: &str) -> Result<Rule, Failure> {
    let rules: Vec<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
    named::place(("--rule", "rules"), &spelled(id), None, &rules).map(|place| Rule::ALL[place])
}

/// A rule as the rule book spells it: `w9` is W-09.
fn spelled(id: &str) -> String {
    let id = id.to_uppercase();
    match (
        id.get(..1),
        id.get(1..).and_then(|number| number.trim_start_matches('-').parse::<u8>().ok()),
    ) {
        (Some(family), Some(number)) => format!("{family}-{number:02}"),
        (None, _) | (_, None) => id,
    }
}

/// What has this name that is none of what a flag asks for.
fn kind_of(scenario: &Scenario, name: &str) -> Option<&'static str> {
    let is_it = |known: &str| known == name;
    let kinds = [
        (scenario.devices.iter().any(|device| is_it(&device.name)), "a device"),
        (scenario.messages.iter().any(|message| is_it(message)), "a message"),
        (scenario.users.iter().any(|user| is_it(&user.name)), "a user"),
        (scenario.servers.iter().any(|server| is_it(&server.name)), "a server"),
        (scenario.rooms.iter().any(|room| is_it(&room.name)), "a room"),
    ];
    kinds.into_iter().find_map(|(is_it, kind)| is_it.then_some(kind))
}

/// Nothing in the run is what was asked for.
fn nothing(args: &ExplainArgs, scenario: &Scenario, why: &Why) -> Failure {
    let outcome = &why.report.outcome;
    let name_of = |party| match party {
        Party::Device(device) => safe(scenario.device_name(device)),
        Party::Server(server) => safe(&scenario.servers[server.index()].name),
        Party::World => "the network".to_owned(),
    };
    let place_of = |(message, device)| {
        format!(
            "{} at {}",
            safe(scenario.message_name(message)),
            safe(scenario.device_name(device))
        )
    };
    let mut flags = Vec::new();
    flags.extend(args.message.as_ref().map(|name| format!("--message {}", safe(name))));
    flags.extend(args.device.as_ref().map(|name| format!("--device {}", safe(name))));
    flags.extend(args.rule.as_ref().map(|name| format!("--rule {}", safe(name))));
    let flags = flags.join(" ");
    if let Some(rule) = &args.rule {
        let named = spelled(rule);
        let mut broken: BTreeSet<String> = BTreeSet::new();
        for violation in &outcome.violations {
            let cell = violation.cell.map(|cell| format!(", {}", place_of(cell)));
            broken.insert(if violation.rule.id() == named {
                format!("{named} by {}{}", name_of(violation.party), cell.unwrap_or_default())
            } else {
                violation.rule.id().to_owned()
            });
        }
        let broken: Vec<String> = broken.into_iter().collect();
        let expected = match &broken[..] {
            [] => "no rule, as none was broken".to_owned(),
            broken => format!("what was broken: {}", list(broken)),
        };
        return Failure::usage(format!("{flags}: found no such violation, expected {expected}"));
    }
    let is_wanted = |one: &&Unsent| {
        args.message.as_deref().is_some_and(|name| name == scenario.message_name(one.message))
    };
    let cells: Vec<String> =
        outcome.verdicts.iter().map(|cell| place_of((cell.message, cell.device))).collect();
    let expected = if let Some(unsent) = outcome.unsent.iter().find(is_wanted) {
        let message = safe(scenario.message_name(unsent.message));
        format!("--message {message} alone, as it was never sent")
    } else if cells.is_empty() {
        "nothing, as no message was sent that another device could read".to_owned()
    } else {
        format!("a message at a device that it was meant for: {}", list(&cells))
    };
    Failure::usage(format!("{flags}: found no such verdict, expected {expected}"))
}

/// The command that explains something else of the same run; what that is has to be filled in.
fn more(args: &ExplainArgs, input: &Input, why: &Why) -> String {
    let command = command(&input.name, args.seed, args.reading.reading());
    let rule = if why.report.outcome.violations.is_empty() { "" } else { ", or --rule RULE" };
    format!("{command} --message M --device D{rule}")
}

/// The command that explains a run of this file.
pub(super) fn command(file: &str, seed: Option<u64>, reading: ReadingName) -> String {
    let mut command = format!("withheld explain {}", quoted(file));
    if let Some(seed) = seed {
        command.push_str(&format!(" --seed {seed}"));
    }
    if reading != ReadingName::Strict {
        command.push_str(&format!(" --rules {}", reading.as_str()));
    }
    command
}

fn print(told: &Explained<'_>, form: Form, streams: &mut Streams<'_>) -> std::io::Result<()> {
    let out = &mut streams.out;
    match form {
        Form::Text => {
            let layout = Layout { columns: streams.terminal.columns, paint: streams.terminal.out };
            out.write_all(text(told, layout).as_bytes())
        }
        Form::Json => write_json(out, &document(told)),
        Form::Dot => out.write_all(dot(told).as_bytes()),
        Form::Mermaid => out.write_all(mermaid(told).as_bytes()),
    }
}
