//! Comparisons in rooms that are small enough to count by hand, and in the smallest of the worlds.
//! They do not look at how anything is shown.

use std::sync::Mutex;

use super::comparison::{
    Comparison, Progress, Run, Setup, Source, Unplayable, Why, World, compare, measure,
};
use super::contender::Contender;
use super::measure::Measure;
use super::wire::Wire;
use super::world::{Activity, Health, Plan, Size};
use crate::ids::DeviceId;
use crate::protocol::api::Request;
use crate::protocol::json;
use crate::protocol::spelling::Spelling;
use crate::rulebook::reading::ReadingName;
use crate::run::clients::{InWorld, References};
use crate::run::judged::{Judging, run_one};
use crate::run::simulator::{RequestTap, Simulator};
use crate::scenario::file::{self, read_overlay};
use crate::scenario::limits::Limits;
use crate::scenario::model::Scenario;
use crate::trace::sink::{FactSink, Trace};

/// A1 blocks B2; B3 has no keys; two messages.
const ROOM: &str = r#"{
    "format": 1, "about": "A room to count by hand.",
    "users": {
        "alice": { "devices": ["A1"] },
        "bob": { "devices": { "B1": {}, "B2": {}, "B3": { "one_time_keys": 0, "fallback_key": false } } }
    },
    "timeline": [
        { "at": "10s", "do": "block", "device": "A1", "target": "B2" },
        { "at": "20s", "do": "send", "from": "A1", "message": "m1" },
        { "at": "30s", "do": "send", "from": "A1", "message": "m2" }
    ]
}"#;

fn room(text: &str) -> Scenario {
    // Rooms that are too large to be compared are refused by the comparison, too.
    file::read(text, &Limits { verdicts: usize::MAX, ..Limits::FILES }).unwrap()
}

fn contender(name: &str) -> Contender {
    Contender::known().into_iter().find(|one| one.name() == name).unwrap()
}

fn under(name: &str, text: &str) -> Run {
    read_as(name, text, ReadingName::Strict)
}

fn read_as(name: &str, text: &str, reading: ReadingName) -> Run {
    measure(&InWorld(References), &contender(name).in_room(&room(text)), reading).unwrap()
}

fn figures<const N: usize>(run: &Run, measures: [Measure; N]) -> [Option<u64>; N] {
    measures.map(|measure| run.figures.get(measure))
}

#[test]
fn a_small_room_is_counted_as_by_hand() {
    let run = under("both", ROOM);
    // For m1 a key to B1, a word to B2 and one to B3, which opens a session and says so; for m2 the key to B3.
    let kinds = [
        Measure::Messages,
        Measure::Keys,
        Measure::Notices,
        Measure::Blacklisted,
        Measure::NoOlm,
        Measure::Dummies,
        Measure::OtherMessages,
    ];
    assert_eq!(figures(&run, kinds), [5, 2, 2, 1, 1, 1, 0].map(Some));
    // A1 asks for B1 and B3 in one request, B3 for A1 in another; A1's and B1's keys are there.
    let keys =
        [Measure::Claims, Measure::ClaimRequests, Measure::OneTimeKeys, Measure::FallbackKeys];
    assert_eq!(figures(&run, keys), [3, 2, 2, 0].map(Some));
    // Two messages at three devices; m1 reaches B3 in the end as m2 does, and B2 reads nothing.
    let cells = [Measure::Cells, Measure::Decrypted, Measure::Explained, Measure::Unexplained];
    assert_eq!(figures(&run, cells), [6, 4, 2, 0].map(Some));
    let share = [Measure::ExplainedShare, Measure::Pending, Measure::Spam, Measure::WrongHands];
    assert_eq!(figures(&run, share), [1_000, 0, 0, 0].map(Some));
    // Nobody has verified anybody: B1 reads two messages, and B3 does.
    assert_eq!(run.figures.get(Measure::UnverifiedReaders), Some(4));
    // Each mailbox held one message at a time.
    let depths = [Measure::MailboxMax, Measure::MailboxP50, Measure::MailboxP99];
    assert_eq!(figures(&run, depths), [1, 1, 1].map(Some));
    // B2 is told before the messages come, B3 20 ms after m1: a word on its way there does not hold the message up.
    assert_eq!(figures(&run, [Measure::ExplainP50, Measure::ExplainP99]), [0, 20].map(Some));
    // m1 at B3 waits for m2's turn: it comes at 20.08 s and its key at 30.02 s. The other three are read at once.
    assert_eq!(figures(&run, [Measure::DecryptP50, Measure::DecryptP99]), [0, 9_940].map(Some));
    assert!(run.is_whole);
}

