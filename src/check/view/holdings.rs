//! Room keys as each device holds them: from which index on, from whom, and how they went.
//! It does not know who should have sent them.

use crate::check::view::life::{Life, Moment};
use crate::check::view::pairs::Pairs;
use crate::ids::{DeviceId, FactId, MegolmSessionId, ToDeviceId};
use crate::trace::fact::{KeySource, LossCause};

/// One session's key at one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Holding {
    /// The first index.
    pub(crate) first: u32,
    /// When the device got it.
    pub(crate) taken: Moment,
    /// Where it came from.
    pub(crate) source: KeySource,
    /// The key with the lowest index that the device held before, if that was lower.
    pub(crate) better: Option<Better>,
    /// A key with a later index that came afterwards and may have taken the place of this one.
    pub(crate) worse: Option<(u32, FactId)>,
    /// The last key that was taken though it reaches no further back than this one.
    pub(crate) no_better: Option<FactId>,
    /// How the key went.
    pub(crate) lost: Option<(LossCause, FactId)>,
    /// When the device got the key whose place this one took because it reaches further back.
    pub(crate) over: Option<FactId>,
}

/// A key with a lower index that a device no longer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Better {
    /// The first index.
    pub(crate) first: u32,
    /// How it went.
    pub(crate) why: LossCause,
    /// The fact that tells.
    pub(crate) fact: FactId,
}

/// All keys at all devices.
#[derive(Debug, Clone, Default)]
pub(crate) struct Holdings {
    keys: Pairs<Holding>,
    refused: Pairs<(FactId, Option<ToDeviceId>)>,
}

impl Holdings {
    /// The device has the key from `first` on.
    pub(crate) fn taken(
        &mut self,
        (device, session): (DeviceId, MegolmSessionId),
        (first, source): (u32, KeySource),
        moment: Moment,
        life: &Life,
    ) {
        let fresh = Holding {
            first,
            taken: moment,
            source,
            better: None,
            worse: None,
            no_better: None,
            lost: None,
            over: None,
        };
        let Some(held) = self.keys.get_mut(session.raw(), device.raw()) else {
            self.keys.insert(session.raw(), device.raw(), fresh);
            return;
        };
        let undone = || life.undone(device, held.taken).map(|fact| (LossCause::Rollback, fact));
        let gone = held.lost.or_else(undone);
        if let Some((why, fact)) = gone {
            let ever = held.better.unwrap_or(Better { first: held.first, why, fact });
            *held = Holding { better: Some(ever).filter(|ever| ever.first < first), ..fresh };
        } else if first < held.first {
            let over = life.cut_off(device, held.taken).is_none().then_some(held.taken.fact);
            *held =
                Holding { better: held.better.filter(|ever| ever.first < first), over, ..fresh };
        } else if first == held.first && life.cut_off(device, held.taken).is_some() {
            // What a crash may have kept from being written down is there for certain once it comes again.
            *held = Holding { better: held.better.filter(|ever| ever.first < first), ..fresh };
        } else {
            held.no_better = Some(moment.fact);
            if first > held.first {
                held.worse.get_or_insert((first, moment.fact));
            }
        }
    }

    /// The device no longer has a key, or the best one, for the session.
    pub(crate) fn lost(
        &mut self,
        device: DeviceId,
        session: MegolmSessionId,
        (why, fact): (LossCause, FactId),
    ) {
        let Some(held) = self.keys.get_mut(session.raw(), device.raw()) else { return };
        match (why, held.worse) {
            (LossCause::Overwritten, Some((first, taken))) => {
                held.better = Some(Better { first: held.first, why, fact: taken });
                held.first = first;
                held.worse = None;
            }
            (
                LossCause::Overwritten
                | LossCause::Rollback
                | LossCause::Wiped
                | LossCause::Notice
                | LossCause::Used
                | LossCause::FailedMessage
                | LossCause::Expired,
                _,
            ) => held.lost = Some((why, fact)),
        }
    }

    /// The device got a key, with this message if that is known, and did not take it.
    pub(crate) fn refused(
        &mut self,
        device: DeviceId,
        session: MegolmSessionId,
        (fact, via): (FactId, Option<ToDeviceId>),
    ) {
        self.refused.insert(session.raw(), device.raw(), (fact, via));
    }

    /// The key of the session at the device, held or lost.
    pub(crate) fn of(&self, device: DeviceId, session: MegolmSessionId) -> Option<&Holding> {
        self.keys.get(session.raw(), device.raw())
    }

