//! The codecs of expectations, and what the names in them come to.
//! It does not know what a run makes of a scenario, only which cells a table of it can have.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::codec::{Codec, Definitions, Reader, Slot, defined};
use super::container::{At, Entry, Many, Map, OrAny};
use super::json::{self, Node};
use super::names::{Messages, Named};
use super::policy::code_names;
use super::problem::{Span, listed, listed_like, quoted};
use super::record::record;
use super::story::Story;
use super::values::{Digest, Int};
use crate::ids::{DeviceId, MessageId, UserId};
use crate::protocol::withheld::WithheldCode;
use crate::rulebook::leaf::Leaf;
use crate::rulebook::rule::Rule;
use crate::scenario::expect::{
    Expectations, ExpectedCell, ExpectedNotices, ExpectedVerdict, ExpectedViolation,
};
use crate::scenario::fault::Party;
use crate::scenario::model::Scenario;

record! {
    /// What must come out of a run; what is not said is not looked at.
    ExpectFile in "expect" {
        /// What becomes of messages, by message and then by device. The name of a `send_many` stands for all its
        /// messages, that of a user or a group of users for all their devices but the sending one.
        verdicts: Map<Verdicts> [= Vec::new()],
        /// What becomes of every message at every device that is not in `verdicts`; `any` if that does not matter.
        others: OrAny<ExpectedVerdict> [= None],
        /// The rules that are broken, and by whom: these and no others.
        violations: Many<ViolationFile> [= Vec::new()],
        /// The withheld notices that are sent.
        notices: Many<NoticesFile> [or absent],
        /// Whether no notices are sent but those in `notices`; if it is left out, whether `notices` is there.
        only_these_notices: bool [or absent],
        /// The messages that are never sent, because a client refuses them or never gets to it: these and no
        /// others. `any` if it does not matter; if it is left out, none, or `any` where nothing but a digest or `reaches`
        /// is expected.
        unsent: OrAny<Many<MessageId>> [or absent],
        /// The rules whose conditions are met. A run that never meets one of them differs: the file no longer shows what it was
        /// kept for.
        reaches: Many<Rule> [= Vec::new()],
        /// The digest of all facts of the run; `any` if it does not matter.
        digest: Digest [= None],
    }
}

record! {
    /// A broken rule.
    ViolationFile in "violation" {
        /// The rule, by its id.
        rule: Rule [],
        /// The device or the server that breaks it, or `world`.
        party: Party [],
    }
}

record! {
    /// How many notices of one code one device sends to another.
    NoticesFile in "notices" {
        /// The device that sends them.
        from: DeviceId [],
        /// The device that gets them.
        to: DeviceId [],
        /// The code.
        code: WithheldCode [],
        /// How many.
        count: Int<0, 1_000_000> [= 1],
    }
}

/// The verdicts about one message, by user or device.
pub(super) type Verdicts = Map<ExpectedVerdict>;

/// The leaves that can have a code, because a notice is or would be at the bottom of them.
const WITH_CODE: [Leaf; 11] = [
    Leaf::Withheld,
    Leaf::OptedOut,
    Leaf::ExplanationLost,
    Leaf::Unexplained,
    Leaf::FalseExplanation,
    Leaf::NoOlm,
    Leaf::StandingNoOlm,
    Leaf::ForwardedWithheld,
    Leaf::HistoryNotShared,
    Leaf::NoticeNotUsed,
    Leaf::NoOlmNotUsed,
];

