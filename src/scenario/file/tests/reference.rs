//! The reference part of the documentation is what the records of the format say about themselves.
//! What the sections say is for people to judge.

use std::fmt::Write as _;

use serde_json::Value as Json;

use super::examples::{EVERYTHING, good};
use crate::protocol::withheld::WithheldCode;
use crate::rulebook::leaf::{Leaf, LeafClass};
use crate::scenario::fault::{FaultKind, Party};
use crate::scenario::file::choice::Choice;
use crate::scenario::file::codec::{Codec, Definitions, Field, Presence, prose};
use crate::scenario::file::document::{
    DeviceFile, EachDevice, MemberFile, RoomFile, ScenarioFile, ServerFile, UserFile,
};
use crate::scenario::file::expect::{ExpectFile, NoticesFile, ViolationFile};
use crate::scenario::file::fault::{Faults, FilterChanges, INSTANT_TAGS, shared_fields};
use crate::scenario::file::forgery::{CrashPointFile, ForgedFile};
use crate::scenario::file::habits::{HabitsChanges, ServerHabitsChanges};
use crate::scenario::file::network::{NetworkChanges, RotationChanges};
use crate::scenario::file::policy::{PolicyChanges, ReportingFile};
use crate::scenario::file::read;
use crate::scenario::file::timeline::Steps;
use crate::scenario::file::union::{Case, Union};
use crate::scenario::limits::Limits;
use crate::scenario::model::Scenario;

/// The documentation of the format.
const DOCUMENT: &str = include_str!("../../../../docs/scenario-format.md");
/// The line at which its reference begins.
const BEGINNING: &str = "<!-- What follows is made of the source; a test compares it. -->\n";

/// A type in few words, from its schema.
fn of_type(schema: &Json) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.trim_start_matches("#/$defs/");
        return match name {
            "duration" | "time" | "name" | "rule" | "verdict" => format!("a {name}"),
            _ => format!("`{name}`"),
        };
    }
    if let Some(options) = schema["anyOf"].as_array() {
        let options: Vec<_> = options.iter().map(of_type).collect();
        return options.join(" or ");
    }
    if let Some(options) = schema["oneOf"].as_array() {
        let names = options.iter().map(|option| format!("`{}`", option["const"]));
        return names.collect::<Vec<_>>().join(", ");
    }
    if let Some(options) = schema["enum"].as_array() {
        return options.iter().map(|option| format!("`{option}`")).collect::<Vec<_>>().join(", ");
    }
    if !schema["const"].is_null() {
        return format!("`{}`", schema["const"]);
    }
    match schema["type"].as_str() {
        Some("integer") => format!("{} to {}", schema["minimum"], schema["maximum"]),
        Some("boolean") => "true or false".to_owned(),
        Some("string") => "a text".to_owned(),
        Some("null") => "null".to_owned(),
        Some("array") => match of_type(&schema["items"]) {
            one if one.starts_with("a ") => format!("a list of {}s", &one[2..]),
            other => format!("a list of {other}"),
        },
        Some("object") => {
            let values = of_type(&schema["additionalProperties"]);
            format!("an object with {values} by name")
        }
        _ => "nothing".to_owned(),
    }
}

/// A table of fields; `defaults` holds those that the fields themselves do not know.
fn table(fields: &mut dyn Iterator<Item = &Field>, defaults: &Json, text: &mut String) {
    let mut definitions = Definitions::new();
    text.push_str("| field | what it is | value | if left out |\n|---|---|---|---|\n");
    for field in fields {
        let schema = (field.schema)(&mut definitions);
        let absent = match &field.presence {
            Presence::Required => "required".to_owned(),
            Presence::Default(default) => format!("`{}`", default()),
            Presence::Optional if !defaults[field.name].is_null() => {
                format!("`{}`", defaults[field.name])
            }
            Presence::Optional => "see left".to_owned(),
        };
        let (name, doc) = (field.name, prose(field.doc));
        let of_type = of_type(&schema);
        writeln!(text, "| `{name}` | {doc} | {of_type} | {absent} |").unwrap();
    }
    text.push('\n');
}

