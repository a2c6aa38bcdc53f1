//! Explanations of everything in every scenario file: each sentence has a fact behind it, and the facts hang together.
//! What an explanation says in words is tested beside the code that writes it.

use std::collections::BTreeSet;

use withheld::explain::slice::{Link, Slice};
use withheld::ids::{FactId, MessageId};
use withheld::report::explanation::{Explained, document, dot, mermaid, text};
use withheld::report::paint::Paint;
use withheld::report::room::Layout;
use withheld::rulebook::leaf::Leaf;
use withheld::run::clients::{InWorld, References};
use withheld::run::judged::Judging;
use withheld::run::why::{Answer, Subject, Wanted, Why, explained};
use withheld::scenario::habits::NoticeType;
use withheld::scenario::model::Scenario;
use withheld::trace::fact::{Fact, FactKind};

use crate::pictures::read_diagram;
use crate::room::{Room, files, in_file};

const LAYOUT: Layout = Layout { columns: 100, paint: Paint::Plain };

fn why(scenario: &Scenario, wanted: Wanted) -> Why {
    let judging = Judging::STRICT;
    explained(&InWorld(References), scenario, judging, wanted)
}

/// Everything that can be explained of a room: every cell, every violation, every message that was not sent.
fn everything(room: &Room) -> Vec<Answer> {
    let outcome = &room.outcome;
    let cells = outcome.verdicts.iter().map(|cell| Subject::Cell(*cell));
    let broken = outcome.violations.iter().map(|violation| Subject::Broken(*violation));
    let unsent = outcome.unsent.iter().map(|unsent| Subject::Unsent(*unsent));
    let subjects = cells.chain(broken).chain(unsent);
    subjects
        .map(|subject| Answer::of(subject, &room.scenario, outcome, room.trace.facts()))
        .collect()
}

fn scenario_of(path: &std::path::Path) -> Scenario {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    in_file(&path.strip_prefix(root).expect("a file below it").with_extension("").to_string_lossy())
}

/// Whether `cause` stands among the recorded causes of `effect`, or of those, and so on.
fn led_to(facts: &[Fact], cause: FactId, effect: FactId) -> bool {
    let mut pending = BTreeSet::from([effect]);
    while let Some(fact) = pending.pop_last() {
        if fact == cause {
            return true;
        }
        pending.extend(facts[fact.index()].causes.iter().filter(|earlier| *earlier >= cause));
    }
    false
}

/// Whether the transaction that a part belongs to led to the effect: the part stands for it.
fn as_a_part(facts: &[Fact], part: &Fact, effect: FactId) -> bool {
    let FactKind::PutTarget { txn, .. } = part.kind else { return false };
    let put =
        facts.iter().find(|fact| matches!(fact.kind, FactKind::Put { txn: of, .. } if of == txn));
    put.is_some_and(|put| led_to(facts, put.id, effect))
}

fn check(name: &str, facts: &[Fact], slice: &Slice) {
    let told: BTreeSet<FactId> = slice.links.iter().map(|link| link.fact.id).collect();
    assert!(!told.is_empty(), "{name}: something is told");
    assert_eq!(told.len(), slice.links.len(), "{name}: each fact is told once");
    let order = slice
        .links
        .windows(2)
        .all(|pair| (pair[0].fact.at, pair[0].fact.id) < (pair[1].fact.at, pair[1].fact.id));
    assert!(order, "{name}: facts are told in their order");
    for Link { fact, causes, .. } in &slice.links {
        assert_eq!(facts.get(fact.id.index()), Some(fact), "{name}: facts are those of the run");
        for cause in causes {
            assert!(told.contains(cause), "{name}: #{} is told", cause.raw());
            let earlier = &facts[cause.index()];
            let real = led_to(facts, *cause, fact.id) || as_a_part(facts, earlier, fact.id);
            assert!(real, "{name}: #{} led to #{}", cause.raw(), fact.id.raw());
        }
    }
}

/// Of every cell of every file, and of every violation, an explanation can be given; all witnesses are in it, and each
/// cause that it names is one by the record.
#[test]
fn everything_in_every_scenario_file_is_explained_by_facts() {
    let mut undecryptable = 0;
    for path in files("") {
        let room = Room::run(scenario_of(&path));
        for answer in everything(&room) {
            let name = format!("{}: {:?}", path.display(), answer.subject);
            // A store that went back may take a message along of which nothing was observed.
            if matches!(answer.subject, Subject::Unsent(_)) && answer.slice.links.is_empty() {
                continue;
            }
            check(&name, room.trace.facts(), &answer.slice);
            let witnesses = match &answer.subject {
                Subject::Cell(cell) => cell.witnesses,
                Subject::Broken(violation) => violation.witnesses,
                Subject::Unsent(_) => [None; 3],
            };
            let told = answer.slice.links.iter().filter(|link| link.is_witness).count();
            let expected: BTreeSet<FactId> = witnesses.into_iter().flatten().collect();
            assert_eq!(told, expected.len(), "{name}: every witness is told");
            let is_read =
                matches!(answer.subject, Subject::Cell(cell) if cell.leaf == Leaf::Delivered);
            undecryptable += usize::from(!is_read);
        }
    }
    assert!(undecryptable > 100, "there is something to explain: {undecryptable}");
}

