//! Rooms that never come to rest: their runs are cut, and a client to which that happens fails.
//! What is judged of such a run is not looked at.

use std::fs;
use std::path::Path;

use withheld::client::reference::Reference;
use withheld::client::{Because, Client, Command, Context, Input, Out, RequestNo};
use withheld::generate::plan::Plan;
use withheld::ids::DeviceId;
use withheld::property::{Config, checked};
use withheld::protocol::api::Request;
use withheld::rulebook::reading::ReadingName;
use withheld::run::clients::{InWorld, References};
use withheld::run::failure::{Failure, Trial, try_out};
use withheld::run::judged::{Judging, run_one};
use withheld::run::restless::{Act, What};
use withheld::run::simulator::Simulator;
use withheld::scenario::file;
use withheld::scenario::limits::Limits;
use withheld::scenario::model::Scenario;
use withheld::trace::fact::{FactKind, RunEnd};
use withheld::trace::sink::Trace;

use crate::cli::withheld;
use crate::room::scenario;
use crate::wrapped::Wrapping;

/// Every Olm message to Bob is damaged, and his client answers each one with a new session at once.
fn without_end() -> Scenario {
    scenario(
        r#"{
  "format": 1,
  "about": "A client that recovers without a pause",
  "users": {
    "alice": { "devices": ["A1"] },
    "bob": { "devices": { "B1": { "habits": { "unwedge_interval": "0s" } } } }
  },
  "timeline": [{ "at": "10s", "do": "send", "from": "A1", "message": "m1" }],
  "faults": [{ "fault": "olm_corrupted", "which": { "recipient": "B1" } }]
}"#,
    )
}

#[test]
fn a_run_without_an_end_is_cut_where_its_size_says() {
    let scenario = without_end();
    let mut trace = Trace::default();
    let most = Limits::FILES.actions_of(&scenario);
    assert_eq!(most, 20_000 + 2 * (1_000 + 20 * 24 + 100 * 3));
    let simulated = InWorld(References).simulate(&scenario, ReadingName::Strict, &mut trace);
    assert_eq!(simulated.actions, most);
    let last = trace.facts().last().map(|fact| &fact.kind);
    assert_eq!(last, Some(&FactKind::RunEnd(RunEnd::ActionLimit)));
}

/// The request of a restless client, with a number that the reference client never comes to.
const AGAIN: RequestNo = RequestNo(u32::MAX);

/// A client that asks for its backup again with every answer, from the first message on.
fn restless(
    inner: &mut Reference,
    input: &Input<'_>,
    context: &mut Context<'_>,
    out: &mut Out<<Reference as Client>::Durable>,
) {
    let is_own = matches!(input, Input::Answer(AGAIN, _));
    inner.handle(if is_own { &Input::Wake } else { input }, context, out);
    if is_own || matches!(input, Input::Command(Command::Send { .. })) {
        out.request(AGAIN, Request::GetBackup, Because::default());
    }
}

#[test]
fn a_client_without_an_end_fails_with_the_smallest_room_in_which_it_writes_on() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::in_crate(env!("CARGO_MANIFEST_DIR"));
    let config = config.with_cases(100).with_seed(1).with_folder(folder.path());
    let told = checked("mine", &InWorld(Wrapping(restless)), &config).unwrap_err();
    assert!(told.contains("clients write to each other without end"), "{told}");
    let path = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("clients_write_without_end_"), "{name}");
    let room = scenario(&fs::read_to_string(&path).unwrap());
    assert_eq!((room.timeline.len(), room.faults.len()), (1, 0), "one message is all it takes");

    // It fails again at once, and holds with a client that comes to rest.
    let again = checked("mine", &InWorld(Wrapping(restless)), &config).unwrap_err();
    assert!(again.starts_with("mine: rooms that failed before\n"), "{again}");
    assert!(again.contains("clients write to each other without end"), "{again}");
    checked("mine", &InWorld(References), &config.with_cases(0)).unwrap();
}

#[test]
fn where_other_clients_are_in_the_room_nobody_is_to_blame_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::in_crate(env!("CARGO_MANIFEST_DIR")).with_seed(1).with_cases(1);
    let config = config.with_plan(Plan::default()).with_folder(folder.path());
    checked("mine", &InWorld(Wrapping(restless)), &config).unwrap();
    let alone = config.with_plan(Plan { neighbours: false, ..Plan::default() });
    checked("mine", &InWorld(Wrapping(restless)), &alone).unwrap_err();
}

#[test]
fn what_else_is_wrong_comes_before_the_end_that_is_missing() {
    let trial = Trial::of_everybody(ReadingName::Strict);
    let tried = try_out(&InWorld(References), &without_end(), &trial);
    let failures: Vec<&Failure> = tried.found.iter().map(|one| &one.failure).collect();
    assert!(matches!(failures[..], [Failure::Broken(_), .., Failure::Endless]), "{failures:?}");
}

#[test]
fn a_cut_run_says_who_still_writes_to_whom() {
    let scenario = without_end();
    let report = run_one(&InWorld(References), &scenario, Judging::STRICT, &mut ());
    let acts = report.restless.as_ref().map(|restless| &restless.acts[..]);
    let (a1, b1) = (DeviceId::at(0), DeviceId::at(1));
    let round = [
        Act::Sends { device: a1, recipient: b1, what: What::RoomKey },
        Act::Sends { device: b1, recipient: a1, what: What::Dummy },
        Act::Claims { device: b1, target: a1 },
        Act::Uploads { device: a1 },
    ];
    // The last thousand.
    assert_eq!(acts, Some(&round.map(|act| (act, 250))[..]));

    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("a_client_without_a_pause.json");
    fs::write(&path, file::write_brief(&scenario)).unwrap();
    for command in ["run", "explain"] {
        let told = withheld(path.parent().unwrap(), &[command, path.to_str().unwrap()]).stdout;
        let told = String::from_utf8(told).unwrap();
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = "23,560 actions: clients write to each other without end; in the last";
        assert!(told.contains(said), "{told}");
        assert!(told.contains("A1 sent B1 m.room_key 250 times"), "{told}");
        assert!(told.contains("B1 claimed a key of A1 250 times and"), "{told}");
    }
}

#[test]
fn a_run_that_comes_to_rest_is_not_told_to_be_restless() {
    let mut scenario = without_end();
    scenario.faults.clear();
    let report = run_one(&InWorld(References), &scenario, Judging::STRICT, &mut ());
    assert_eq!(report.restless, None);
}