/// The defaults of a settings record, from the schema.
fn defaults(definition: &str) -> Json {
    let schema = crate::scenario::file::schema();
    let properties = schema["$defs"][definition]["properties"].as_object().unwrap().clone();
    properties.into_iter().map(|(name, property)| (name, property["default"].clone())).collect()
}

fn section(title: &str, fields: &'static [Field], definition: &str, text: &mut String) {
    writeln!(text, "### {title} (`{definition}`)\n").unwrap();
    table(&mut fields.iter(), &defaults(definition), text);
}

/// The fields of one kind of a union in a line each.
fn case(case: &Case, note: &str, text: &mut String) {
    writeln!(text, "#### `{}`\n\n{}{note}\n", case.tag, prose(case.doc)).unwrap();
    table(&mut case.fields.iter(), &Json::Null, text);
}

/// Whose doing a fault counts as, and what that excuses: from a fault of the kind in the example of everything.
fn blame(kind: &FaultKind, scenario: &Scenario) -> String {
    let (_, fields) = Faults::encode_case(kind, scenario);
    let party = Party::encode(&kind.party(), scenario);
    let field = fields.iter().find(|(_, value)| **value == party).map(|(name, _)| name.as_str());
    let whose = match (kind.party(), field) {
        (Party::World, _) => "nobody's doing (`world`)".to_owned(),
        (Party::Device(_) | Party::Server(_), field) => {
            format!("the doing of its `{}`", field.unwrap())
        }
    };
    let rules: Vec<_> = kind.excuses().iter().map(|rule| rule.id()).collect();
    let rules = if rules.is_empty() { "no rule".to_owned() } else { rules.join(", ") };
    format!(" It counts as {whose} and excuses {rules}.")
}

/// The settings of a choice with their meanings.
fn settings<T: Choice>(name: &str, text: &mut String) {
    for (_, value, doc) in T::ALL {
        writeln!(text, "| `{name}` | `{value}` | {doc} |").unwrap();
    }
}

fn choices(text: &mut String) {
    use crate::protocol::room::{HistoryVisibility, Membership, RoomAlgorithm};
    use crate::scenario::policy as p;
    text.push_str("### Settings by name\n\n| field | setting | what it means |\n|---|---|---|\n");
    settings::<crate::scenario::model::PublishedKeys>("keys", text);
    settings::<Membership>("membership", text);
    settings::<Option<HistoryVisibility>>("history_visibility", text);
    settings::<crate::scenario::profile::ProfileName>("profile", text);
    settings::<RoomAlgorithm>("algorithm", text);
    settings::<p::SharePolicy>("share", text);
    settings::<p::OnProblem>("on_problem", text);
    settings::<p::AnswerRequests>("answer_requests", text);
    settings::<p::AskFor>("ask", text);
    settings::<p::OnNoOlm>("on_no_olm", text);
    settings::<p::AfterNoOlm>("after_no_olm", text);
    settings_of_habits(text);
    settings::<crate::scenario::fault::ClaimFailure>("failure", text);
    settings::<crate::protocol::api::Endpoint>("endpoint", text);
    settings::<WithheldCode>("code", text);
    text.push('\n');
}

