//! The end of a draft: steps in the order of time without those that cannot be taken, names for messages, a horizon.
//! It does not know why anything was planned.

use super::dice::END;
use super::draft::Draft;
use super::plan::Subject;
use super::stage::Stage;
use crate::ids::{DeviceId, MessageId};
use crate::protocol::to_device::ToDeviceType;
use crate::protocol::withheld::Field;
use crate::scenario::fault::{Fault, FaultKind, ForgedContent, Party};
use crate::scenario::heal;
use crate::scenario::model::{Device, Scenario, Strings};
use crate::scenario::policy::AskFor;
use crate::scenario::step::{Step, TimedStep};
use crate::time::{SimDuration, SimTime};

/// A client that repairs an Olm channel more often than this repairs it for ever as long as everything is damaged.
const PATIENT: SimDuration = SimDuration::from_secs(600);
/// So much damage is enough for such a client: more of the same takes long and shows nothing new.
const DAMAGED: u32 = 20;
/// How long a run may go on after the last thing that is planned: longer than any wait of a client.
const AFTERWARDS: SimDuration = SimDuration::from_hours(6);
/// The longest time that a room may take: what is planned for later is left out.
const LONGEST: SimTime = SimTime::from_ms(60 * 24 * 3_600_000);

/// The scenario that the draft comes to.
pub(super) fn finish(draft: Draft<'_, '_>, subject: Subject) -> Scenario {
    let Draft { dice, mut scenario, mut steps, mut faults, sendings, .. } = draft;
    let before = dice.set_purpose(END);
    steps.sort_by_key(|step| step.at);
    ask_own_devices_only(&mut scenario, &mut steps, subject);
    let numbers = take_steps(&mut scenario, steps, sendings.len());
    faults.retain(|fault| fault.from <= LONGEST);
    faults.sort_by_key(|fault| fault.from);
    let last = scenario.timeline.last().map_or(SimTime::ZERO, |step| step.at);
    let last = faults.last().map_or(last, |fault| last.max(fault.from));
    scenario.horizon = last + AFTERWARDS;
    let is_impatient = |device: &Device| device.habits.unwedge_interval < PATIENT;
    let storms = scenario.devices.iter().any(is_impatient);
    let texts = std::mem::take(&mut scenario.strings);
    for mut fault in faults {
        end_window(&mut fault, scenario.horizon);
        if let FaultKind::OlmCorrupted { which } = &mut fault.kind
            && storms
        {
            which.first = which.first.or(Some(DAMAGED));
        }
        rename(&mut fault.kind, &numbers);
        move_texts(&mut fault.kind, &texts, &mut scenario.strings);
        scenario.faults.push(fault);
    }
    scenario.about = "A generated room.".to_owned();
    scenario.seed = dice.number(1 << 32);
    if dice.chance(1, 4) {
        let rest = SimDuration::from_ms(1) + dice.gap();
        heal::add(&mut scenario, last + rest);
    }
    dice.set_purpose(before);
    scenario
}

/// Whom a client asks for a key is its user's choice, but the strict reading warns of asking other users. So that a warning
/// of a device on trial always tells something of its client, only others make that choice.
fn ask_own_devices_only(scenario: &mut Scenario, steps: &mut [TimedStep], subject: Subject) {
    for index in 0..scenario.devices.len() {
        let is_program = matches!(subject, Subject::Program(_));
        let policy = &scenario.devices[index].policy;
        if policy.ask == AskFor::OwnDevicesAndSender
            && !is_program
            && subject.is_on_trial(scenario, Party::Device(DeviceId::at(index)))
        {
            scenario.devices[index].policy.ask = AskFor::OwnDevices;
        }
    }
    for timed in steps {
        if let Step::RequestKey { device, of, .. } = &mut timed.step
            && subject.is_on_trial(scenario, Party::Device(*device))
        {
            let user = scenario.user_of(*device);
            of.retain(|asked| scenario.user_of(*asked) == user);
        }
    }
}

/// Takes the steps that can be taken, and numbers the messages in their order. Given back is the number of each message of the
/// draft, if it is sent.
fn take_steps(
    scenario: &mut Scenario,
    steps: Vec<TimedStep>,
    messages: usize,
) -> Vec<Option<MessageId>> {
    let mut numbers = vec![None; messages];
    let mut timeline = Vec::with_capacity(steps.len());
    let mut count = 0;
    let mut stage = Stage::new(scenario, messages);
    for mut timed in steps {
        if timed.at > LONGEST || !stage.take(&timed.step) {
            continue;
        }
        if let Step::Send { message, .. } = &mut timed.step {
            let number = MessageId::at(count);
            count += 1;
            numbers[message.index()] = Some(number);
            *message = number;
        } else if let Step::RequestKey { message, .. } | Step::CancelRequest { message, .. } =
            &mut timed.step
        {
            // The stage has seen that it was sent.
            let Some(number) = numbers[message.index()] else { continue };
            *message = number;
        }
        timeline.push(timed);
    }
    scenario.timeline = timeline;
    scenario.messages = (1..=count).map(|number| format!("m{number}")).collect();
    numbers
}

/// A window that goes beyond the horizon is one to the end; that of what strikes once says nothing.
fn end_window(fault: &mut Fault, horizon: SimTime) {
    let is_instant = matches!(
        fault.kind,
        FaultKind::KeysClaimedByStranger { .. }
            | FaultKind::ServerRestored { .. }
            | FaultKind::StoreRolledBack { .. }
            | FaultKind::OlmSessionsLost { .. }
            | FaultKind::OneTimeKeysForgotten { .. }
            | FaultKind::ForgedWithheld { .. }
    );
    if is_instant || fault.until > horizon {
        fault.until = SimTime::MAX;
    }
}

/// Calls a message by its number in the scenario; one that is not sent is not named.
fn rename(kind: &mut FaultKind, numbers: &[Option<MessageId>]) {
    if let FaultKind::ForgedWithheld { content, .. } = kind {
        content.session_of = content.session_of.and_then(|message| numbers[message.index()]);
    }
}

/// Texts get their ids in the order in which the reader of a file would meet them.
fn move_texts(kind: &mut FaultKind, from: &Strings, to: &mut Strings) {
    if let Some(which) = kind.filter_mut() {
        if let Some(event_type) = &mut which.event_type {
            move_type(event_type, from, to);
        }
    } else if let FaultKind::ForgedWithheld { event_type, content, .. } = kind {
        move_type(event_type, from, to);
        let ForgedContent { fields, .. } = content;
        move_field(&mut fields.algorithm, from, to);
        move_field(&mut fields.room_id, from, to);
        move_field(&mut fields.session_id, from, to);
        move_field(&mut fields.sender_key, from, to);
        move_field(&mut fields.code, from, to);
        if let Field::Is(text) = &mut fields.reason {
            *text = to.intern(from.text(*text));
        }
        move_field(&mut fields.reason, from, to);
    }
}

fn move_type(event_type: &mut ToDeviceType, from: &Strings, to: &mut Strings) {
    if let ToDeviceType::Other(text) = event_type {
        *text = to.intern(from.text(*text));
    }
}

fn move_field<T>(field: &mut Field<T>, from: &Strings, to: &mut Strings) {
    if let Field::Other(text) = field {
        *text = to.intern(from.text(*text));
    }
}
