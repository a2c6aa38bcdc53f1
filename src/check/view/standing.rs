//! How each device stood with a Megolm session when messages were encrypted with it: owed its key or barred from it.
//! It does not know what the device was given.

use crate::check::view::duties::{Duty, Told};
use crate::check::view::pairs::Pairs;
use crate::ids::{DeviceId, FactId, MegolmSessionId};

/// How one device stood with one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Standing {
    /// The index of the first message for which it was owed the key.
    pub(crate) first_owed: Option<u32>,
    /// The index of the first message for which it was barred.
    pub(crate) first_barred: Option<u32>,
    /// The last message for which it was barred: the index, and the fact that it was encrypted.
    pub(crate) last_barred: Option<(u32, FactId)>,
    /// The first and the last message for which it was barred and not to be told.
    pub(crate) unsaid: Option<[Unsaid; 2]>,
}

/// A message for which a device was barred, for a reason that its sender kept to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unsaid {
    /// The index.
    index: u32,
    /// When it was encrypted.
    pub(crate) fact: FactId,
    /// When the choice behind it was made; when it was encrypted, if that is not known.
    pub(crate) since: FactId,
}

impl Standing {
    /// The first message after this index, as far as is known, for which the device was barred and not to be told.
    pub(crate) fn unsaid_after(&self, index: u32) -> Option<Unsaid> {
        self.unsaid?.into_iter().find(|unsaid| unsaid.index > index)
    }
}

/// All standings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Standings {
    standings: Pairs<Standing>,
    /// The session and the table of duties that were taken in last for each sender and room: nothing new is in them,
    /// unless somebody is barred.
    known: Pairs<(MegolmSessionId, u32, bool)>,
}

/// A message that was encrypted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message {
    /// With which session.
    pub(crate) session: MegolmSessionId,
    /// At which index.
    pub(crate) index: u32,
    /// When.
    pub(crate) fact: FactId,
}

impl Standings {
    /// Whether a message with this table of duties has nothing to tell that was not told before.
    pub(crate) fn is_known(&self, ends: (u32, u32), session: MegolmSessionId, table: u32) -> bool {
        self.known.get(ends.0, ends.1) == Some(&(session, table, false))
    }

    /// Takes a message in, with what its sender owed to each device, and whether that was settled: of whom its sender's user chose
    /// something while it was being prepared nobody can say whether it was barred; it may have been, and in silence. Who was owed the
    /// key by a table that is known was so before.
    pub(crate) fn note<'a>(
        &mut self,
        ends: (u32, u32),
        message: Message,
        table: u32,
        duties: impl Iterator<Item = (DeviceId, &'a Duty, bool)>,
    ) {
        let Message { session, index, fact } = message;
        let known = self.known.get(ends.0, ends.1);
        let is_new = known.is_none_or(|known| (known.0, known.1) != (session, table));
        let mut has_barred = false;
        for (device, duty, is_settled) in duties {
            match duty {
                Duty::NotEligible { .. } | Duty::Unlisted(_) => {}
                Duty::Barred { told, why, .. } => {
                    has_barred = true;
                    let standing = self.standings.entry(session.raw(), device.raw());
                    if is_settled {
                        standing.first_barred.get_or_insert(index);
                        standing.last_barred = Some((index, fact));
                    }
                    if *told == Told::No {
                        let now = Unsaid { index, fact, since: why.unwrap_or(fact) };
                        let first = standing.unsaid.map_or(now, |[first, _]| first);
                        standing.unsaid = Some([first, now]);
                    }
                }
                Duty::Owed { .. } if !is_new => {}
                Duty::Owed { .. } => {
                    let standing = self.standings.entry(session.raw(), device.raw());
                    standing.first_owed =
                        Some(standing.first_owed.map_or(index, |old| old.min(index)));
                }
            }
        }
        self.known.insert(ends.0, ends.1, (session, table, has_barred));
    }

    /// How the device stood with the session so far.
    pub(crate) fn of(&self, session: MegolmSessionId, device: DeviceId) -> Standing {
        self.standings.get(session.raw(), device.raw()).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Message, Standing, Standings};
    use crate::check::view::duties::{Duty, Told};
    use crate::ids::{DeviceId, FactId, MegolmSessionId};
    use crate::protocol::withheld::WithheldCode;

    #[test]
    fn the_first_message_that_was_owed_and_the_last_that_was_barred_are_kept() {
        let (session, device, fact) = (MegolmSessionId::new(1), DeviceId::new(2), FactId::new(9));
        let owed = Duty::Owed { olm: true, told: Told::Yes, epoch: None, since: FactId::new(0) };
        let (code, since) = (WithheldCode::Blacklisted, FactId::new(0));
        let barred = Duty::Barred { code, why: None, told: Told::Yes, since };
        let mut standings = Standings::default();
        for (index, duty) in [(3, owed), (4, barred), (5, barred), (6, owed)] {
            let message = Message { session, index, fact };
            standings.note((0, 0), message, index, std::iter::once((device, &duty, true)));
        }
        let expected = Standing {
            first_owed: Some(3),
            first_barred: Some(4),
            last_barred: Some((5, fact)),
            unsaid: None,
        };
        assert_eq!(standings.of(session, device), expected);
        assert!(standings.is_known((0, 0), session, 6));
        assert!(!standings.is_known((0, 0), session, 5));
        assert_eq!(standings.of(MegolmSessionId::new(0), device), Standing::default());
    }

    #[test]
    fn of_the_messages_that_a_device_was_barred_from_in_silence_the_first_and_the_last_are_kept() {
        let (session, device) = (MegolmSessionId::new(1), DeviceId::new(2));
        let (code, since) = (WithheldCode::Blacklisted, FactId::new(0));
        let barred = |told| Duty::Barred { code, why: None, told, since };
        let mut standings = Standings::default();
        let told = [Told::Yes, Told::No, Told::Unknown, Told::No, Told::No, Told::Yes];
        for (index, told) in (0..).zip(told) {
            let fact = FactId::new(10 + index);
            let message = Message { session, index, fact };
            standings.note((0, 0), message, index, std::iter::once((device, &barred(told), true)));
        }
        let unsaid = |index| standings.of(session, device).unsaid_after(index);
        let unsaid = [0, 1, 3, 4].map(|index| unsaid(index).map(|unsaid| unsaid.fact));
        assert_eq!(
            unsaid,
            [Some(FactId::new(11)), Some(FactId::new(14)), Some(FactId::new(14)), None]
        );
    }

    #[test]
    fn from_a_message_during_which_a_choice_changed_whom_it_is_about_is_not_known_to_be_barred() {
        let (session, device, fact) = (MegolmSessionId::new(1), DeviceId::new(2), FactId::new(9));
        let (code, since) = (WithheldCode::Blacklisted, FactId::new(0));
        let barred = Duty::Barred { code, why: None, told: Told::Yes, since };
        let mut standings = Standings::default();
        let message = Message { session, index: 3, fact };
        standings.note((0, 0), message, 7, std::iter::once((device, &barred, false)));
        assert_eq!(standings.of(session, device), Standing::default());
        assert!(!standings.is_known((0, 0), session, 7), "the next one may be settled");
    }
}