fn settings_of_habits(text: &mut String) {
    use crate::scenario::habits as h;
    settings::<h::WithheldDedup>("withheld_dedup", text);
    settings::<h::MarkWhen>("mark_when", text);
    settings::<h::MarksBy>("marks_by", text);
    settings::<h::NoticeType>("notice_type", text);
    settings::<h::NoticeNames>("notice_names", text);
    settings::<h::NoticeCode>("notice_code", text);
    settings::<h::NoticeReason>("notice_reason", text);
    settings::<h::NoticeSession>("notice_session", text);
    settings::<h::NoticeTargets>("notice_targets", text);
    settings::<h::OptOut>("opt_out", text);
    settings::<h::NoOlmDedup>("no_olm_dedup", text);
    settings::<h::NoOlmReset>("no_olm_reset", text);
    settings::<h::MissingOlm>("missing_olm", text);
    settings::<h::PutFailed>("put_failed", text);
    settings::<h::UnblockIndex>("unblock_index", text);
    settings::<h::NewcomerIndex>("newcomer_index", text);
    settings::<h::ReshareIndex>("reshare_index", text);
    settings::<h::NeedlessRotation>("needless_rotation", text);
    settings::<h::LeaveRotates>("leave_rotates", text);
    settings::<h::QueryAnswers>("query_answers", text);
    settings::<h::ChooseOlm>("choose_olm", text);
    settings::<h::UnwedgeClock>("unwedge_clock", text);
    settings::<h::NoOlmAnswer>("no_olm_answer", text);
    settings::<h::ForwardTo>("forward_to", text);
    settings::<h::ForwardedReason>("forwarded_reason", text);
    settings::<h::ReplyCode>("reply_code", text);
    settings::<h::OnWithheld>("on_withheld", text);
    settings::<h::NoticeSender>("notice_sender", text);
    settings::<h::NoticeConflict>("notice_conflict", text);
    settings::<h::NoticeScope>("notice_scope", text);
    settings::<h::NoOlmScope>("no_olm_scope", text);
    settings::<h::NoOlmFiled>("no_olm_filed", text);
    settings::<h::Unavailable>("unavailable", text);
    settings::<h::KeyReplacement>("key_replacement", text);
    settings::<h::SharedHistoryFlag>("shared_history_flag", text);
    settings::<h::BundleContents>("bundle_contents", text);
    settings::<h::BundleSending>("bundle_sending", text);
    settings::<h::BundleOpening>("bundle_opening", text);
    settings::<h::OneTimeKeyUse>("one_time_keys", text);
    settings::<h::OneTimeKeyOrder>("one_time_key_order", text);
    settings::<h::MailboxOrder>("mailbox", text);
}

fn class(leaf: Leaf) -> &'static str {
    match leaf.class() {
        LeafClass::Ok => "ok",
        LeafClass::Explained => "explained",
        LeafClass::Excused => "excused",
        LeafClass::Pending => "pending",
        LeafClass::SpecGap => "spec gap",
        LeafClass::Fault => "fault",
    }
}

/// What two of the limits count.
const COUNTED: &str = "
`cells` counts the verdicts that a file expects, `verdicts` those that a run has: each message, probes included, at each other device
of everybody who is ever in its room or invited.

The run of a small room is cut sooner than after that many `actions`: it has 20000 of them, and for each device 1000, twenty more for
each hour up to the horizon, and a hundred more for each step, message and fault, which is many times what any room of its size has
needed. A run that is cut is one in which clients write to each other without end; what is not decided by then stays `pending`.
";

fn limits(text: &mut String) {
    let Limits {
        file_bytes,
        nesting,
        servers,
        users,
        devices,
        rooms,
        memberships,
        steps,
        faults,
        cells,
        verdicts,
        text_bytes,
        horizon,
        actions,
    } = Limits::FILES;
    text.push_str("## Limits\n\n| limit | value |\n|---|---|\n");
    for (name, value) in [
        ("file_bytes", file_bytes),
        ("nesting", nesting),
        ("servers", servers),
        ("users", users),
        ("devices", devices),
        ("rooms", rooms),
        ("memberships", memberships),
        ("steps", steps),
        ("faults", faults),
        ("cells", cells),
        ("verdicts", verdicts),
        ("text_bytes", text_bytes),
    ] {
        writeln!(text, "| `{name}` | {value} |").unwrap();
    }
    writeln!(text, "| `horizon` | {horizon} |\n| `actions` | {actions} |").unwrap();
    text.push_str(COUNTED);
}

