//! The codecs of the timeline: one kind of step for each thing that a user can do.
//! It does not know whether a step makes sense at its time; `story` does.

use serde_json::{Value as Json, json};

use super::codec::{Codec, Definitions, Field, Reader, Slot, defined};
use super::container::List;
use super::json::{self, Node};
use super::problem::Span;
use super::record::{fields, union};
use super::reference::ManyMessages;
use super::union::{self, Tag, Union};
use super::values::Int;
use crate::ids::{DeviceId, MessageId, RoomId, UserId};
use crate::protocol::room::{HistoryVisibility, Membership, Rotation};
use crate::protocol::withheld::CodeSet;
use crate::scenario::file::container::OrAny;
use crate::scenario::model::Scenario;
use crate::scenario::policy::{OnProblem, SharePolicy, Target};
use crate::scenario::step::{Step, TimedStep};
use crate::time::{SimDuration, SimTime};

/// What an entry of the timeline stands for.
#[derive(Debug, Clone)]
pub(super) enum What {
    /// One step.
    One(Step),
    /// Many messages of one device, at equal distances.
    Many {
        /// From which device.
        device: DeviceId,
        /// Into which room.
        room: RoomId,
        /// Which messages.
        messages: Vec<MessageId>,
        /// How many they should be.
        count: u32,
        /// The time from one to the next.
        every: SimDuration,
    },
}

union! {
    Steps of What {
        /// Sends a message.
        "send" => (What::One(Step::Send { device: from, room, message })) {
            /// From which device.
            from: DeviceId [],
            /// Into which room; may be left out if there is one only.
            room: RoomId [or |names| names.only_room()],
            /// The name of the message, by which the rest of the file calls it.
            message: MessageId [],
        }
        /// Sends many messages, one after the other.
        "send_many" => (What::Many { device: from, room, messages: message, count, every }) {
            /// From which device.
            from: DeviceId [],
            /// Into which room; may be left out if there is one only.
            room: RoomId [or |names| names.only_room()],
            /// What the names of the messages begin with: with `m` they are `m1`, `m2`, ...
            message: ManyMessages [],
            /// How many.
            count: Int<1, 100_000> [],
            /// The time from one to the next.
            every: SimDuration [],
        }
        /// Logs a device in that was not there at the start.
        "login" => (What::One(Step::Login(device))) {
            /// The device.
            device: DeviceId [],
        }
        /// Logs a device out for good: its server forgets its keys and its mailbox, the client its store.
        "logout" => (What::One(Step::Logout(device))) {
            /// The device.
            device: DeviceId [],
        }
        /// Changes a membership: one's own, or that of somebody who is invited, removed or banned.
        "member" => (What::One(Step::Member { device, room, user, membership })) {
            /// The device whose user does it.
            device: DeviceId [],
            /// The room; may be left out if there is one only.
            room: RoomId [or |names| names.only_room()],
            /// Whose membership; that of the device's own user if it is left out.
            user: UserId [or |names| names.own_user(&device)],
            /// The new membership.
            membership: Membership [],
        }
        /// Sets the history visibility of a room.
        "history_visibility" => (What::One(Step::HistoryVisibility { device, room, value })) {
            /// Who does it.
            device: DeviceId [],
            /// The room; may be left out if there is one only.
            room: RoomId [or |names| names.only_room()],
            /// The new history visibility.
            value: HistoryVisibility [],
        }
        /// Sets the rotation settings of a room.
        "encryption" => (What::One(Step::Encryption { device, room, rotation })) {
            /// Who does it.
            device: DeviceId [],
            /// The room; may be left out if there is one only.
            room: RoomId [or |names| names.only_room()],
            /// The new settings.
            rotation: Rotation [= Rotation::DEFAULT],
        }
        /// Signs a device with its user's self-signing key.
        "cross_sign" => (What::One(Step::CrossSign(device))) {
            /// The device.
            device: DeviceId [],
        }
        /// Makes new cross-signing keys for a user. The device signs itself; all other devices of the user are unsigned then.
        "reset_identity" => (What::One(Step::ResetIdentity(device))) {
            /// The device from which the user does it.
            device: DeviceId [],
        }
        /// Verifies a user, by signing the master key, or a device, locally.
        "verify" => (What::One(Step::Verify { device, target })) {
            /// Who does it.
            device: DeviceId [],
            /// The user or the device that is verified.
            target: Target [],
        }
        /// Takes a verification back, on this device.
        "unverify" => (What::One(Step::Unverify { device, target })) {
            /// Who does it.
            device: DeviceId [],
            /// The user or the device.
            target: Target [],
        }
        /// Blocks a user or a device, on this device.
        "block" => (What::One(Step::Block { device, target })) {
            /// Who does it.
            device: DeviceId [],
            /// The user or the device that is blocked.
            target: Target [],
        }
        /// Takes a block back, on this device.
        "unblock" => (What::One(Step::Unblock { device, target })) {
            /// Who does it.
            device: DeviceId [],
            /// The user or the device.
            target: Target [],
        }
        /// Accepts that the identity of a user has changed.
        "acknowledge_identity" => (What::One(Step::AcknowledgeIdentity { device, user })) {
            /// Who does it.
            device: DeviceId [],
            /// Whose identity.
            user: UserId [],
        }
        /// Changes with whom a device shares keys.
        "set_sharing" => (What::One(Step::SetSharing { device, share, on_problem })) {
            /// The device.
            device: DeviceId [],
            /// The new share policy.
            share: SharePolicy [],
            /// What happens to a message whose key the policy keeps from somebody.
            on_problem: OnProblem [= OnProblem::Withhold],
        }
        /// Changes which withheld notices a device sends.
        "set_reporting" => (What::One(Step::SetReporting { device, target, codes })) {
            /// The device.
            device: DeviceId [],
            /// The user or the device that is told; `any` for everybody.
            target: OrAny<Target> [= None],
            /// The codes that are reported from now on.
            codes: CodeSet [],
        }
        /// Asks other devices for the key of a message that could not be read.
        /// While a request for its session is open, nothing comes of another that names nobody; `cancel_request` ends one.
        "request_key" => (What::One(Step::RequestKey { device, message, of })) {
            /// Who asks.
            device: DeviceId [],
            /// The message.
            message: MessageId [],
            /// The devices that are asked; none: as the policy says, at least own ones.
            of: List<DeviceId> [= Vec::new()],
        }
        /// Takes a key request back.
        "cancel_request" => (What::One(Step::CancelRequest { device, message })) {
            /// Who asked.
            device: DeviceId [],
            /// The message.
            message: MessageId [],
        }
        /// Throws the outbound Megolm session of a room away.
        "discard_session" => (What::One(Step::DiscardSession { device, room })) {
            /// Whose session.
            device: DeviceId [],
            /// The room; may be left out if there is one only.
            room: RoomId [or |names| names.only_room()],
        }
        /// Fetches the key backup of the device's user.
        "restore_backup" => (What::One(Step::RestoreBackup(device))) {
            /// The device.
            device: DeviceId [],
        }
    }
}

