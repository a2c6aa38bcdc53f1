//! The identity of each user as each device knows it, and whether its user has accepted the present one.
//! It does not know which messages go to whom.

use std::collections::BTreeMap;

use crate::check::view::life::Moment;
use crate::check::view::pairs::row;
use crate::ids::{DeviceId, SigningKey, UserId};

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

/// All identities.
#[derive(Debug, Clone, Default)]
pub(crate) struct Identities {
    devices: Vec<BTreeMap<UserId, Known>>,
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
        let fresh = Known { accepted: master, present: master, since: now };
        let known = row(&mut self.devices, device.index()).entry(user).or_insert(fresh);
        if known.present != master {
            known.present = master;
            known.since = now;
        }
    }

    /// The device's user accepted the identity, by word or by verifying it.
    pub(crate) fn accepted(&mut self, device: DeviceId, user: UserId) {
        if let Some(known) =
            self.devices.get_mut(device.index()).and_then(|users| users.get_mut(&user))
        {
            known.accepted = known.present;
        }
    }

    /// The users whose identity has changed for the device and was not accepted, ascending, with the answer that
    /// showed it.
    pub(crate) fn changed(&self, device: DeviceId) -> impl Iterator<Item = (UserId, Moment)> + '_ {
        let users = self.devices.get(device.index()).into_iter().flatten();
        users
            .filter(|(_, known)| known.accepted != known.present)
            .map(|(user, known)| (*user, known.since))
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
        identities.accepted(device, user);
        identities.shown(device, user, SigningKey::new(0), now(1));
        assert_eq!(changed(&identities), []);
        identities.shown(device, user, SigningKey::new(3), now(2));
        identities.shown(device, user, SigningKey::new(3), now(3));
        assert_eq!(changed(&identities), [(user, now(2))]);
        identities.shown(device, user, SigningKey::new(0), now(4));
        assert_eq!(changed(&identities), []);
        identities.shown(device, user, SigningKey::new(3), now(5));
        identities.accepted(device, user);
        assert_eq!(changed(&identities), []);
        assert_eq!(identities.changed(DeviceId::new(0)).count(), 0);
    }
}
