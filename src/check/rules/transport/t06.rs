//! T-06 (sender, MUST; send-to-device messaging): a transaction has one message for each device at the most, and all are of one
//! type. Every reading agrees. It does not know transactions whose making nobody saw.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::pairs::row;
use crate::ids::{FactId, TxnId};
use crate::protocol::to_device::ToDeviceType;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, SentContent};
use crate::trace::kind::{Kind, Kinds};

/// What kind of content goes under a type of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Encrypted,
    Clear,
    Withheld,
    KeyRequest,
}

/// A transaction that is being put together.
#[derive(Debug, Clone, Copy)]
struct Making {
    txn: TxnId,
    event_type: ToDeviceType,
    shape: Option<(Shape, FactId)>,
}

/// The judge of T-06: a device that is named twice, or contents of two kinds in one transaction.
#[derive(Debug, Clone, Default)]
pub(crate) struct OneType {
    making: Vec<Option<Making>>,
}

const fn shape_of(content: SentContent) -> Shape {
    match content {
        SentContent::Olm(_) | SentContent::Sealed => Shape::Encrypted,
        SentContent::Clear(_) => Shape::Clear,
        SentContent::Withheld(_) => Shape::Withheld,
        SentContent::KeyRequest(_) => Shape::KeyRequest,
    }
}

impl Judge for OneType {
    const HEARS: Kinds = Kinds::of(&[Kind::Put, Kind::PutTarget]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let fact = case.fact.id;
        if let FactKind::Put { device, txn, event_type, .. } = case.fact.kind {
            findings.met(Rule::T06);
            let making = row(&mut self.making, device.index());
            let renamed = making.filter(|last| last.txn == txn && last.event_type != event_type);
            if renamed.is_some() {
                findings.raise(Rule::T06, Party::Device(device), [Some(fact)]);
            }
            *making = Some(Making { txn, event_type, shape: None });
        } else if let FactKind::PutTarget { device, txn, recipient, content } = case.fact.kind
            && let Some(Some(making)) = self.making.get_mut(device.index())
            && making.txn == txn
        {
            let shape = shape_of(content);
            let first = making.shape.get_or_insert((shape, fact));
            let transport = &case.view.transport;
            let number = transport.find(txn, recipient);
            let twice = number.filter(|number| transport.get(*number).targeted > 1);
            if first.0 != shape {
                findings.raise(Rule::T06, Party::Device(device), [Some(first.1), Some(fact)]);
            } else if let Some(number) = twice {
                let put = transport.get(number).put.fact;
                findings.raise(Rule::T06, Party::Device(device), [Some(put), Some(fact)]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, B2, Story, about, device, s};
    use crate::ids::{DeviceId, TxnId};
    use crate::protocol::to_device::ToDeviceType;
    use crate::protocol::withheld::SessionCode;
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::{FactKind, SentContent};

    const TXN: TxnId = TxnId::new(60);

    fn put(story: &mut Story, event_type: ToDeviceType) {
        story.by(A1, FactKind::Put { device: A1, txn: TXN, event_type, targets: 2 });
    }

    fn target(story: &mut Story, recipient: DeviceId, content: SentContent) {
        story.by(A1, FactKind::PutTarget { device: A1, txn: TXN, recipient, content });
    }

    fn broken(story: &Story) -> Vec<crate::scenario::fault::Party> {
        let rules = story.rules().into_iter();
        rules.filter(|(rule, _)| *rule == Rule::T06).map(|(_, party)| party).collect()
    }

    fn notice() -> SentContent {
        SentContent::Withheld(about(A1, s(0), SessionCode::Blacklisted))
    }

    #[test]
    fn one_message_for_each_of_two_devices_is_right() {
        let mut story = Story::blocked();
        put(&mut story, ToDeviceType::Withheld);
        target(&mut story, B1, notice());
        target(&mut story, B2, notice());
        assert_eq!(broken(&story), []);
        assert_eq!(story.judge().marks.of(Rule::T06), 1);
        target(&mut story, B1, notice());
        assert_eq!(broken(&story), [device(A1)]);
    }

    #[test]
    fn two_types_do_not_go_into_one_transaction() {
        let mut story = Story::blocked();
        put(&mut story, ToDeviceType::Withheld);
        target(&mut story, B1, notice());
        let mut renamed = story.clone();
        target(&mut story, B2, SentContent::Sealed);
        assert_eq!(broken(&story), [device(A1)]);
        put(&mut renamed, ToDeviceType::Encrypted);
        assert_eq!(broken(&renamed), [device(A1)]);
    }

    #[test]
    fn a_transaction_whose_making_nobody_saw_decides_nothing() {
        let mut story = Story::blocked();
        target(&mut story, B1, notice());
        target(&mut story, B1, notice());
        assert_eq!(broken(&story), []);
    }
}