impl Codec for ExpectedVerdict {
    type Value = Self;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(text) = json::text(node) else {
            reader
                .unexpected(node, "a verdict such as \"delivered\" or \"withheld(m.blacklisted)\"");
            return None;
        };
        let (name, code) = match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
            Some((name, code)) => (name, Some(code)),
            None => (text, None),
        };
        let Some(leaf) = Leaf::from_name(name) else {
            let names = Leaf::ALL.iter().map(|leaf| leaf.name());
            let hint = reader.problems.did_you_mean(name, names.clone());
            let names = if hint.is_some() { listed(names) } else { listed_like(name, names) };
            let expected = format!("a verdict: {names}");
            reader.problems.report_with_hint(json::span(node), quoted(text), expected, hint);
            return None;
        };
        let Some(code) = code else { return Some(Self { leaf, code: None }) };
        if !WITH_CODE.contains(&leaf) {
            let expected = format!("{} without a code", quoted(name));
            reader.problems.report(json::span(node), quoted(text), expected);
            return None;
        }
        let known = WithheldCode::from_wire(code);
        if known.is_none() {
            let hint = reader.problems.did_you_mean(code, code_names());
            let expected = format!("a code in the brackets: {}", listed(code_names()));
            reader.problems.report_with_hint(json::span(node), quoted(text), expected, hint);
        }
        known.map(|code| Self { leaf, code: Some(code) })
    }

    fn encode(value: &Self, _: &Scenario) -> Json {
        match value.code {
            Some(code) => format!("{}({})", value.leaf.name(), code.as_str()).into(),
            None => value.leaf.name().into(),
        }
    }

    fn schema(definitions: &mut Definitions) -> Json {
        defined("verdict", definitions, |_| {
            let names: Vec<_> = Leaf::ALL.iter().map(|leaf| leaf.name()).collect();
            let with_code = WITH_CODE.map(Leaf::name).join("|");
            let codes = code_names().collect::<Vec<_>>().join("|").replace('.', "\\.");
            json!({
                "description": "What becomes of a message at a device, with the code of the notice where there is one.",
                "type": "string",
                "anyOf": [
                    { "enum": names },
                    { "pattern": format!("^({with_code})\\(({codes})\\)$") },
                ],
            })
        })
    }
}

impl Codec for Rule {
    type Value = Self;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let found = json::text(node).and_then(Self::from_id);
        if found.is_none() {
            reader.unknown(node, "the id of a rule", Self::ALL.iter().map(|rule| rule.id()));
        }
        found
    }

    fn encode(value: &Self, _: &Scenario) -> Json {
        value.id().into()
    }

    fn schema(definitions: &mut Definitions) -> Json {
        defined("rule", definitions, |_| {
            let ids: Vec<_> = Self::ALL.iter().map(|rule| rule.id()).collect();
            json!({ "description": "The id of a rule.", "enum": ids })
        })
    }
}

