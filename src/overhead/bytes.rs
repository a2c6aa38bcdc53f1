//! How many bytes a to-device request has as client-server JSON, without writing most of them.
//! It does not know why anything is sent, nor which requests there are.
//!
//! The length of a content depends on the fields that are there and on the lengths of names, not on which key or session
//! it is about: those are spelled with equally many characters. So one content of each shape is written out and its length
//! kept.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::engine::hash::FixedState;
use crate::ids::{BundleId, DeviceId, KeyValue, MegolmSessionId, OlmSessionId, RequestId, UserId};
use crate::protocol::api::ToDevicePut;
use crate::protocol::json;
use crate::protocol::spelling::Spelling;
use crate::protocol::to_device::{
    ForwardedRoomKey, KeyRequest, KeyRequestAction, OlmCiphertext, OlmEvent, OlmPayload, RoomKey,
    RoomKeyBundle, ToDeviceBody,
};
use crate::protocol::withheld::{Field, WithheldContent};
use crate::scenario::model::Scenario;

/// Devices whose user ids are equally long, and their device ids: what is written of one is as long as of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Class(u32);

/// All that the length of a content depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Shape {
    body: ToDeviceBody,
    sender: Class,
    recipient: Class,
}

/// How long things are in the JSON of one room.
#[derive(Debug)]
pub struct Scales<'s> {
    scenario: &'s Scenario,
    /// By user: bytes of the id with its quotes.
    users: Vec<u64>,
    /// By device: bytes of the device id with its quotes.
    devices: Vec<u64>,
    classes: Vec<Class>,
    contents: HashMap<Shape, u64, FixedState>,
}

impl<'s> Scales<'s> {
    /// The scales of a room.
    #[must_use]
    pub fn new(scenario: &'s Scenario) -> Self {
        let users: Vec<u64> = (0..scenario.users.len())
            .map(|user| quoted_len(&scenario.user(UserId::at(user))))
            .collect();
        let devices: Vec<u64> =
            scenario.devices.iter().map(|device| quoted_len(&device.device_id)).collect();
        let mut known = BTreeMap::new();
        let class_of = |(index, device): (usize, &crate::scenario::model::Device)| {
            let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
            Class(*known.entry((users[device.user.index()], devices[index])).or_insert(next))
        };
        let classes = scenario.devices.iter().enumerate().map(class_of).collect();
        Self { scenario, users, devices, classes, contents: HashMap::default() }
    }

    /// The bytes of the body of a request: `{"messages":{"@user:server":{"DEVICE":content}}}`.
    pub fn put(&mut self, put: &ToDevicePut) -> u64 {
        const FRAME: u64 = r#"{"messages":{}}"#.len() as u64;
        const OF_ONE: u64 = r#":{}"#.len() as u64;
        let mut users: Vec<UserId> =
            put.messages.iter().map(|(device, _)| self.scenario.user_of(*device)).collect();
        users.sort_unstable();
        users.dedup();
        let mut sum = FRAME;
        for user in &users {
            sum += self.users[user.index()] + OF_ONE;
        }
        // A comma between users, and between the devices of each.
        sum += (users.len() as u64).saturating_sub(1);
        sum += (put.messages.len() as u64).saturating_sub(users.len() as u64);
        for (device, body) in &put.messages {
            sum += self.devices[device.index()] + 1 + self.content(body, *device);
        }
        sum
    }

    /// The bytes of a content for a device.
    pub fn content(&mut self, body: &ToDeviceBody, recipient: DeviceId) -> u64 {
        let sender = match body {
            ToDeviceBody::Olm(ciphertext) => ciphertext.sender_key,
            ToDeviceBody::KeyRequest(request) => request.requester,
            ToDeviceBody::Withheld(_) | ToDeviceBody::Clear(_) => recipient,
        };
        let shape = Shape {
            body: bare(body),
            sender: self.classes[sender.index()],
            recipient: self.classes[recipient.index()],
        };
        let scenario = self.scenario;
        let write = || json::content(body, recipient, scenario).to_string().len() as u64;
        *self.contents.entry(shape).or_insert_with(write)
    }
}

fn quoted_len(text: &str) -> u64 {
    serde_json::Value::from(text).to_string().len() as u64
}

const NOBODY: DeviceId = DeviceId::new(0);
const SESSION: MegolmSessionId = MegolmSessionId::new(0);