/// A notice of a client that spells it in the old way explains nothing, whatever its code: the rule about the type is named,
/// and not the one about the truth of a code that is true.
#[test]
fn a_cell_names_the_rule_that_was_broken() {
    let mut scenario = in_file("no_olm/a_badly_signed_key_counts_as_none");
    for device in &mut scenario.devices {
        device.habits.notice_type = NoticeType::Unstable;
    }
    let wanted = Wanted { message: Some(MessageId::new(0)), ..Wanted::default() };
    let why = why(&scenario, wanted);
    let told = text(
        &Explained { path: "a.json", scenario: &scenario, why: &why, more: "withheld explain" },
        LAYOUT,
    );
    assert!(told.contains("rule W-02, broken by A1"), "{told}");
    assert!(!told.contains("rule W-08"), "{told}");
}

/// The chain of a notice is whole: from the step that blocked the device to what its user is shown.
#[test]
fn a_notice_is_explained_from_the_block_to_what_is_shown() {
    let scenario = in_file("policy/a_blocked_device_is_told_once_and_reads_again_when_unblocked");
    let room = Room::run(scenario);
    let (message, device) = (room.message("m1"), room.device("B1"));
    let answers = everything(&room);
    let cell = answers.iter().find(|answer| {
        matches!(answer.subject, Subject::Cell(cell) if (cell.message, cell.device) == (message, device))
    });
    let links = &cell.expect("the cell is explained").slice.links;
    let is = |kind: &FactKind| -> [bool; 7] {
        [
            matches!(kind, FactKind::BlockedSet { .. }),
            matches!(kind, FactKind::PutTarget { .. }),
            matches!(kind, FactKind::PutAccepted { .. }),
            matches!(kind, FactKind::Enqueued { .. }),
            matches!(kind, FactKind::Listed { .. }),
            matches!(kind, FactKind::Processed { .. }),
            matches!(kind, FactKind::Try { .. }),
        ]
    };
    let mut from = links.last().expect("what is shown is told last").fact.id;
    for stage in (0..7).rev() {
        let of_stage = |link: &&Link| is(&link.fact.kind)[stage];
        let link = links.iter().find(|link| link.fact.id == from);
        let link = link.filter(of_stage).unwrap_or_else(|| panic!("stage {stage}: {links:#?}"));
        if stage > 0 {
            let next = link.causes.iter().find(|cause| {
                links.iter().any(|link| link.fact.id == **cause && is(&link.fact.kind)[stage - 1])
            });
            from = *next.unwrap_or_else(|| panic!("what led to stage {stage}: {links:#?}"));
        }
    }
}

/// Names that would end a label, a line or the diagram are text in every form.
#[test]
fn hostile_names_stay_text() {
    let mut scenario =
        in_file("policy/a_blocked_device_is_told_once_and_reads_again_when_unblocked");
    let hostile = "B\"; end\n#x; d0->>w: <script>%%{init}%%\\";
    let device = scenario.devices.iter().position(|device| device.name == "B1").expect("B1");
    scenario.devices[device].name = hostile.to_owned();
    let why = why(&scenario, Wanted::default());
    let explained = Explained { path: "x", scenario: &scenario, why: &why, more: "more" };
    assert!(read_diagram(&mermaid(&explained)).texts.len() > 5);
    let graph = dot(&explained);
    for line in graph.lines() {
        let quotes = line.replace("\\\\", "").replace("\\\"", "").matches('"').count();
        assert!(quotes == 0 || quotes == 2 || line.contains("fontname"), "{line}");
    }
    let told = text(&explained, LAYOUT);
    assert!(!told.contains("end\n#x"), "{told}");
    let data = serde_json::to_value(document(&explained)).expect("the document is JSON");
    let facts = data["explanations"][0]["facts"].as_array().expect("facts");
    assert!(!facts.is_empty());
    for fact in facts {
        assert_eq!(fact["fact"]["id"], fact["id"], "the fact is the one that is told");
        assert!(fact["sentence"].as_str().is_some_and(|sentence| !sentence.is_empty()));
    }
    assert_eq!(data["explanations"][0]["device"], hostile);
}

/// A habit's own breach is not excused by a fault that would excuse the same rule of the same party and had nothing to
/// do with it.
#[test]
fn a_fault_excuses_no_breach_that_a_habit_makes_after_it() {
    let scenario = |fault: &str| {
        let text = format!(
            r#"{{
  "format": 1, "about": "A test.",
  "users": {{
    "alice": {{ "devices": {{ "A1": {{ "habits": {{ "withheld_dedup": "none" }} }} }} }},
    "bob": {{ "devices": ["B1"] }}, "carol": {{ "devices": ["C1"] }}
  }},
  "timeline": [
    {{ "at": "5s", "do": "block", "device": "A1", "target": "bob" }},
    {{ "at": "10s", "do": "send", "from": "A1", "message": "m1" }},
    {{ "at": "20s", "do": "send", "from": "A1", "message": "m2" }}
  ],
  "faults": [{fault}]
}}"#
        );
        crate::room::scenario(&text)
    };
    let forged = |recipient: &str, from: &str| {
        format!(
            r#"{{ "from": "{from}", "fault": "forged_withheld", "sender": "A1", "recipient": "{recipient}",
                 "content": {{ "sender_key": "A1", "code": "m.blacklisted", "room_id": "room", "session_of": "m1" }} }}"#
        )
    };
    let rule = withheld::rulebook::rule::Rule::W09;
    let injected = |fault: &str| -> Vec<bool> {
        let room = Room::run(scenario(fault));
        let broken = room.outcome.violations.iter().filter(|violation| violation.rule == rule);
        broken.map(|violation| violation.injected.is_some()).collect()
    };
    assert_eq!(injected(""), [false], "the habit breaks the rule by itself");
    assert_eq!(
        injected(&forged("C1", "15s")),
        [false],
        "a notice to somebody else changes nothing"
    );
    let both = injected(&forged("B1", "15s"));
    assert!(both.contains(&true), "the forged notice itself is excused: {both:?}");
}
