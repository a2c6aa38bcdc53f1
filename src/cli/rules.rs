//! `withheld rules`: the rule book, with how often each rule was met and broken in the scenario files.
//! It does not know what a rule asks; the rule book does.

use std::io::Write;

use crate::report::rules::{rules_document, rules_view};
use crate::report::text::safe;
use crate::rulebook::rule::Rule;
use crate::run::judged::{Judging, run_one};
use crate::run::kept::Kept;
use crate::run::panic::caught;
use crate::run::simulator::Simulator;
use crate::run::status::Exit;
use crate::run::survey::Survey;

use super::args::{RulesArgs, RunArgs};
use super::failure::Failure;
use super::inputs;
use super::named::unknown;
use super::streams::{Streams, write_json};

/// Carries the command out: every file is run once, and the rules are printed.
pub(super) fn rules(
    simulator: &dyn Simulator,
    args: &RulesArgs,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let rules = wanted(&args.rule)?;
    let bad = |problems| Failure::Input { problems, therefore: "nothing was run".to_owned() };
    let paths = if args.paths.is_empty() && RunArgs::default_folder_exists() {
        RunArgs::default().paths
    } else {
        args.paths.clone()
    };
    // Without files the rule book is listed all the same.
    let paths = if paths.is_empty() { paths } else { inputs::find(&paths).map_err(bad)? };
    let files = inputs::read_all(paths, streams.terminal.err).map_err(bad)?;
    let judging = Judging::of(args.reading.reading());
    let mut survey = Survey::default();
    for input in &files {
        let ran = caught(|| run_one(simulator, &input.scenario, judging, &mut Kept::default()));
        let panicked = |panic| Failure::Panicked(vec![(input.name.clone(), panic)]);
        survey.add(&input.name, &input.scenario, &ran.map_err(panicked)?.outcome);
    }
    let out = &mut streams.out;
    let printed = if args.printed.is_json() {
        write_json(out, &rules_document(&rules, &survey))
    } else {
        let (columns, paint) = (streams.terminal.columns, streams.terminal.out);
        write!(out, "{}", rules_view(&rules, &survey, columns, paint))
    };
    printed.map(|()| Exit::Holds).map_err(Failure::Output)
}

/// The rules that were asked for: by id, or all of a family by its letter.
fn wanted(asked: &[String]) -> Result<Vec<Rule>, Failure> {
    if asked.is_empty() {
        return Ok(Rule::ALL.to_vec());
    }
    let mut rules = Vec::new();
    for text in asked {
        let upper = text.to_uppercase();
        let fits = |rule: &&Rule| rule.id() == upper || rule.id().split('-').next() == Some(&upper);
        let found: Vec<Rule> = Rule::ALL.iter().filter(fits).copied().collect();
        if found.is_empty() {
            let known: Vec<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
            let what = "families K R V W N P U C T D Q F B H O or of the rules";
            return Err(unknown(&format!("found {}", safe(text)), what, &upper, &known));
        }
        rules.extend(found);
    }
    rules.sort_unstable();
    rules.dedup();
    Ok(rules)
}