/// The body without what is equally long whatever it is. Devices in it are left to the classes.
fn bare(body: &ToDeviceBody) -> ToDeviceBody {
    match *body {
        ToDeviceBody::Olm(OlmCiphertext { pre_key, index, payload, .. }) => {
            ToDeviceBody::Olm(OlmCiphertext {
                sender_key: NOBODY,
                session: OlmSessionId::new(0),
                pre_key: pre_key.map(|_| KeyValue::new(0)),
                ratchet_key: 0,
                index: least_of_seven_bits(index),
                mac: 0,
                payload: OlmPayload {
                    recipient: NOBODY,
                    sender_keys: payload.sender_keys,
                    event: bare_event(payload.event),
                },
            })
        }
        ToDeviceBody::Withheld(content) => ToDeviceBody::Withheld(bare_notice(content)),
        ToDeviceBody::KeyRequest(KeyRequest { request, action, .. }) => {
            ToDeviceBody::KeyRequest(KeyRequest {
                request: RequestId::new(least_of_digits(request.raw())),
                requester: NOBODY,
                action: match action {
                    KeyRequestAction::Request { room, .. } => {
                        KeyRequestAction::Request { room, session: SESSION }
                    }
                    KeyRequestAction::Cancel => KeyRequestAction::Cancel,
                },
            })
        }
        ToDeviceBody::Clear(event) => ToDeviceBody::Clear(bare_event(event)),
    }
}

fn bare_event(event: OlmEvent) -> OlmEvent {
    let bare_key = |key: RoomKey| RoomKey { session: SESSION, first: 0, ..key };
    match event {
        OlmEvent::RoomKey(key) => OlmEvent::RoomKey(bare_key(key)),
        OlmEvent::ForwardedRoomKey(forwarded) => OlmEvent::ForwardedRoomKey(ForwardedRoomKey {
            key: bare_key(forwarded.key),
            creator: NOBODY,
            ..forwarded
        }),
        OlmEvent::Dummy { empty } => OlmEvent::Dummy { empty },
        OlmEvent::Withheld(content) => OlmEvent::Withheld(bare_notice(content)),
        OlmEvent::RoomKeyBundle(RoomKeyBundle { room, .. }) => {
            OlmEvent::RoomKeyBundle(RoomKeyBundle { room, bundle: BundleId::new(0) })
        }
    }
}

const fn bare_notice(content: WithheldContent) -> WithheldContent {
    WithheldContent {
        session_id: match content.session_id {
            Field::Is(_) => Field::Is(SESSION),
            other @ (Field::Absent | Field::NotAString | Field::Other(_)) => other,
        },
        sender_key: match content.sender_key {
            Field::Is(_) => Field::Is(NOBODY),
            other @ (Field::Absent | Field::NotAString | Field::Other(_)) => other,
        },
        ..content
    }
}

/// The least number that takes as many groups of seven bits.
const fn least_of_seven_bits(number: u32) -> u32 {
    match number {
        0..0x80 => 0,
        0x80..0x4000 => 0x80,
        0x4000..0x20_0000 => 0x4000,
        0x20_0000..0x1000_0000 => 0x20_0000,
        0x1000_0000..=u32::MAX => 0x1000_0000,
    }
}