#[test]
fn nothing_is_told_under_the_policy_that_tells_nothing() {
    let run = under("nothing", ROOM);
    let told = [Measure::Notices, Measure::Explained, Measure::NoticeBytes, Measure::Dummies];
    assert_eq!(figures(&run, told), [0; 4].map(Some));
    // B3 is never told, so it never opens a session: both messages stay dark at B2 and B3.
    let cells = [Measure::Messages, Measure::Decrypted, Measure::Unexplained];
    assert_eq!(figures(&run, cells), [1, 2, 4].map(Some));
    assert_eq!(run.figures.get(Measure::ExplainP99), None, "there is no explanation to time");
}

#[test]
fn a_client_that_keeps_no_marks_tells_more_and_is_caught_at_it() {
    let (both, loud) = (under("both", ROOM), under("per-message", ROOM));
    let told = [Measure::Notices, Measure::Blacklisted, Measure::Spam];
    assert_eq!(figures(&both, told), [2, 1, 0].map(Some));
    assert_eq!(figures(&loud, told), [3, 2, 1].map(Some));
}

#[test]
fn nobody_reads_unverified_where_keys_go_to_verified_devices() {
    let text = ROOM.replace(
        r#"{ "at": "20s""#,
        r#"{ "at": "15s", "do": "verify", "device": "A1", "target": "bob" }, { "at": "20s""#,
    );
    let text = text.replace(r#""B1": {}"#, r#""B1": {}, "B4": { "cross_signed": false }"#);
    let readers = [Measure::UnverifiedReaders, Measure::Decrypted, Measure::Unverified];
    assert_eq!(figures(&under("both", &text), readers), [2, 6, 0].map(Some));
    // B3 has not verified A1, and so does not open a session to it: it stays without the key.
    assert_eq!(figures(&under("share-verified", &text), readers), [0, 2, 1].map(Some));
}

/// B2 comes without any key and cannot open a session either: one word stands for both messages.
#[test]
fn a_word_that_stands_explains_what_comes_after_it_only_where_it_is_read_so() {
    let text = ROOM.replace(r#""B1": {}"#, r#""B1": { "policy": { "on_no_olm": "nothing" }, "one_time_keys": 0, "fallback_key": false }"#);
    let cells = [Measure::NoOlm, Measure::Explained, Measure::Unexplained];
    let strict = figures(&read_as("both", &text, ReadingName::Strict), cells);
    let lenient = figures(&read_as("both", &text, ReadingName::Lenient), cells);
    assert_eq!(strict, [2, 3, 1].map(Some));
    assert_eq!(lenient, [2, 4, 0].map(Some));
}

/// Writes every to-device request out as it would be sent.
struct Written<'s> {
    scenario: &'s Scenario,
    bytes: u64,
    puts: u64,
}

impl RequestTap for Written<'_> {
    fn request(&mut self, _: DeviceId, request: &Request) {
        let Request::SendToDevice(put) = request else { return };
        let mut users = serde_json::Map::new();
        for (device, body) in &put.messages {
            let user = self.scenario.user(self.scenario.user_of(*device));
            let devices = users.entry(user).or_insert_with(|| serde_json::json!({}));
            devices[self.scenario.device_id(*device)] = json::content(body, *device, self.scenario);
        }
        self.bytes += serde_json::json!({ "messages": users }).to_string().len() as u64;
        self.puts += 1;
    }
}