/// The fields that every step has.
const ENTRY: &[Field] = fields! {
    /// When the user does it; not earlier than the step before.
    at: SimTime [],
    /// The kind of the step.
    what ("do"): Tag [],
};

/// The tag's field.
const TAG: &str = "do";

/// One entry of the timeline.
#[derive(Debug, Clone)]
pub(super) struct TimelineEntry {
    /// When.
    pub(super) at: Slot<SimTime>,
    /// What; nothing if it could not be read.
    pub(super) what: Option<What>,
    /// The name of its kind, if that is known.
    pub(super) tag: Option<&'static str>,
    /// The places of its fields.
    spans: Vec<(&'static str, Span)>,
    span: Span,
}

impl TimelineEntry {
    /// An entry that is written.
    pub(super) fn new(step: &TimedStep) -> Self {
        Self {
            at: Slot::Is(step.at),
            what: Some(What::One(step.step.clone())),
            tag: None,
            spans: Vec::new(),
            span: Span::default(),
        }
    }

    /// The place of a field's value; that of the whole entry if the field is not there.
    pub(super) fn place(&self, field: &str) -> Span {
        let found = self.spans.iter().find(|(name, _)| *name == field);
        found.map_or(self.span.head(), |(_, span)| *span)
    }
}

/// Whether there is such a kind of step.
pub(super) fn is_step(tag: &str) -> bool {
    union::case::<Steps>(tag).is_some()
}

impl Codec for TimelineEntry {
    type Value = Self;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let span = json::span(node);
        let Some(case) = union::tag::<Steps>(node, TAG, "a step", reader) else {
            return Some(Self { at: Slot::Bad, what: None, tag: None, spans: Vec::new(), span });
        };
        let object = reader.object(node, &[ENTRY, case.fields])?;
        let at = reader.slot::<SimTime>(&object, "at");
        let at = reader.require(at, &object, "at");
        let what = Steps::decode_case(case.tag, &object, reader);
        let spans = object
            .spans()
            .filter_map(|(name, span)| {
                let field = ENTRY.iter().chain(case.fields).find(|field| field.name == name);
                field.map(|field| (field.name, span))
            })
            .collect();
        Some(Self { at, what, tag: Some(case.tag), spans, span })
    }

    fn encode(value: &Self, scenario: &Scenario) -> Json {
        let mut map = serde_json::Map::new();
        if let (Some(at), Some(what)) = (value.at.get(), &value.what) {
            let (tag, fields) = Steps::encode_case(what, scenario);
            map.insert("at".to_owned(), SimTime::encode(at, scenario));
            map.insert(TAG.to_owned(), tag.into());
            map.extend(fields);
        }
        map.into()
    }

    fn schema(definitions: &mut Definitions) -> Json {
        defined("step", definitions, |definitions| {
            let cases: Vec<Json> = Steps::CASES
                .iter()
                .map(|case| {
                    defined(&format!("step_{}", case.tag), definitions, |definitions| {
                        union::case_schema(case, ENTRY, TAG, definitions)
                    })
                })
                .collect();
            json!({ "description": "One thing that a user does.", "oneOf": cases })
        })
    }
}