/// The least number that has as many digits.
const fn least_of_digits(number: u32) -> u32 {
    match number.checked_ilog10() {
        Some(more) => 10_u32.pow(more),
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{Scales, least_of_digits, least_of_seven_bits};
    use crate::ids::{
        BundleId, DeviceId, KeyValue, MegolmSessionId, OlmSessionId, RequestId, RoomId, Sym, TxnId,
        UserId,
    };
    use crate::protocol::api::ToDevicePut;
    use crate::protocol::json;
    use crate::protocol::spelling::Spelling;
    use crate::protocol::to_device::{
        ForwardedRoomKey, ForwardedWithheld, KeyRequest, KeyRequestAction, OlmCiphertext, OlmEvent,
        OlmPayload, RoomKey, RoomKeyBundle, SenderKeys, SharedHistory, ToDeviceBody, ToDeviceType,
    };
    use crate::protocol::withheld::{Field, WithheldCode, WithheldContent, WithheldNotice};
    use crate::scenario::model::Scenario;
    use crate::scenario::sample::{device, room_of};

    const ROOM: RoomId = RoomId::new(0);

    /// Users and devices with names of all lengths, one of which needs escapes.
    fn crowd() -> Scenario {
        let mut scenario = room_of(3, 0);
        scenario.devices[2].device_id = "B\"2\\".to_owned();
        scenario.devices[3].device_id = "A_DEVICE_WITH_A_LONG_ID".to_owned();
        let (bob, carol) = (scenario.users[1].clone(), UserId::new(2));
        scenario.users.push(crate::scenario::model::User { name: "carolina".to_owned(), ..bob });
        scenario.devices.push(device("C1", carol));
        scenario.strings.intern("some \"words\"");
        scenario
    }

    fn events(number: u32) -> Vec<OlmEvent> {
        let session = MegolmSessionId::new(number);
        let key = |shared_history| RoomKey { room: ROOM, session, first: number, shared_history };
        let forwarded = |hops, withheld| {
            OlmEvent::ForwardedRoomKey(ForwardedRoomKey {
                key: key(SharedHistory::No),
                creator: DeviceId::new(1),
                hops,
                withheld,
            })
        };
        let reason = ForwardedWithheld {
            code: Field::Is(WithheldCode::Unverified),
            reason: Field::Other(Sym::new(0)),
        };
        vec![
            OlmEvent::RoomKey(key(SharedHistory::Yes)),
            OlmEvent::RoomKey(key(SharedHistory::Absent)),
            forwarded(0, None),
            forwarded(3, Some(reason)),
            OlmEvent::Dummy { empty: true },
            OlmEvent::Dummy { empty: false },
            OlmEvent::Withheld(WithheldNotice::NoOlm.content(DeviceId::new(2))),
            OlmEvent::RoomKeyBundle(RoomKeyBundle { room: ROOM, bundle: BundleId::new(number) }),
        ]
    }

    fn sealed(number: u32, sender: DeviceId, recipient: DeviceId) -> Vec<ToDeviceBody> {
        let mut bodies = Vec::new();
        for event in events(number) {
            for sender_keys in [SenderKeys::Absent, SenderKeys::Agree, SenderKeys::Differ] {
                for pre_key in [None, Some(KeyValue::new(number))] {
                    bodies.push(ToDeviceBody::Olm(OlmCiphertext {
                        sender_key: sender,
                        session: OlmSessionId::new(number),
                        pre_key,
                        ratchet_key: number,
                        index: number,
                        mac: u64::from(number) << 20,
                        payload: OlmPayload { recipient, sender_keys, event },
                    }));
                }
            }
        }
        bodies
    }

    fn clear(number: u32, sender: DeviceId) -> Vec<ToDeviceBody> {
        let session = MegolmSessionId::new(number);
        let whole = WithheldContent {
            algorithm: Field::Absent,
            room_id: Field::Is(ROOM),
            session_id: Field::Is(session),
            sender_key: Field::Is(sender),
            code: Field::Is(WithheldCode::Blacklisted),
            reason: Field::Other(Sym::new(0)),
        };
        let request = |action| {
            ToDeviceBody::KeyRequest(KeyRequest {
                request: RequestId::new(number),
                requester: sender,
                action,
            })
        };
        let mut bodies: Vec<ToDeviceBody> =
            events(number).into_iter().map(ToDeviceBody::Clear).collect();
        bodies.extend([
            ToDeviceBody::Withheld(whole),
            ToDeviceBody::Withheld(WithheldContent { session_id: Field::NotAString, ..whole }),
            ToDeviceBody::Withheld(WithheldContent { sender_key: Field::Absent, ..whole }),
            ToDeviceBody::Withheld(WithheldNotice::NoOlm.content(sender)),
            request(KeyRequestAction::Request { room: ROOM, session }),
            request(KeyRequestAction::Cancel),
        ]);
        bodies
    }

    /// Every content of some numbers, from every device to every other.
    fn all_bodies(scenario: &Scenario) -> Vec<(DeviceId, ToDeviceBody)> {
        let mut all = Vec::new();
        let devices = || (0..scenario.devices.len()).map(DeviceId::at);
        for number in [0, 9, 10, 127, 128, 16_383, 16_384, 99_999_999] {
            for sender in devices() {
                for recipient in devices().filter(|recipient| *recipient != sender) {
                    let bodies = [sealed(number, sender, recipient), clear(number, sender)];
                    all.extend(bodies.concat().into_iter().map(|body| (recipient, body)));
                }
            }
        }
        all
    }

    #[test]
    fn the_length_of_a_shape_is_that_of_every_content_of_it() {
        let scenario = crowd();
        let mut scales = Scales::new(&scenario);
        let all = all_bodies(&scenario);
        for (recipient, body) in &all {
            let written = json::content(body, *recipient, &scenario).to_string();
            let weighed = scales.content(body, *recipient);
            assert_eq!(weighed, written.len() as u64, "{body:?}: {written}");
        }
        let shapes = scales.contents.len();
        assert!(shapes * 2 < all.len(), "{shapes} shapes of {} contents", all.len());
    }

    #[test]
    fn the_length_of_a_request_is_that_of_its_body() {
        let scenario = crowd();
        let mut scales = Scales::new(&scenario);
        let bodies = clear(5, DeviceId::new(0));
        for targets in 0..scenario.devices.len() {
            let messages: Vec<(DeviceId, ToDeviceBody)> =
                (1..=targets).map(|to| DeviceId::at(to % 5)).zip(bodies.iter().copied()).collect();
            let mut users = serde_json::Map::new();
            for (device, body) in &messages {
                let user = scenario.user(scenario.user_of(*device));
                let id = scenario.device_id(*device);
                let devices = users.entry(user).or_insert_with(|| serde_json::json!({}));
                devices[id] = json::content(body, *device, &scenario);
            }
            let body = serde_json::json!({ "messages": users }).to_string();
            let event_type = ToDeviceType::Withheld;
            let put = ToDevicePut { txn: TxnId::new(1), event_type, messages };
            assert_eq!(scales.put(&put), body.len() as u64, "{body}");
        }
    }

    #[test]
    fn the_least_number_of_a_length_stands_for_all_of_that_length() {
        assert_eq!([0, 127, 128, 300, 16_384].map(least_of_seven_bits), [0, 0, 128, 128, 16_384]);
        assert_eq!(
            [0, 9, 10, 99, 100, u32::MAX].map(least_of_digits),
            [0, 1, 10, 10, 100, 1_000_000_000]
        );
    }
}
