//! A scenario as a file: JSON with every default filled in, short values on one line.
//! It does not know how the scenario came about, nor whether the reader would take it.

use serde_json::Value as Json;

use super::cast::Template;
use super::codec::{Changes, Codec, Slot};
use super::container::{At, Entry};
use super::document::{
    DeviceFile, Devices, EachDevice, RoomFile, ScenarioFile, ServerFile, UserFile,
};
use super::expect::{ExpectFile, NoticesFile, ViolationFile};
use super::fault::FaultEntry;
use super::habits::HabitsChanges;
use super::network::default_network;
use super::policy::PolicyChanges;
use super::problem::Span;
use super::timeline::TimelineEntry;
use crate::ids::{DeviceId, ServerId};
use crate::scenario::model::{Device, Room, Scenario, Server, User};
use crate::scenario::step::TimedStep;

/// How many characters a line has at the most if what stands on it can be broken.
const WIDTH: usize = 110;

/// The scenario as a file, which reads back as an equal scenario.
///
/// What is the same for most devices stands once, in `each_device`; devices say what differs. Equal means equal: devices
/// must be numbered user by user and messages in the order of their sends, expected cells and strings must be in the
/// order in which the reader meets them, and the scenario must be one that the reader takes. All that holds for what
/// the reader returned.
#[must_use]
pub fn write(scenario: &Scenario) -> String {
    let template = template(scenario);
    let heal = scenario.heal.map(|heal| At { value: heal.from, span: Span::default() });
    // Probes come with the heal phase when the file is read again.
    let told = |step: &&TimedStep| scenario.heal.is_none_or(|heal| step.at < heal.from);
    let file = ScenarioFile {
        format: Slot::Is(1),
        about: placed(scenario.about.clone()),
        schema: Slot::Missing,
        rules: Slot::Is(many(scenario.rules.iter().copied())),
        seed: Slot::Is(scenario.seed),
        horizon: placed(scenario.horizon),
        each_device: Slot::Is(each_device(&template)),
        servers: Slot::Is(scenario.servers.iter().map(server).collect()),
        users: Slot::Is(users(scenario, &template)),
        rooms: Slot::Is(scenario.rooms.iter().map(room).collect()),
        network: Slot::Is(scenario.network),
        timeline: Slot::Is(many(scenario.timeline.iter().filter(told).map(TimelineEntry::new))),
        faults: Slot::Is(many(scenario.faults.iter().map(FaultEntry::new))),
        heal: Slot::Is(heal),
        expect: Slot::Is(expect(scenario)),
    };
    printed(&file, scenario)
}

/// A file as text.
pub(super) fn printed(file: &ScenarioFile, scenario: &Scenario) -> String {
    pretty(&ScenarioFile::encode(file, scenario))
}

/// A value as text, with a line's end.
pub(super) fn pretty(value: &Json) -> String {
    let mut text = String::new();
    print(value, 0, 0, &mut text);
    text.push('\n');
    text
}

/// A scenario without anything, for the defaults in the schema, which name nothing.
pub(super) fn nothing() -> Scenario {
    Scenario::empty(default_network())
}

pub(super) fn placed<T>(value: T) -> Slot<At<T>> {
    Slot::Is(At { value, span: Span::default() })
}

pub(super) fn many<T>(values: impl Iterator<Item = T>) -> Vec<At<Slot<T>>> {
    values.map(|value| At { value: Slot::Is(value), span: Span::default() }).collect()
}

/// What the first device is like, so that devices who are alike have nothing to say.
fn template(scenario: &Scenario) -> Template {
    scenario.devices.first().map_or_else(Template::standard, |device| Template {
        keys: device.keys,
        one_time_keys: device.one_time_keys,
        fallback_key: device.fallback_key,
        policy: device.policy.clone(),
        habits: device.habits,
    })
}

fn each_device(template: &Template) -> EachDevice {
    EachDevice {
        keys: Slot::Is(template.keys),
        one_time_keys: Slot::Is(template.one_time_keys),
        fallback_key: Slot::Is(template.fallback_key),
        profile: Slot::Missing,
        policy: Slot::Is(PolicyChanges::all(&template.policy)),
        habits: Slot::Is(HabitsChanges::all(&template.habits)),
    }
}

fn server(server: &Server) -> Entry<ServerFile> {
    let file = ServerFile {
        batch_limit: Slot::Is(server.batch_limit),
        timeline_limit: Slot::Is(server.timeline_limit),
        edu_limit: Slot::Is(server.edu_limit),
        habits: Slot::Is(server.habits),
    };
    Entry::new(&server.name, file)
}

fn users(scenario: &Scenario, template: &Template) -> Vec<Entry<UserFile>> {
    let mut devices: Vec<Vec<Entry<DeviceFile>>> = vec![Vec::new(); scenario.users.len()];
    for device in &scenario.devices {
        devices[device.user.index()].push(Entry::new(&device.name, self::device(device, template)));
    }
    let user = |(user, devices): (&User, Vec<Entry<DeviceFile>>)| {
        let server: ServerId = user.server;
        let file = UserFile {
            count: Slot::Missing,
            server: Slot::Is(server),
            cross_signing: Slot::Is(user.cross_signing),
            devices: placed(Devices::Named(devices)),
            each_device: Slot::Missing,
        };
        Entry::new(&user.name, file)
    };
    scenario.users.iter().zip(devices).map(user).collect()
}