impl Reader<'_> {
    /// What is expected, with names resolved and cells checked against what the story can have.
    pub(super) fn expectations(&mut self, file: ExpectFile, story: &Story) -> Expectations {
        let cells = self.cells(&file.verdicts.or(Vec::new()), story);
        let told = file.notices.get().is_some();
        let mut expect = Expectations {
            cells,
            others: file.others.or(None),
            violations: self.violations(file.violations.or(Vec::new())),
            only_these_notices: file.only_these_notices.or(told),
            notices: self.notices(file.notices.or(Vec::new())),
            unsent: None,
            reaches: Vec::new(),
            digest: None,
        };
        let says_something = told || expect != Expectations::default();
        expect.unsent = match file.unsent {
            Slot::Is(listed) => listed.map(|listed| self.unsent(listed)),
            Slot::Missing | Slot::Bad => says_something.then(Vec::new),
        };
        let reaches = self.reached(file.reaches.or(Vec::new()));
        Expectations { reaches, digest: file.digest.or(None), ..expect }
    }

    fn reached(&mut self, listed: Vec<At<Slot<Rule>>>) -> Vec<Rule> {
        let mut reached: Vec<Rule> = Vec::new();
        for At { value, span } in listed {
            let Slot::Is(rule) = value else { continue };
            if reached.contains(&rule) {
                self.problems.report(span, format!("a second {}", rule.id()), "each rule once");
            } else {
                reached.push(rule);
            }
        }
        reached
    }

    fn unsent(&mut self, listed: Vec<At<Slot<MessageId>>>) -> Vec<MessageId> {
        let mut unsent = BTreeSet::new();
        for At { value, span } in listed {
            let Slot::Is(message) = value else { continue };
            if !unsent.insert(message) {
                let found = format!("{} a second time", quoted(self.names.message_name(message)));
                self.problems.report(span, found, "each message once");
            }
        }
        unsent.into_iter().collect()
    }

    fn violations(&mut self, files: Vec<At<Slot<ViolationFile>>>) -> Vec<ExpectedViolation> {
        let mut violations: Vec<ExpectedViolation> = Vec::new();
        for At { value, span } in files {
            let Slot::Is(file) = value else { continue };
            let (Slot::Is(rule), Slot::Is(party)) = (file.rule, file.party) else { continue };
            let violation = ExpectedViolation { rule, party };
            if violations.contains(&violation) {
                let found = format!("{} by the same party a second time", rule.id());
                self.problems.report(span.head(), found, "each violation once");
            } else if !self.room_for("violations", violations.len(), MOST_LINES, span.head()) {
                break;
            } else {
                violations.push(violation);
            }
        }
        violations
    }

    fn notices(&mut self, files: Vec<At<Slot<NoticesFile>>>) -> Vec<ExpectedNotices> {
        let mut seen = std::collections::BTreeSet::new();
        let mut notices = Vec::new();
        for At { value, span } in files {
            let Slot::Is(file) = value else { continue };
            let (Slot::Is(sender), Slot::Is(recipient)) = (file.from, file.to) else { continue };
            let (Slot::Is(code), Slot::Is(count)) = (file.code, file.count) else { continue };
            if sender == recipient {
                let found = format!("notices from {} to itself", self.names.device_name(sender));
                self.problems.report(span.head(), found, "two devices");
            } else if seen.insert((sender, recipient, code)) {
                notices.push(ExpectedNotices { sender, recipient, code, count });
            } else {
                let found = format!("a second number of {} between these devices", code.as_str());
                self.problems.report(span.head(), found, "one number for each code and pair");
            }
        }
        notices
    }

    fn cells(
        &mut self,
        verdicts: &[Entry<Vec<Entry<ExpectedVerdict>>>],
        story: &Story,
    ) -> Vec<ExpectedCell> {
        let mut cells = BTreeMap::new();
        for Entry { name, value } in verdicts {
            let messages = match self.messages_named(&name.value, name.span) {
                Some(Messages::One(message)) => vec![message],
                Some(Messages::Many(messages)) => messages,
                None => continue,
            };
            for entry in value.get().into_iter().flatten() {
                let Some(devices) = self.audience(&entry.name, story) else { continue };
                let Some(verdict) = entry.value.get() else { continue };
                let more = messages.len().saturating_mul(devices.ids.len());
                let most = self.limits.cells;
                let used = cells.len().saturating_add(more).saturating_sub(1);
                if !self.room_for("cells", used, most, entry.name.span) {
                    return Vec::new();
                }
                for message in &messages {
                    let line = Line { message: *message, verdict: *verdict, span: entry.name.span };
                    self.line(&line, &devices, story, &mut cells);
                }
            }
        }
        let cell = |((message, device), verdict)| ExpectedCell { message, device, verdict };
        cells.into_iter().map(cell).collect()
    }

    /// The devices that a name in a verdict stands for.
    fn audience(&mut self, name: &At<String>, story: &Story) -> Option<Audience> {
        let what = "a device, a user or a group of users";
        let (one, users) = self.named(&name.value, name.span, what, |named| match named {
            Named::Device(device) => Some((Some(device), (UserId::new(0), 0))),
            Named::User(user) => Some((None, (user, 1))),
            Named::Group(first, count) => Some((None, (first, count))),
            Named::Server(_) => None,
        })?;
        let ids = match one {
            Some(device) => vec![device],
            None => story.devices_of(users),
        };
        Some(Audience { ids, is_one: one.is_some() })
    }

    /// The cells of one message at the devices that one name stands for.
    fn line(
        &mut self,
        line: &Line,
        audience: &Audience,
        story: &Story,
        cells: &mut BTreeMap<(MessageId, DeviceId), ExpectedVerdict>,
    ) {
        let message = line.message;
        for device in audience.ids.iter().copied() {
            let (found, expected) = if story.sender(message) == Some(device) {
                ("the device that sends the message", "another device: this one has no verdict")
            } else if !story.may_get(message, self.names.user_of(device)) {
                ("a device whose user is never in the room", "a device of a member")
            } else if cells.insert((message, device), line.verdict).is_some() {
                ("a second verdict for a device", "one verdict for each message and device")
            } else {
                continue;
            };
            // A name for many devices stands for those among them that have a verdict at all.
            if audience.is_one || expected.starts_with("one verdict") {
                let name = quoted(self.names.device_name(device));
                let message = quoted(self.names.message_name(message));
                let found = format!("{found}: {name} for {message}");
                self.problems.report(line.span, found, expected);
            }
        }
    }
}

/// How many violations a file may expect.
const MOST_LINES: usize = 1_000;

/// The devices that a name stands for.
struct Audience {
    ids: Vec<DeviceId>,
    is_one: bool,
}

/// One verdict of the file about one message.
struct Line {
    message: MessageId,
    verdict: ExpectedVerdict,
    span: Span,
}