/// The whole reference.
fn reference() -> String {
    let mut text = "\n## Reference: records\n\n".to_owned();
    let t = &mut text;
    section("The file", ScenarioFile::FIELDS, "scenario", t);
    section("A server", ServerFile::FIELDS, "server", t);
    section("A user", UserFile::FIELDS, "user", t);
    section("Every device", EachDevice::FIELDS, "each_device", t);
    section("A device", DeviceFile::FIELDS, "device", t);
    section("A policy", PolicyChanges::FIELDS, "policy", t);
    t.push_str("A set of `codes` is `\"all\"`, `\"none\"` or a list of codes.\n\n");
    section("A report setting that tells users apart", ReportingFile::FIELDS, "report", t);
    section("Habits", HabitsChanges::FIELDS, "habits", t);
    section("Habits of a server", ServerHabitsChanges::FIELDS, "server_habits", t);
    section("A room", RoomFile::FIELDS, "room", t);
    section("A member", MemberFile::FIELDS, "member", t);
    section("Rotation", RotationChanges::FIELDS, "rotation", t);
    section("The network", NetworkChanges::FIELDS, "network", t);
    section("What is expected", ExpectFile::FIELDS, "expect", t);
    section("A broken rule", ViolationFile::FIELDS, "violation", t);
    section("Notices", NoticesFile::FIELDS, "notices", t);
    section("Which to-device messages", FilterChanges::FIELDS, "to_device_filter", t);
    section("Where a client stops", CrashPointFile::FIELDS, "crash_point", t);
    section("What a forged notice says", ForgedFile::FIELDS, "forged_content", t);
    choices(t);
    t.push_str("## Steps\n\nEvery step has `at` and `do` beside its own fields.\n\n");
    for step in Steps::CASES {
        case(step, "", t);
    }
    t.push_str("## Faults\n\nEvery fault has `from` (the start if left out) and `fault` beside its own fields; those \
        that last also have `until` (`\"end\"` if left out).\n\n");
    let scenario = good(EVERYTHING);
    for fault in Faults::CASES {
        let is_one = |kind: &&FaultKind| Faults::encode_case(kind, &scenario).0 == fault.tag;
        let example = scenario.faults.iter().map(|fault| &fault.kind).find(is_one).unwrap();
        let once = INSTANT_TAGS.contains(&fault.tag);
        let blame = blame(example, &scenario);
        case(fault, &format!("{}{blame}", if once { " Strikes once, at `from`." } else { "" }), t);
    }
    t.push_str("## Verdicts\n\n| verdict | what it means | number | class |\n|---|---|---|---|\n");
    for leaf in Leaf::ALL {
        let (name, meaning) = (leaf.name(), leaf.meaning());
        writeln!(t, "| `{name}` | {meaning} | {} | {} |", leaf.number(), class(*leaf)).unwrap();
    }
    t.push('\n');
    limits(t);
    text
}

#[test]
fn the_reference_says_what_the_source_says() {
    let (_, written) = DOCUMENT.split_once(BEGINNING).expect("the reference has a beginning");
    let made = reference();
    if written != made {
        let place = std::env::temp_dir().join("scenario-format-reference.md");
        std::fs::write(&place, &made).unwrap();
        panic!(
            "docs/scenario-format.md is out of date; what it should say is in {}",
            place.display()
        );
    }
}

#[test]
fn every_file_in_the_documentation_is_one() {
    let mut files = 0;
    for block in DOCUMENT.split("```json\n").skip(1) {
        let (block, _) = block.split_once("```").expect("a block of code has an end");
        if block.starts_with("{\n  \"format\"") {
            files += 1;
            read(block, &Limits::FILES).unwrap_or_else(|problems| panic!("{problems:#?}\n{block}"));
        }
    }
    assert!(files >= 3, "{files} files are too few to learn from");
}

#[test]
fn faults_that_strike_once_are_the_same_here_and_in_the_documentation_of_the_model() {
    for fault in Faults::CASES {
        let has_until = shared_fields(fault).iter().any(|field| field.name == "until");
        assert_eq!(has_until, !INSTANT_TAGS.contains(&fault.tag), "{}", fault.tag);
    }
    assert!(INSTANT_TAGS.iter().all(|tag| Faults::CASES.iter().any(|case| case.tag == *tag)));
}
