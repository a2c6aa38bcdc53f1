//! The heal phase of a file: when it begins, and that nothing else is planned for then.
//! It does not know what is probed; `scenario::heal` adds that.

use serde_json::{Value as Json, json};

use super::codec::{Codec, Definitions, Reader, Slot};
use super::container::At;
use super::fault::FaultEntry;
use super::json::{self, Node};
use super::timeline::{TimelineEntry, What};
use super::values::DURATION_WORDS;
use crate::ids::MessageId;
use crate::scenario::heal::Heal;
use crate::scenario::model::Scenario;
use crate::time::{SimDuration, SimTime};

/// The word that stands for no heal phase.
const NEVER: &str = "never";

/// When a heal phase begins, with its place, or the word `never`.
#[derive(Debug)]
pub(super) enum Healing {}

impl Codec for Healing {
    type Value = Option<At<SimTime>>;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self::Value> {
        let text = json::text(node);
        if text == Some(NEVER) {
            return Some(None);
        }
        let span = text.and_then(|text| text.parse::<SimDuration>().ok());
        if span.is_none() {
            reader.unexpected(node, format!("{DURATION_WORDS}, or \"{NEVER}\""));
        }
        span.map(|time| Some(At { value: SimTime::ZERO + time, span: json::span(node) }))
    }

    fn encode(value: &Self::Value, scenario: &Scenario) -> Json {
        match value {
            Some(at) => SimTime::encode(&at.value, scenario),
            None => NEVER.into(),
        }
    }

    fn schema(definitions: &mut Definitions) -> Json {
        json!({ "anyOf": [SimTime::schema(definitions), { "const": NEVER }] })
    }
}

impl Reader<'_> {
    /// Checks that the phase has time, and that no step and no fault reaches into it.
    pub(super) fn check_healing(
        &mut self,
        heal: &At<SimTime>,
        steps: &[At<Slot<TimelineEntry>>],
        faults: &[At<Slot<FaultEntry>>],
    ) {
        let from = heal.value;
        let end = Heal { from, first_probe: MessageId::new(0) }.horizon();
        let most = SimTime::ZERO + self.limits.horizon;
        if from == SimTime::ZERO {
            self.problems.report(heal.span, "no time at all", "a time after the start");
        } else if end > most {
            let found = format!("the time {from}, whose probes need a horizon of {end}");
            self.problems.report(heal.span, found, format!("an end by {most} (limit \"horizon\")"));
        }
        let before = format!("a time before the heal phase, which begins at {from}");
        for entry in steps.iter().filter_map(|entry| entry.value.get()) {
            let Some(last) = last_of(entry) else { continue };
            if last >= from {
                self.problems.report(entry.place("at"), format!("a step at {last}"), &*before);
            }
        }
        for entry in faults.iter().filter_map(|entry| entry.value.get()) {
            let (starts, until) = (entry.fault.from, entry.fault.until);
            if starts >= from {
                let found = format!("a fault that begins at {starts}");
                self.problems.report(entry.place("from"), found, &*before);
            } else if until > from && until != SimTime::MAX {
                let found = format!("a fault until {until}");
                let expected = format!(
                    "an end by the heal phase at {from}, or \"end\", which is the same here"
                );
                self.problems.report(entry.place("until"), found, expected);
            }
        }
    }
}

/// When the last thing of an entry of the timeline happens.
fn last_of(entry: &TimelineEntry) -> Option<SimTime> {
    let at = *entry.at.get()?;
    Some(match &entry.what {
        Some(What::Many { messages, every, .. }) => {
            let more = u64::try_from(messages.len()).unwrap_or(u64::MAX).saturating_sub(1);
            at + every.times(more)
        }
        Some(What::One(_)) | None => at,
    })
}

#[cfg(test)]
mod tests {
    use crate::scenario::file::{read, write};
    use crate::scenario::limits::Limits;

    fn file(rest: &str) -> String {
        let head = r#""format": 1, "about": "Healed.", "users": {"a": {"devices": ["A1"]}, "b": {"devices": ["B1"]}}"#;
        format!("{{{head}, {rest}}}")
    }

    fn problems(rest: &str) -> Vec<String> {
        let problems = read(&file(rest), &Limits::FILES).expect_err("the file is wrong");
        problems
            .iter()
            .map(|problem| format!("{}, not {}", problem.expected, problem.found))
            .collect()
    }

    const SEND: &str = r#"{"at": "10s", "do": "send", "from": "A1", "message": "m1"}"#;

    #[test]
    fn a_healed_scenario_probes_and_is_written_as_it_was_read() {
        let text = file(&format!(
            r#""horizon": "1h", "timeline": [{SEND}], "faults": [{{"from": "5s", "fault": "client_offline", "device": "B1"}}], "heal": "30m""#
        ));
        let scenario = read(&text, &Limits::FILES).expect("the file is right");
        assert_eq!(scenario.messages.len(), 3);
        assert_eq!(scenario.faults[0].until.to_string(), "30m");
        assert_eq!(scenario.horizon.to_string(), "4h50m");
        let again = write(&scenario);
        assert_eq!(read(&again, &Limits::FILES).as_ref(), Ok(&scenario), "{again}");
        assert!(again.contains("\"heal\": \"30m\""), "{again}");
    }

    #[test]
    fn nothing_may_be_planned_for_the_heal_phase() {
        let late = format!(r#""timeline": [{SEND}], "heal": "10s""#);
        assert_eq!(
            problems(&late),
            ["a time before the heal phase, which begins at 10s, not a step at 10s"]
        );
        let fault = r#"{"from": "5s", "until": "20s", "fault": "client_offline", "device": "B1"}"#;
        let expected = "an end by the heal phase at 10s, or \"end\", which is the same here, not a fault until 20s";
        assert_eq!(problems(&format!(r#""faults": [{fault}], "heal": "10s""#)), [expected]);
        let expected =
            "a time before the heal phase, which begins at 3s, not a fault that begins at 5s";
        assert_eq!(problems(&format!(r#""faults": [{fault}], "heal": "3s""#)), [expected]);
        assert_eq!(problems(r#""heal": "0s""#), ["a time after the start, not no time at all"]);
        assert_eq!(problems(r#""heal": "soon""#).len(), 1);
        assert_eq!(problems(r#""heal": "8783h""#).len(), 1);
    }
}
