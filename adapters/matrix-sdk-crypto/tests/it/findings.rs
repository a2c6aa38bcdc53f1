//! Every finding that is written down is still one: its room breaks its rule, and does so whatever the glue around the machine does.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use withheld::rulebook::leaf::Leaf;
use withheld::rulebook::rule::Rule;
use withheld::run::clients::{InWorld, References};
use withheld::run::judged::{Judging, run_one};
use withheld::run::simulator::Simulator;
use withheld::scenario::fault::Party;
use withheld::time::SimTime;
use withheld::trace::fact::{Fact, FactKind};
use withheld::trace::sink::Trace;
use withheld_matrix_sdk::casting::Casting;
use withheld_matrix_sdk::role::Role;
use withheld_matrix_sdk::simulator::SdkRooms;

use crate::{file, repository};

fn rooms() -> Vec<PathBuf> {
    let folder = repository("adapters/matrix-sdk-crypto/findings");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut rooms: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending == "json")).collect();
    rooms.sort();
    rooms
}

/// The rules that devices with matrix-sdk-crypto break in a room, without an excuse.
fn broken(simulator: &SdkRooms, path: &Path) -> BTreeSet<Rule> {
    let (judging, scenario) = (Judging::STRICT, file(path));
    let report = run_one(simulator, &scenario, judging, &mut ());
    assert_eq!(simulator.take_breakdowns(), [], "{}", path.display());
    let real = simulator.casting().real(&scenario);
    let own = report.outcome.violations.iter().filter(|one| one.injected.is_none());
    own.filter(|one| matches!(one.party, Party::Device(device) if real.contains(&device)))
        .map(|one| one.rule)
        .collect()
}

#[test]
fn every_finding_breaks_its_rules_whatever_the_glue_does() {
    let rooms = rooms();
    assert!(rooms.len() >= 10, "{rooms:?}");
    for path in &rooms {
        let rules = file(path).rules;
        if rules.is_empty() {
            let name = path.file_name().unwrap().to_str().unwrap();
            let known = [NO_RULE, CLAIMS].contains(&name);
            assert!(known, "{name} says which rules it is about");
            continue;
        }
        let kept = |role| {
            let glue = [SdkRooms::default(), SdkRooms::careful()];
            let broken = glue.map(|rooms| broken(&rooms.cast(Casting::in_role(role)), path));
            let is_kept = |rule: &&Rule| !broken.iter().all(|all| all.contains(rule));
            rules.iter().filter(is_kept).copied().collect::<Vec<_>>()
        };
        // With the crate on all devices, if that will do.
        let left = [Role::Both, Role::Sender, Role::Recipient].map(kept);
        assert!(left.iter().any(Vec::is_empty), "{}: {left:?} are not broken", path.display());
    }
}

/// The room of a finding that no rule forbids: who loses a store may lose messages, but not for ever.
const NO_RULE: &str = "what_a_rolled_back_store_has_lost_stays_lost.json";

/// The room of another one: nothing says how often keys may be claimed.
const CLAIMS: &str = "who_waits_for_a_session_claims_with_every_sync.json";

#[test]
fn who_waits_for_a_session_claims_with_every_sync() {
    let scenario = file(&repository("adapters/matrix-sdk-crypto/findings").join(CLAIMS));
    let claims = |simulator: &dyn Simulator| {
        let mut trace = Trace::default();
        run_one(simulator, &scenario, Judging::STRICT, &mut trace);
        let is_claim = |fact: &&Fact| matches!(fact.kind, FactKind::Claim { .. });
        let minute = SimTime::from_ms(60_000);
        trace.facts().iter().filter(is_claim).filter(|claim| claim.at < minute).count()
    };
    for simulator in [SdkRooms::default(), SdkRooms::careful()] {
        assert!(
            claims(&simulator) > 90,
            "as many as there are one-time keys: {}",
            claims(&simulator)
        );
    }
    assert!(claims(&InWorld(References)) < 10, "who waits longer after each failure makes few");
}

#[test]
fn what_was_lost_with_a_store_stays_lost() {
    let folder = repository("adapters/matrix-sdk-crypto/findings");
    let judging = Judging::STRICT;
    let scenario = file(&folder.join(NO_RULE));
    for simulator in [SdkRooms::default(), SdkRooms::careful()] {
        let report = run_one(&simulator, &scenario, judging, &mut ());
        let verdicts = report.outcome.verdicts.iter();
        let leaves: Vec<Leaf> = verdicts.map(|verdict| verdict.leaf).collect();
        let (read, lost) = (Leaf::Delivered, Leaf::Wedged);
        assert_eq!(leaves, [read, read, lost, lost, lost]);
    }
}

#[test]
fn the_page_names_every_room_and_every_room_of_the_page_is_there() {
    let page = repository("adapters/matrix-sdk-crypto/findings/README.md");
    let page = std::fs::read_to_string(page).unwrap();
    for path in rooms() {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(page.contains(&format!("`{name}`")), "{name} is not on the page");
    }
    let named = page.split('`').filter(|text| text.ends_with(".json") && !text.contains('/'));
    let folder = repository("adapters/matrix-sdk-crypto/findings");
    for name in named {
        assert!(folder.join(name).is_file(), "{name} is on the page and not there");
    }
}