/// A value that is written if it is not what is written elsewhere already.
pub(super) fn unless<T: PartialEq>(value: T, told: &T) -> Slot<T> {
    if value == *told { Slot::Missing } else { Slot::Is(value) }
}

fn device(device: &Device, template: &Template) -> DeviceFile {
    let mut file = DeviceFile {
        device_id: placed(device.device_id.clone()),
        present: Slot::Is(device.present),
        cross_signed: placed(device.cross_signed),
        keys: unless(device.keys, &template.keys),
        one_time_keys: unless(device.one_time_keys, &template.one_time_keys),
        fallback_key: unless(device.fallback_key, &template.fallback_key),
        profile: Slot::Missing,
        policy: Slot::Missing,
        habits: Slot::Missing,
    };
    if device.policy != template.policy {
        file.policy = Slot::Is(PolicyChanges::between(&template.policy, &device.policy));
    }
    if device.habits != template.habits {
        file.habits = Slot::Is(HabitsChanges::between(&template.habits, &device.habits));
    }
    file
}

fn room(room: &Room) -> Entry<RoomFile> {
    let members = room.members.iter().map(|(user, membership)| ((*user, 1), *membership));
    let file = RoomFile {
        members: Slot::Is(many(members)),
        history_visibility: Slot::Is(room.history_visibility),
        rotation: Slot::Is(room.rotation),
    };
    Entry::new(&room.name, file)
}

pub(super) fn expect(scenario: &Scenario) -> ExpectFile {
    let expect = &scenario.expect;
    let mut verdicts: Vec<Entry<Vec<Entry<_>>>> = Vec::new();
    for cell in &expect.cells {
        let (message, device): (&str, DeviceId) =
            (scenario.message_name(cell.message), cell.device);
        let verdict = Entry::new(scenario.device_name(device), cell.verdict);
        match verdicts.last_mut() {
            Some(Entry { name, value: Slot::Is(line) }) if name.value == message => {
                line.push(verdict);
            }
            Some(_) | None => verdicts.push(Entry::new(message, vec![verdict])),
        }
    }
    let violations = expect.violations.iter().map(|violation| ViolationFile {
        rule: Slot::Is(violation.rule),
        party: Slot::Is(violation.party),
    });
    let notices = expect.notices.iter().map(|notices| NoticesFile {
        from: Slot::Is(notices.sender),
        to: Slot::Is(notices.recipient),
        code: Slot::Is(notices.code),
        count: Slot::Is(notices.count),
    });
    ExpectFile {
        verdicts: Slot::Is(verdicts),
        others: Slot::Is(expect.others),
        violations: Slot::Is(many(violations)),
        notices: Slot::Is(many(notices)),
        only_these_notices: Slot::Is(expect.only_these_notices),
        unsent: Slot::Is(expect.unsent.as_ref().map(|unsent| many(unsent.iter().copied()))),
        reaches: Slot::Is(many(expect.reaches.iter().copied())),
        digest: Slot::Is(expect.digest),
    }
}

/// Prints a value whose line has `used` characters already: on that line if it fits, else on lines of its own.
fn print(value: &Json, indent: usize, used: usize, text: &mut String) {
    let mut children: Vec<(Option<&String>, &Json)> = Vec::new();
    let brackets = match value {
        Json::Object(map) if !map.is_empty() => {
            children.extend(map.iter().map(|(name, value)| (Some(name), value)));
            ['{', '}']
        }
        Json::Array(list) if !list.is_empty() => {
            children.extend(list.iter().map(|value| (None, value)));
            ['[', ']']
        }
        Json::Object(_)
        | Json::Array(_)
        | Json::Null
        | Json::Bool(_)
        | Json::Number(_)
        | Json::String(_) => {
            text.push_str(&value.to_string());
            return;
        }
    };
    if indent > 0 {
        let start = text.len();
        if on_one_line(value, WIDTH.saturating_sub(used), text) {
            return;
        }
        text.truncate(start);
    }
    text.push(brackets[0]);
    for (index, (name, child)) in children.into_iter().enumerate() {
        text.push_str(if index == 0 { "\n" } else { ",\n" });
        let start = text.len();
        text.extend(std::iter::repeat_n(' ', indent + 2));
        if let Some(name) = name {
            text.push_str(&Json::from(name.as_str()).to_string());
            text.push_str(": ");
        }
        // One character more for the comma behind it.
        let used = text.len() - start + 1;
        print(child, indent + 2, used, text);
    }
    text.push('\n');
    text.extend(std::iter::repeat_n(' ', indent));
    text.push(brackets[1]);
}

/// Prints a value on one line; false if it needs more than `room` bytes, and then what was printed is worthless.
fn on_one_line(value: &Json, room: usize, text: &mut String) -> bool {
    let end = text.len() + room;
    match value {
        Json::Object(map) => {
            text.push_str(if map.is_empty() { "{" } else { "{ " });
            for (index, (name, value)) in map.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                text.push_str(&Json::from(name.as_str()).to_string());
                text.push_str(": ");
                if text.len() > end || !on_one_line(value, end - text.len(), text) {
                    return false;
                }
            }
            text.push_str(if map.is_empty() { "}" } else { " }" });
        }
        Json::Array(list) => {
            text.push('[');
            for (index, value) in list.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                if text.len() > end || !on_one_line(value, end - text.len(), text) {
                    return false;
                }
            }
            text.push(']');
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
            text.push_str(&value.to_string());
        }
    }
    text.len() <= end
}
