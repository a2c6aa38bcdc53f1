//! A comparison of policies as JSON and as CSV.
//! It leaves nothing out: JSON has every estimate, CSV every figure of every run.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::overhead::comparison::{Comparison, Played};
use crate::overhead::measure::Measure;
use crate::overhead::stats::Estimate;
use crate::report::page::Plot;

use super::figure::exact;
use super::pareto::{Standing, standings};

/// What policies cost, for a JSON writer.
#[derive(Debug, Serialize)]
pub struct OverheadDocument<'a> {
    format_version: u32,
    baseline: &'a str,
    policies: Vec<PolicyEntry<'a>>,
    measures: Vec<MeasureEntry>,
    worlds: Vec<WorldEntry<'a>>,
    summary: Vec<SummaryEntry<'a>>,
    plots: &'a [Plot],
}

#[derive(Debug, Serialize)]
struct PolicyEntry<'a> {
    policy: &'a str,
    about: &'a str,
}

#[derive(Debug, Serialize)]
struct MeasureEntry {
    measure: &'static str,
    unit: &'static str,
    about: &'static str,
}

#[derive(Debug, Serialize)]
struct WorldEntry<'a> {
    world: &'a str,
    seeds: &'a [u64],
    policies: Vec<PlayedEntry<'a>>,
}

#[derive(Debug, Serialize)]
struct PlayedEntry<'a> {
    policy: &'a str,
    actions: u64,
    unfinished: usize,
    measures: Map<String, Value>,
}

/// A mean, and how it differs from the baseline's in the same rooms.
#[derive(Debug, Serialize)]
struct Entry {
    mean: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<DifferenceEntry>,
}

#[derive(Debug, Serialize)]
struct DifferenceEntry {
    mean: Box<RawValue>,
    half_width: Option<Box<RawValue>>,
    pairs: u32,
    same: bool,
}

#[derive(Debug, Serialize)]
struct SummaryEntry<'a> {
    policy: &'a str,
    per_cent_of_baseline: Map<String, Value>,
    totals: Map<String, Value>,
    explained_permille: Option<u64>,
    pareto_optimal: Option<bool>,
}

/// The comparison as data.
#[must_use]
pub fn overhead_document<'a>(
    comparison: &'a Comparison,
    plots: &'a [Plot],
) -> OverheadDocument<'a> {
    let measures = Measure::ALL.iter().map(|measure| MeasureEntry {
        measure: measure.as_str(),
        unit: measure.unit().as_str(),
        about: measure.about(),
    });
    let policies = comparison.contenders.iter();
    let standings = standings(comparison);
    OverheadDocument {
        format_version: 1,
        baseline: &comparison.contenders[comparison.baseline].0,
        policies: policies.map(|(policy, about)| PolicyEntry { policy, about }).collect(),
        measures: measures.collect(),
        worlds: (0..comparison.worlds.len()).map(|one| world_entry(comparison, one)).collect(),
        summary: (0..comparison.contenders.len())
            .map(|one| summary_entry(comparison, one, &standings))
            .collect(),
        plots,
    }
}

fn world_entry(comparison: &Comparison, world: usize) -> WorldEntry<'_> {
    let played: &Played = &comparison.worlds[world];
    let mut policies = Vec::new();
    for (contender, (policy, _)) in comparison.contenders.iter().enumerate() {
        let runs = &played.runs[contender];
        policies.push(PlayedEntry {
            policy,
            actions: runs.iter().map(|run| run.actions).sum(),
            unfinished: runs.iter().filter(|run| !run.is_whole).count(),
            measures: measures_of(comparison, world, contender),
        });
    }
    WorldEntry { world: &played.world, seeds: &played.seeds, policies }
}

fn measures_of(comparison: &Comparison, world: usize, contender: usize) -> Map<String, Value> {
    let mut entries = Map::new();
    for measure in Measure::ALL {
        let Some(mean) = comparison.mean(world, contender, *measure) else { continue };
        let difference = comparison
            .difference(world, contender, *measure)
            .filter(|_| contender != comparison.baseline);
        let difference = difference.map(|difference| difference_entry(&difference.by));
        entries
            .insert(measure.as_str().to_owned(), value(&Entry { mean: number(mean), difference }));
    }
    entries
}

fn difference_entry(by: &Estimate) -> DifferenceEntry {
    DifferenceEntry {
        mean: number(by.mean_milli),
        half_width: by.half_milli.map(number),
        pairs: by.pairs,
        same: by.same,
    }
}

fn summary_entry<'a>(
    comparison: &'a Comparison,
    contender: usize,
    standings: &[Standing],
) -> SummaryEntry<'a> {
    let policy = comparison.contenders[contender].0.as_str();
    let mut relative = Map::new();
    let mut totals = Map::new();
    for measure in Measure::ALL {
        let by = comparison.relative(contender, *measure);
        if let Some(by) = by.filter(|_| contender != comparison.baseline) {
            relative.insert(measure.as_str().to_owned(), value(&difference_entry(&by)));
        }
        totals.insert(measure.as_str().to_owned(), comparison.sum(contender, *measure).into());
    }
    let standing = standings.iter().find(|one| one.policy == policy);
    SummaryEntry {
        policy,
        per_cent_of_baseline: relative,
        totals,
        explained_permille: super::pareto::explained(comparison, contender),
        pareto_optimal: standing.map(|one| one.is_best),
    }
}

fn number(milli: i64) -> Box<RawValue> {
    RawValue::from_string(exact(milli)).expect("a decimal number is JSON")
}

fn value(entry: &impl Serialize) -> Value {
    serde_json::to_value(entry).expect("numbers, texts and flags are JSON")
}

/// Writes every figure of every run: a line each, with a line of names above (RFC 4180).
///
/// # Errors
/// The first error of `out`.
pub fn overhead_csv(comparison: &Comparison, mut out: impl Write) -> io::Result<()> {
    writeln!(out, "world,policy,seed,measure,unit,value")?;
    for world in &comparison.worlds {
        for ((policy, _), runs) in comparison.contenders.iter().zip(&world.runs) {
            for (seed, run) in world.seeds.iter().zip(runs) {
                for measure in Measure::ALL {
                    let Some(figure) = run.figures.get(*measure) else { continue };
                    let (name, unit) = (measure.as_str(), measure.unit().as_str());
                    let place = field(&world.world);
                    writeln!(out, "{place},{policy},{seed},{name},{unit},{figure}")?;
                }
            }
        }
    }
    Ok(())
}

/// A text as a field: in quotes if it holds what ends a field.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