#[test]
fn bytes_are_those_of_the_requests_written_out() {
    let plan = Plan {
        size: Size::Family,
        activity: Activity::Churning,
        health: Health::Flaky,
        withheld_permille: None,
    };
    for scenario in [room(ROOM), plan.scenario(3)] {
        let (simulator, reading) = (InWorld(References), ReadingName::Strict);
        let mut written = Written { scenario: &scenario, bytes: 0, puts: 0 };
        simulator.simulate_tapped(&scenario, reading, &mut (), &mut written).unwrap();
        let mut wire = Wire::new(&scenario);
        simulator.simulate_tapped(&scenario, reading, &mut (), &mut wire).unwrap();
        let mut figures = super::measure::Figures::default();
        wire.finish(&mut figures);
        assert!(written.bytes > 1_000);
        assert_eq!(figures.get(Measure::Bytes), Some(written.bytes));
        assert_eq!(figures.get(Measure::SendToDevice), Some(written.puts));
    }
}

#[test]
fn a_run_is_the_same_whether_its_requests_are_shown_or_not() {
    let scenario = room(ROOM);
    let (mut alone, mut tapped) = (Trace::default(), Trace::default());
    let (simulator, reading) = (InWorld(References), ReadingName::Strict);
    simulator.simulate(&scenario, reading, &mut alone);
    let mut wire = Wire::new(&scenario);
    simulator.simulate_tapped(&scenario, reading, &mut tapped, &mut wire);
    assert_eq!(alone, tapped);
}

fn family(seeds: u32) -> Vec<World> {
    let plans = Plan::all().into_iter().filter(|plan| plan.size == Size::Family);
    plans.map(|plan| World { seeds, ..World::made(plan) }).collect()
}

fn setup(worlds: Vec<World>, names: &[&str], jobs: usize) -> Setup {
    let contenders = names.iter().map(|name| contender(name)).collect();
    let reading = ReadingName::Strict;
    Setup { worlds, contenders, baseline: 0, reading, seed: 11, jobs }
}

fn compared(setup: &Setup) -> Comparison {
    compare(&InWorld(References), setup, &|_| {}).unwrap()
}

#[test]
fn a_comparison_does_not_depend_on_the_number_of_threads_and_tells_of_every_run() {
    let names = ["both", "nothing", "retry-eager"];
    let told = Mutex::new(Vec::new());
    let watcher = |Progress { done, of }: Progress| told.lock().unwrap().push((done, of));
    let setups = [1, 4].map(|jobs| setup(family(3), &names, jobs));
    let one = compare(&InWorld(References), &setups[0], &watcher).unwrap();
    assert_eq!(one, compared(&setups[1]));
    let mut told = told.into_inner().unwrap();
    told.sort_unstable();
    let runs = 4 * 3 * 3;
    assert_eq!(told, (1..=runs).map(|done| (done, runs)).collect::<Vec<_>>());
    assert_eq!(one.worlds[0].seeds, [11, 12, 13]);
}

#[test]
fn differences_are_those_of_pairs_and_none_is_told_where_there_is_none() {
    let comparison = compared(&setup(family(4), &["both", "per-message"], 2));
    for world in 0..4 {
        let notices = comparison.difference(world, 1, Measure::Notices).unwrap();
        assert!(notices.by.mean_milli >= 0 && notices.by.pairs == 4, "{notices:?}");
        let by = notices.mean_milli - notices.baseline_milli;
        assert!((by - notices.by.mean_milli).abs() <= 1, "{notices:?}");
        let own = comparison.difference(world, 0, Measure::Messages).unwrap();
        assert!(own.by.same && own.by.half_milli == Some(0));
    }
    assert!(comparison.relative(1, Measure::Notices).unwrap().mean_milli > 0);
    assert!(comparison.sum(1, Measure::Spam) > 0);
    assert_eq!(comparison.sum(0, Measure::Spam), 0);
}

