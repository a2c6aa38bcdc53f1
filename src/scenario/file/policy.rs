//! The codecs of policies: what a user or an application chooses.
//! It does not know which device a policy belongs to, nor how policies are layered.

use serde_json::{Value as Json, json};

use super::choice::Choice;
use super::codec::{Codec, Definitions, Reader, defined};
use super::container::List;
use super::json::{self, Node};
use super::record::{record, settings};
use crate::protocol::withheld::{CodeSet, WithheldCode};
use crate::scenario::model::Scenario;
use crate::scenario::policy::{
    AfterNoOlm, AnswerRequests, AskFor, OnNoOlm, OnProblem, Policy, Reporting, SharePolicy, Target,
};

settings! {
    /// What the user or the application of a device chooses. What is not said is as for every device.
    Policy as PolicyChanges in "policy" from Policy::standard();
    /// Which devices get room keys.
    share: SharePolicy,
    /// What happens to a message whose key the share policy keeps from somebody.
    on_problem: OnProblem,
    /// Whether invited users get keys where the history visibility allows it.
    share_with_invited: bool,
    /// Which withheld notices are sent to whom: a set of codes for everybody, or an object that tells users apart.
    report: Reporting,
    /// Which key requests are answered, and how.
    answer_requests: AnswerRequests,
    /// Whom the device asks for a key that it lacks.
    ask: AskFor,
    /// What the device does when it is told m.no_olm.
    on_no_olm: OnNoOlm,
    /// Where a key starts that is given to a device which had no Olm session before.
    after_no_olm: AfterNoOlm,
    /// Whether unblocking a device replaces the Megolm session.
    rotate_on_unblock: bool,
    /// Whether a key is sent again after its recipient has opened a new Olm session.
    reshare_after_unwedge: bool,
    /// Whether the device takes a m.no_olm for the reason of what it cannot read.
    show_no_olm: bool,
    /// Whether messages of devices that are not cross-signed are hidden.
    hide_unsigned: bool,
    /// Whether received keys go to the user's key backup and are fetched from it at login.
    backup: bool,
    /// Whether whom the device invites is given a history bundle first.
    share_history: bool,
}

/// The word for every code.
const ALL: &str = "all";
/// The word for no code.
const NONE: &str = "none";

impl Codec for CodeSet {
    type Value = Self;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        match json::text(node) {
            Some(ALL) => return Some(Self::ALL),
            Some(NONE) => return Some(Self::NONE),
            Some(_) | None => {}
        }
        if json::elements(node).is_none() {
            reader.unexpected(node, "\"all\", \"none\" or a list of codes");
            return None;
        }
        List::<WithheldCode>::decode(node, reader).map(|codes| codes.into_iter().collect())
    }

    fn encode(value: &Self, _: &Scenario) -> Json {
        if *value == Self::ALL {
            ALL.into()
        } else if *value == Self::NONE {
            NONE.into()
        } else {
            value.iter().map(WithheldCode::as_str).collect()
        }
    }

    fn schema(definitions: &mut Definitions) -> Json {
        defined("codes", definitions, |definitions| {
            let list = List::<WithheldCode>::schema(definitions);
            json!({
                "description": "A set of codes of m.room_key.withheld.",
                "anyOf": [{ "enum": [ALL, NONE] }, list],
            })
        })
    }
}

record! {
    /// Which codes are reported to whom, where not everybody is told the same.
    ReportingFile in "report" {
        /// Codes that are reported to users who are verified.
        codes: CodeSet [= CodeSet::ALL],
        /// Codes that are reported to strangers, that is users who are not verified. As `codes` if it is left out.
        strangers: CodeSet [or absent],
        /// Settings for single users or devices; the last one that fits wins.
        overrides: List<OverrideFile> [= Vec::new()],
    }
}

record! {
    /// Codes that are reported to one user or device.
    OverrideFile in "report_override" {
        /// The user or the device.
        target: Target [],
        /// The codes.
        codes: CodeSet [],
    }
}

impl Codec for Reporting {
    type Value = Self;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if json::properties(node).is_none() {
            let codes = CodeSet::decode(node, reader)?;
            return Some(Self { codes, strangers: codes, overrides: Vec::new() });
        }
        let file = ReportingFile::decode(node, reader)?;
        if file.strangers.is_bad() {
            return None;
        }
        let codes = file.codes.into_option()?;
        let overrides = file.overrides.into_option()?;
        let overrides = overrides
            .into_iter()
            .map(|one| Some((one.target.into_option()?, one.codes.into_option()?)));
        Some(Self {
            codes,
            strangers: file.strangers.or(codes),
            overrides: overrides.collect::<Option<_>>()?,
        })
    }

    fn encode(value: &Self, scenario: &Scenario) -> Json {
        if value.overrides.is_empty() && value.codes == value.strangers {
            return CodeSet::encode(&value.codes, scenario);
        }
        let overrides: Vec<Json> = value
            .overrides
            .iter()
            .map(|(target, codes)| {
                json!({
                    "target": Target::encode(target, scenario),
                    "codes": CodeSet::encode(codes, scenario),
                })
            })
            .collect();
        json!({
            "codes": CodeSet::encode(&value.codes, scenario),
            "strangers": CodeSet::encode(&value.strangers, scenario),
            "overrides": overrides,
        })
    }

    fn schema(definitions: &mut Definitions) -> Json {
        json!({ "anyOf": [CodeSet::schema(definitions), ReportingFile::schema(definitions)] })
    }
}

/// The codes as a list of their names, for documentation.
pub(super) fn code_names() -> impl Iterator<Item = &'static str> {
    WithheldCode::ALL.iter().map(Choice::name)
}
