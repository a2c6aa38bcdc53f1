//! The identity of each user as each device knows it, and whether its user has accepted the present one.
//! It does not know which messages go to whom.

use std::collections::BTreeMap;

use crate::check::view::life::Moment;
use crate::check::view::pairs::row;
use crate::ids::{DeviceId, SigningKey, UserId};
use crate::time::SimTime;

/// What one device knows of one user's identity.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// The master key that was seen first, or accepted since.
    accepted: SigningKey,
    /// The master key of the last answer that had one.
    present: SigningKey,
    /// The answer that first showed the present key.
    since: Moment,
}

/// What made a device know something else of an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// An answer to a query.
    Answer,
    /// The word of its user.
    Word,
    /// Another store.
    Store,
}

/// What it knows from some time on.
#[derive(Debug, Clone, Copy)]
struct Chapter {
    from: SimTime,
    by: By,
    /// Nothing, if an older store knows nothing.
    known: Option<Known>,
}

/// All identities.
#[derive(Debug, Clone, Default)]
pub(crate) struct Identities {
    /// What each device came to know of each user, one after the other.
    devices: Vec<BTreeMap<UserId, Vec<Chapter>>>,
}

impl Identities {
    /// An answer showed this master key of the user.
    pub(crate) fn shown(
        &mut self,
        device: DeviceId,
        user: UserId,
        master: SigningKey,
        now: Moment,
    ) {
        let history = row(&mut self.devices, device.index()).entry(user).or_default();
        let accepted = match history.last().and_then(|chapter| chapter.known) {
            Some(known) if known.present == master => return,
            Some(known) => known.accepted,
            None => master,
        };
        let known = Some(Known { accepted, present: master, since: now });
        history.push(Chapter { from: now.at, by: By::Answer, known });
    }

    /// The device's user accepted the identity, by word or by verifying it.
    pub(crate) fn accepted(&mut self, device: DeviceId, user: UserId, now: Moment) {
        let users = self.devices.get_mut(device.index());
        if let Some(history) = users.and_then(|users| users.get_mut(&user))
            && let Some(known) = history.last().and_then(|chapter| chapter.known)
            && known.accepted != known.present
        {
            let known = Some(Known { accepted: known.present, ..known });
            history.push(Chapter { from: now.at, by: By::Word, known });
        }
    }

    /// The device's store is the one of `snapshot` again: it knows what it knew then, also where an even older store had taken that
    /// away. Of that very instant it is not known which came first: that nothing was shown, and that all was accepted, is what
    /// blames nobody; and of a copy from the instant of another restore nobody knows which store it is of.
    pub(crate) fn restored(&mut self, device: DeviceId, snapshot: SimTime, now: Moment) {
        for history in
            self.devices.get_mut(device.index()).into_iter().flat_map(BTreeMap::values_mut)
        {
            let is_in = |chapter: &&Chapter| {
                chapter.from < snapshot || (chapter.from == snapshot && chapter.by != By::Answer)
            };
            let last = history.iter().rev().find(is_in);
            let is_known = |last: &&Chapter| last.from < snapshot || last.by != By::Store;
            let known = last.filter(is_known).and_then(|chapter| chapter.known);
            history.push(Chapter { from: now.at, by: By::Store, known });
        }
    }

    /// The users whose identity has changed for the device and was not accepted, ascending, with the answer that
    /// showed it.
    pub(crate) fn changed(&self, device: DeviceId) -> impl Iterator<Item = (UserId, Moment)> + '_ {
        let users = self.devices.get(device.index()).into_iter().flatten();
        users
            .filter_map(|(user, history)| Some((*user, history.last()?.known?)))
            .filter(|(_, known)| known.accepted != known.present)
            .map(|(user, known)| (user, known.since))
    }
}

#[cfg(test)]
mod tests {
    use super::Identities;
    use crate::check::view::life::Moment;
    use crate::ids::{DeviceId, FactId, SigningKey, UserId};
    use crate::time::SimTime;

    #[test]
    fn an_identity_has_changed_until_it_is_accepted_or_the_old_one_is_back() {
        let (device, user) = (DeviceId::new(1), UserId::new(2));
        let now = |fact| Moment { fact: FactId::new(fact), at: SimTime::ZERO };
        let mut identities = Identities::default();
        let changed = |identities: &Identities| identities.changed(device).collect::<Vec<_>>();
        identities.accepted(device, user, now(0));
        identities.shown(device, user, SigningKey::new(0), now(1));
        assert_eq!(changed(&identities), []);
        identities.shown(device, user, SigningKey::new(3), now(2));
        identities.shown(device, user, SigningKey::new(3), now(3));
        assert_eq!(changed(&identities), [(user, now(2))]);
        identities.shown(device, user, SigningKey::new(0), now(4));
        assert_eq!(changed(&identities), []);
        identities.shown(device, user, SigningKey::new(3), now(5));
        identities.accepted(device, user, now(6));
        assert_eq!(changed(&identities), []);
        assert_eq!(identities.changed(DeviceId::new(0)).count(), 0);
    }

    #[test]
    fn an_older_store_knows_no_later_identity() {
        let (device, user) = (DeviceId::new(1), UserId::new(2));
        let at = |ms| Moment { fact: FactId::new(ms), at: SimTime::from_ms(u64::from(ms)) };
        let mut identities = Identities::default();
        identities.shown(device, user, SigningKey::new(0), at(10));
        identities.shown(device, user, SigningKey::new(3), at(20));
        identities.accepted(device, user, at(30));
        let mut later = identities.clone();
        identities.restored(device, SimTime::from_ms(10), at(40));
        identities.shown(device, user, SigningKey::new(3), at(40));
        assert_eq!(identities.changed(device).count(), 0, "it is the first that it sees");
        let mut accepted = later.clone();
        accepted.restored(device, SimTime::from_ms(30), at(40));
        assert_eq!(accepted.changed(device).count(), 0);
        later.restored(device, SimTime::from_ms(29), at(40));
        assert_eq!(later.changed(device).collect::<Vec<_>>(), [(user, at(20))]);
        later.restored(device, SimTime::from_ms(31), at(50));
        assert_eq!(later.changed(device).count(), 0, "the newer store knows that it was accepted");
        later.restored(device, SimTime::from_ms(45), at(60));
        assert_eq!(later.changed(device).collect::<Vec<_>>(), [(user, at(20))]);
    }
}
