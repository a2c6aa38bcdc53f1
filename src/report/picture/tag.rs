//! The word or two on an arrow: the type of what travels, or its name.
//! It does not know between whom it travels.

use std::collections::BTreeMap;

use crate::ids::{ToDeviceId, TxnId};
use crate::protocol::to_device::OlmEvent;
use crate::protocol::withheld::{Field, WithheldContent};
use crate::report::names::Names;
use crate::report::text::safe;
use crate::report::words::Word;
use crate::trace::fact::{ClaimOutcome, Fact, FactKind, OlmResult, QueryOutcome, SentContent};

/// Says of facts which word stands on the arrow that leads to them. They must come in order: what is in a transaction or a
/// mailbox is called as it was when it was put there.
#[derive(Debug, Clone)]
pub(in crate::report) struct Tags<'a> {
    names: &'a Names<'a>,
    txns: BTreeMap<TxnId, String>,
    rows: BTreeMap<ToDeviceId, String>,
}

impl<'a> Tags<'a> {
    pub(in crate::report) const fn new(names: &'a Names<'a>) -> Self {
        Self { names, txns: BTreeMap::new(), rows: BTreeMap::new() }
    }

    /// The word on the arrow that leads to the next fact; `None` if its kind says enough.
    pub(in crate::report) fn next(&mut self, fact: &Fact) -> Option<String> {
        let own = tag(self.names, fact);
        if let (Some(tag), FactKind::Put { txn, .. } | FactKind::PutTarget { txn, .. }) =
            (&own, &fact.kind)
        {
            self.txns.insert(*txn, tag.clone());
        } else if let (Some(tag), FactKind::Enqueued { message, .. }) = (&own, &fact.kind) {
            self.rows.insert(*message, tag.clone());
        }
        own.or_else(|| self.known(&fact.kind))
    }

    fn known(&self, kind: &FactKind) -> Option<String> {
        if let FactKind::PutAccepted { txn, .. } | FactKind::Lost { txn, .. } = kind {
            return self.txns.get(txn).cloned();
        }
        if let FactKind::Listed { message, .. }
        | FactKind::Processed { message, .. }
        | FactKind::OlmDecrypt { message, .. } = kind
        {
            return self.rows.get(message).cloned();
        }
        None
    }
}

fn tag(names: &Names<'_>, fact: &Fact) -> Option<String> {
    if let FactKind::PutTarget { content, .. } | FactKind::Enqueued { content, .. } = &fact.kind {
        return Some(of_content(names, content));
    }
    if let FactKind::BundleWithheld { content, .. } = &fact.kind {
        return Some(withheld(names, content));
    }
    if let FactKind::OlmEncrypted { event, .. }
    | FactKind::OlmDecrypt { result: OlmResult::Decrypted { event, .. }, .. } = &fact.kind
    {
        return Some(of_event(names, event));
    }
    if let FactKind::Put { event_type, .. } = fact.kind {
        return Some(event_type.word(names));
    }
    if let FactKind::MegolmEncrypted { message, .. }
    | FactKind::SendRefused { message, .. }
    | FactKind::MessageAccepted { message, .. }
    | FactKind::MessageReceived { message, .. }
    | FactKind::Try { message, .. } = fact.kind
    {
        return Some(names.message(message));
    }
    if let FactKind::ClaimEnd { outcome, .. } = fact.kind {
        let brought = match outcome {
            ClaimOutcome::Key { fallback: false, .. } => "one-time key",
            ClaimOutcome::Key { fallback: true, .. } => "fallback key",
            ClaimOutcome::NoKey => "no key",
            ClaimOutcome::Failed(_) => "claim failed",
        };
        return Some(brought.to_owned());
    }
    if let FactKind::QueryEnd { outcome, .. } = fact.kind {
        let brought = match outcome {
            QueryOutcome::Applied { .. } => "device list",
            QueryOutcome::Overtaken => "older list",
            QueryOutcome::Failed => "query failed",
        };
        return Some(brought.to_owned());
    }
    if let FactKind::Member { user, membership, .. } = fact.kind {
        return Some(format!("{} {}", names.user(user), membership.word(names)));
    }
    None
}

/// The type of what is sent, and the code of a notice.
fn of_content(names: &Names<'_>, content: &SentContent) -> String {
    match content {
        SentContent::Olm(event) => of_event(names, event),
        SentContent::Sealed => "m.room.encrypted".to_owned(),
        SentContent::Clear(event) => format!("{} in clear", of_event(names, event)),
        SentContent::Withheld(content) => withheld(names, content),
        SentContent::KeyRequest(_) => "m.room_key_request".to_owned(),
    }
}

fn of_event(names: &Names<'_>, event: &OlmEvent) -> String {
    match event {
        OlmEvent::RoomKey(_) => "m.room_key".to_owned(),
        OlmEvent::ForwardedRoomKey(_) => "m.forwarded_room_key".to_owned(),
        OlmEvent::Dummy { .. } => "m.dummy".to_owned(),
        OlmEvent::Withheld(content) => format!("{}, encrypted", withheld(names, content)),
        OlmEvent::RoomKeyBundle(_) => "m.room_key_bundle".to_owned(),
    }
}

fn withheld(names: &Names<'_>, content: &WithheldContent) -> String {
    let code = match content.code {
        Field::Is(code) => code.as_str().to_owned(),
        Field::Other(text) => safe(names.scenario.strings.text(text)),
        Field::Absent | Field::NotAString => "no code".to_owned(),
    };
    format!("withheld: {code}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Tags;
    use crate::protocol::to_device::ToDeviceType;
    use crate::report::names::Names;
    use crate::scenario::sample::room_of;
    use crate::trace::fact::{FactKind, ProcessOutcome, SentContent};
    use crate::trace::sample::{A1, B1, NOTICE, TXN, X, every_kind, fact_of};

    #[test]
    fn what_travels_is_called_by_its_type_or_name() {
        let mut scenario = room_of(1, 1);
        scenario.strings.intern("odd\u{202e}");
        let names = Names::of(&scenario);
        let mut tags = Tags::new(&names);
        let found: BTreeSet<String> =
            every_kind().into_iter().filter_map(|kind| tags.next(&fact_of(1, 0, kind))).collect();
        for expected in
            ["m1", "claim failed", "device list", "m.room_key", "withheld: m.blacklisted"]
        {
            assert!(found.contains(expected), "{expected}: {found:?}");
        }
        assert!(!found.iter().any(|tag| tag.contains('\u{202e}')), "{found:?}");
    }

    #[test]
    fn what_comes_out_of_a_mailbox_is_called_as_when_it_was_put_there() {
        let scenario = room_of(1, 1);
        let names = Names::of(&scenario);
        let mut tags = Tags::new(&names);
        let handled =
            FactKind::Processed { device: B1, message: X, outcome: ProcessOutcome::Handled };
        assert_eq!(tags.next(&fact_of(1, 0, handled)), None, "it is not known yet");
        let content = SentContent::Withheld(NOTICE);
        let event_type = ToDeviceType::Withheld;
        let stored = FactKind::Enqueued {
            message: X,
            sender: A1,
            recipient: B1,
            txn: TXN,
            event_type,
            content,
        };
        assert!(tags.next(&fact_of(2, 0, stored)).is_some());
        assert_eq!(tags.next(&fact_of(3, 0, handled)).as_deref(), Some("withheld: m.blacklisted"));
    }
}
