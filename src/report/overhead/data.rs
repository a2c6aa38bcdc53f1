//! A comparison of policies as JSON and as CSV.
//! It leaves nothing out: JSON has every estimate, CSV every figure of every run.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::overhead::comparison::{Comparison, Played};
use crate::overhead::measure::Measure;
use crate::overhead::stats::Estimate;
use crate::report::page::Plot;
use crate::report::text::safe;

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

#[derive(Debug, Deserialize)]
struct WithPlots {
    format_version: u32,
    plots: Vec<Plot>,
}

/// The plots in a comparison that was printed as JSON.
///
/// # Errors
/// If it is something else.
pub fn read_plots(bytes: &[u8]) -> Result<Vec<Plot>, String> {
    let read: WithPlots = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if read.format_version != 1 {
        return Err(format!("found format_version {}, expected 1", read.format_version));
    }
    let mut plots = read.plots;
    for plot in &mut plots {
        for text in [&mut plot.title, &mut plot.x, &mut plot.y] {
            *text = safe(text);
        }
        for series in &mut plot.series {
            series.name = safe(&series.name);
        }
    }
    Ok(plots)
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

#[cfg(test)]
mod tests {
    use super::{overhead_csv, overhead_document, read_plots};
    use crate::overhead::measure::Measure;
    use crate::report::overhead::sample::comparison;
    use crate::report::page::{Marks, Plot, Series};

    fn plot() -> Plot {
        let series = vec![Series { name: "both".to_owned(), points: vec![(0, 1), (5, 9)] }];
        let text = |text: &str| text.to_owned();
        Plot { title: text("a\u{1b}"), x: text("x"), y: text("y"), marks: Marks::Lines, series }
    }

    #[test]
    fn every_figure_of_every_run_is_a_line() {
        let comparison = comparison();
        let mut written = Vec::new();
        overhead_csv(&comparison, &mut written).unwrap();
        let text = String::from_utf8(written).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "world,policy,seed,measure,unit,value");
        let runs = comparison.worlds.iter().flat_map(|world| world.runs.iter().flatten());
        let figures: usize = runs
            .map(|run| Measure::ALL.iter().filter(|one| run.figures.get(**one).is_some()).count())
            .sum();
        assert_eq!(lines.len(), figures + 1);
        let messages = comparison.worlds[0].runs[1][1].figures.get(Measure::Messages).unwrap();
        let line = format!("family-quiet-healthy,both,5,messages,count,{messages}");
        assert!(lines.contains(&line.as_str()), "{line}");
        assert!(text.contains("\n\"a, \"\"world\"\"\u{1b}\",both,4,"), "names are fields");
    }

    #[test]
    fn data_have_means_and_differences_and_the_plots_can_be_read_back() {
        let comparison = comparison();
        let plots = [plot()];
        let json = serde_json::to_value(overhead_document(&comparison, &plots)).unwrap();
        assert_eq!((&json["format_version"], &json["baseline"]), (&1.into(), &"both".into()));
        let policies = &json["worlds"][0]["policies"];
        let notices = |place: usize| policies[place]["measures"]["notices"].clone();
        assert_eq!(notices(0)["mean"], 0);
        assert_eq!(notices(1)["difference"], serde_json::Value::Null);
        let milli = comparison.mean(0, 1, Measure::Notices).unwrap();
        let shown = notices(0)["difference"]["mean"].to_string();
        assert_eq!(shown.trim_end_matches(".0"), super::exact(-milli));
        assert_eq!(notices(0)["difference"]["pairs"], 2);
        assert!(policies[0]["measures"]["decrypted"]["difference"]["same"].is_boolean());
        assert_eq!(json["measures"].as_array().unwrap().len(), Measure::ALL.len());
        assert_eq!(json["summary"][2]["totals"]["unsent"], 0);
        let read = read_plots(json.to_string().as_bytes()).unwrap();
        assert_eq!(read[0].title, "a\\u{1b}");
        assert_eq!(read[0].series, plots[0].series);
        assert!(read_plots(b"{\"format_version\":2,\"plots\":[]}").is_err());
        assert!(read_plots(b"{}").is_err());
    }
}