    /// The last time that the device refused a key of the session, if it may have been the one that came with `message`.
    pub(crate) fn refusal(
        &self,
        device: DeviceId,
        session: MegolmSessionId,
        message: Option<ToDeviceId>,
    ) -> Option<FactId> {
        let (fact, via) = *self.refused.get(session.raw(), device.raw())?;
        (via.is_none() || message.is_none() || via == message).then_some(fact)
    }
}

#[cfg(test)]
mod tests {
    use super::{Better, Holding, Holdings};
    use crate::check::view::life::{Life, Moment};
    use crate::ids::{DeviceId, FactId, MegolmSessionId};
    use crate::time::SimTime;
    use crate::trace::fact::{KeySource, LossCause};

    const D: DeviceId = DeviceId::new(0);
    const S: MegolmSessionId = MegolmSessionId::new(0);

    fn take(holdings: &mut Holdings, life: &Life, first: u32, fact: u32) {
        let at = SimTime::from_ms(u64::from(fact));
        let moment = Moment { fact: FactId::new(fact), at };
        holdings.taken((D, S), (first, KeySource::RoomKey), moment, life);
    }

    fn held(holdings: &Holdings) -> Holding {
        *holdings.of(D, S).unwrap()
    }

    #[test]
    fn the_lowest_index_is_what_a_device_holds() {
        let (mut holdings, life) = (Holdings::default(), Life::default());
        take(&mut holdings, &life, 5, 1);
        take(&mut holdings, &life, 7, 2);
        assert_eq!(held(&holdings).first, 5);
        assert_eq!(held(&holdings).worse, Some((7, FactId::new(2))));
        assert_eq!(held(&holdings).no_better, Some(FactId::new(2)));
        take(&mut holdings, &life, 3, 3);
        assert_eq!((held(&holdings).first, held(&holdings).worse), (3, None));
    }

    #[test]
    fn an_overwritten_key_is_remembered_in_either_order_of_the_facts() {
        let life = Life::default();
        let mut before = Holdings::default();
        take(&mut before, &life, 0, 1);
        before.lost(D, S, (LossCause::Overwritten, FactId::new(2)));
        take(&mut before, &life, 4, 3);
        let mut after = Holdings::default();
        take(&mut after, &life, 0, 1);
        take(&mut after, &life, 4, 2);
        after.lost(D, S, (LossCause::Overwritten, FactId::new(3)));
        for holdings in [before, after] {
            assert_eq!(held(&holdings).first, 4);
            assert_eq!(held(&holdings).better.map(|better| better.first), Some(0));
            assert_eq!((held(&holdings).lost, held(&holdings).worse), (None, None));
        }
    }

    #[test]
    fn a_key_that_a_rollback_took_away_is_replaced_by_any_other() {
        let (mut holdings, mut life) = (Holdings::default(), Life::default());
        take(&mut holdings, &life, 0, 10);
        life.restored(D, FactId::new(20), SimTime::from_ms(5));
        take(&mut holdings, &life, 6, 30);
        assert_eq!(held(&holdings).first, 6);
        let (first, why, fact) = (0, LossCause::Rollback, FactId::new(20));
        assert_eq!(held(&holdings).better, Some(Better { first, why, fact }));
    }

    #[test]
    fn the_same_key_once_more_is_none_that_is_worse() {
        let (mut holdings, life) = (Holdings::default(), Life::default());
        take(&mut holdings, &life, 5, 1);
        take(&mut holdings, &life, 5, 2);
        assert_eq!(
            (held(&holdings).worse, held(&holdings).no_better),
            (None, Some(FactId::new(2)))
        );
    }

    #[test]
    fn what_was_lost_is_better_only_while_no_key_that_came_since_reaches_as_far() {
        let life = Life::default();
        let mut overwritten = Holdings::default();
        take(&mut overwritten, &life, 1, 1);
        overwritten.lost(D, S, (LossCause::Overwritten, FactId::new(2)));
        take(&mut overwritten, &life, 4, 3);
        take(&mut overwritten, &life, 2, 4);
        assert_eq!(held(&overwritten).better.map(|better| better.first), Some(1));
        take(&mut overwritten, &life, 1, 5);
        assert_eq!((held(&overwritten).first, held(&overwritten).better), (1, None));
        let (mut rolled_back, mut life) = (Holdings::default(), life);
        take(&mut rolled_back, &life, 3, 10);
        life.restored(D, FactId::new(20), SimTime::from_ms(5));
        take(&mut rolled_back, &life, 3, 30);
        assert_eq!(held(&rolled_back).better, None);
    }
}