/// Rooms of a plan read back from files as what they are: nothing in them is out of order.
#[test]
fn every_world_but_the_largest_is_a_valid_file_and_comes_to_rest() {
    let small = Plan::all().into_iter().filter(|plan| plan.size < Size::Public);
    for plan in small.chain([Plan::sweep(0), Plan::sweep(300), Plan::sweep(1_000)]) {
        for seed in 0..3 {
            let scenario = plan.scenario(seed);
            let again = file::read(&file::write(&scenario), &Limits::FILES);
            let again = again.unwrap_or_else(|all| panic!("{}: {:?}", plan.name(), all.first()));
            assert_eq!(again.devices.len(), scenario.devices.len());
            assert_eq!(again.messages.len(), scenario.messages.len());
        }
        let judging = Judging::STRICT;
        let scenario = plan.scenario(1);
        let report = run_one(&InWorld(References), &scenario, judging, &mut ());
        let outcome = report.outcome;
        assert!(!outcome.is_inconclusive(), "{}: {:?}", plan.name(), outcome.end);
        let counted: Vec<_> = outcome.counted().collect();
        assert!(counted.is_empty(), "{}: {counted:?}", plan.name());
    }
}

#[test]
fn rooms_of_a_size_and_a_seed_have_the_same_people_and_churn_and_trouble_show() {
    let [quiet, churning, flaky, both] = [0, 1, 2, 3].map(|number| Plan::all()[number].scenario(5));
    for other in [&churning, &flaky, &both] {
        assert_eq!((&other.users, &other.devices), (&quiet.users, &quiet.devices));
        assert_eq!(other.network, quiet.network);
    }
    assert!(quiet.faults.is_empty() && !flaky.faults.is_empty());
    assert_eq!(flaky.faults, both.faults);
    assert!(churning.timeline.len() > quiet.timeline.len());
    assert_ne!(Plan::all()[0].scenario(6).devices, quiet.devices);
}

fn of_file(text: &str) -> World {
    let source = Source::File(Box::new(room(text)));
    World { name: "room.json".to_owned(), seeds: 2, source }
}

fn refused(text: &str, overlay: &str) -> Unplayable {
    let contenders = vec![contender("both"), Contender::new(read_overlay(overlay).unwrap())];
    let (worlds, reading) = (vec![of_file(text)], ReadingName::Strict);
    let setup = Setup { worlds, contenders, baseline: 0, reading, seed: 0, jobs: 2 };
    compare(&InWorld(References), &setup, &|_| {}).unwrap_err()
}

#[test]
fn a_room_in_which_a_policy_lets_nothing_be_sent_is_refused() {
    let strict = r#"{
        "format": 1, "name": "strict", "about": "Refuses what would be withheld.",
        "policy": { "on_problem": "refuse", "share": "verified" }
    }"#;
    let refused = refused(ROOM, strict);
    assert_eq!((refused.room.as_str(), refused.contender.as_str()), ("room.json", "strict"));
    let Why::NothingSent(why) = refused.why else { panic!("{:?}", refused.why) };
    assert!(why.starts_with("m1: it would be kept from"), "{why}");
}

#[test]
fn a_room_that_is_too_large_is_refused_before_anything_is_run() {
    let many = ROOM.replace("\"users\": {", "\"users\": { \"crowd\": { \"count\": 9000 },");
    let many = many.replace(
        r#"{ "at": "30s", "do": "send", "from": "A1", "message": "m2" }"#,
        r#"{ "at": "30s", "do": "send_many", "from": "A1", "message": "x", "count": 2500, "every": "1s" }"#,
    );
    let refused = refused(&many, r#"{ "format": 1, "name": "any", "about": "Any." }"#);
    assert_eq!(refused.contender, "both");
    assert_eq!(refused.why, Why::TooLarge { messages: 2_501, devices: 9_004 });
}

#[test]
fn clients_that_do_not_show_their_requests_are_not_compared() {
    struct Mute;
    impl Simulator for Mute {
        fn simulate_at_most(
            &self,
            actions: u64,
            scenario: &Scenario,
            reading: ReadingName,
            sink: &mut dyn FactSink,
        ) -> crate::run::simulator::Simulated {
            InWorld(References).simulate_at_most(actions, scenario, reading, sink)
        }
    }
    assert_eq!(measure(&Mute, &room(ROOM), ReadingName::Strict), Err(Why::NoRequests));
}
