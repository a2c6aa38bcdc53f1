//! Scratch.
#![allow(missing_docs, clippy::all)]
use std::collections::BTreeMap;
use withheld::engine::choices::Seeded;
use withheld::generate::{self, plan::Plan};
use withheld::rulebook::reading::{ReadingName, Severity};
use withheld::rulebook::rule::Rule;
use withheld::run::clients::{InWorld, References};
use withheld::run::judged::{DigestCheck, Judging, run_one};
use withheld::trace::sink::FactSink;
struct Nothing;
impl FactSink for Nothing {
    fn record(&mut self, _: &withheld::trace::fact::Fact) {}
}
fn main() {
    let mut args = std::env::args().skip(1);
    if std::env::args().nth(1).as_deref() == Some("x") {
        args.next();
        let file = args.next().unwrap();
        let rule = args.next().unwrap();
        let rule = Rule::ALL.iter().copied().find(|r| r.id() == rule).unwrap();
        let s = withheld::scenario::file::read_bytes(
            &std::fs::read(&file).unwrap(),
            &withheld::scenario::limits::Limits::FILES,
        )
        .unwrap();
        let why = withheld::run::why::explained(
            &InWorld(References),
            &s,
            Judging { reading: ReadingName::Strict, digest: DigestCheck::Free },
            withheld::run::why::Wanted { rule: Some(rule), ..Default::default() },
        );
        println!(
            "{}",
            withheld::report::explanation::text(
                &withheld::report::explanation::Explained {
                    path: &file,
                    scenario: &s,
                    why: &why,
                    more: "x"
                },
                withheld::report::room::Layout {
                    columns: 150,
                    paint: withheld::report::paint::Paint::Plain
                }
            )
        );
        if let Some(out) = args.next() {
            use std::io::Write;
            let mut w = std::io::BufWriter::new(std::fs::File::create(out).unwrap());
            for f in why.trace.facts() {
                writeln!(w, "{f:?}").unwrap();
            }
        }
        return;
    }
    let from: u64 = args.next().unwrap().parse().unwrap();
    let count: u64 = args.next().unwrap().parse().unwrap();
    let neighbours = args.next().map_or(true, |a| a == "n");
    let dir = args.next().unwrap_or("/tmp/alarms".into());
    std::fs::create_dir_all(&dir).unwrap();
    let plan = Plan { neighbours, ..Plan::default() };
    let mut found: BTreeMap<String, (u64, Vec<u64>)> = BTreeMap::new();
    let mut marks = withheld::check::outcome::Marks::default();
    let (mut actions, mut facts) = (0u64, 0u64);
    let mut ends = BTreeMap::new();
    let start = std::time::Instant::now();
    for seed in from..from + count {
        let s = generate::scenario(&plan, &mut Seeded::new(seed));
        let r = run_one(
            &InWorld(References),
            &s,
            Judging { reading: ReadingName::Strict, digest: DigestCheck::Free },
            &mut Nothing,
        );
        actions += r.actions;
        facts += r.facts;
        *ends.entry(format!("{:?}", r.outcome.end)).or_insert(0u64) += 1;
        marks.merge(&r.outcome.marks);
        let mut seen = std::collections::BTreeSet::new();
        for v in &r.outcome.violations {
            let server = matches!(v.party, withheld::scenario::fault::Party::Server(_));
            if v.injected.is_some() || !plan.subject.is_on_trial(&s, v.party) {
                continue;
            }
            let _ = server;
            let kind = format!(
                "{} {:?} {}",
                v.rule.id(),
                v.severity,
                if server { "server" } else { "device" }
            );
            if seen.insert(kind.clone()) {
                let e = found.entry(kind).or_default();
                e.0 += 1;
                if e.1.len() < 3 {
                    e.1.push(seed);
                    std::fs::write(
                        format!(
                            "{dir}/{}-{}-{seed}.json",
                            v.rule.id(),
                            if v.severity == Severity::Warning { "w" } else { "v" }
                        ),
                        withheld::scenario::file::write(&s),
                    )
                    .unwrap();
                }
            }
        }
        for u in &r.outcome.unhealed {
            if let withheld::check::outcome::WayBack::Due(rule) = u.way_back {
                let e = found.entry(format!("unhealed {}", rule.id())).or_default();
                e.0 += 1;
                if e.1.len() < 3 {
                    e.1.push(seed);
                    std::fs::write(
                        format!("{dir}/unhealed-{}-{seed}.json", rule.id()),
                        withheld::scenario::file::write(&s),
                    )
                    .unwrap();
                }
            }
        }
    }
    let secs = start.elapsed().as_secs_f64();
    println!(
        "{count} rooms {secs:.1}s {:.0} rooms/s {:.2} M actions/s mean actions {} facts {} ends {ends:?}",
        count as f64 / secs,
        actions as f64 / secs / 1e6,
        actions / count,
        facts / count
    );
    for (k, (n, seeds)) in &found {
        println!("{k}: {n} e.g. {seeds:?}");
    }
    let mut rare: Vec<(u64, &str)> = Rule::ALL.iter().map(|r| (marks.of(*r), r.id())).collect();
    rare.sort();
    println!("rare: {:?}", rare.iter().filter(|r| r.0 < count / 1000).collect::<Vec<_>>());
}
