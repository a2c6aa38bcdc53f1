//! What a recipient makes of withheld notices: which of them explains a message that cannot be read.
//! It does not know how notices arrive, nor which keys there are.

use std::collections::BTreeMap;

use crate::ids::{DeviceId, MegolmSessionId, Sym, ToDeviceId, UserId};
use crate::protocol::provenance::Provenance;
use crate::protocol::withheld::{Field, WithheldCode};
use crate::scenario::habits::{NoOlmScope, NoticeConflict, NoticeScope, NoticeSender};
use crate::time::SimTime;
use crate::trace::fact::Shown;

/// A notice about one session.
#[derive(Debug, Clone, Copy)]
pub(super) struct SessionNotice {
    /// Which to-device message it was.
    pub(super) id: ToDeviceId,
    /// The user who sent it, as the servers vouch for.
    pub(super) sender: UserId,
    /// Whether it came from a device that this client had asked for the key.
    pub(super) was_asked: bool,
    /// Whether it is an entry of a history bundle.
    pub(super) of_bundle: bool,
    /// Whether its `sender_key` is that of a device of the user who sent it.
    pub(super) owns_key: bool,
    /// `code`
    pub(super) code: Field<WithheldCode>,
    /// `reason`
    pub(super) reason: Field<Sym>,
    /// The fact that it was processed.
    pub(super) by: Provenance,
}

/// A notice that no Olm session could be set up.
#[derive(Debug, Clone, Copy)]
pub(super) struct NoOlmNotice {
    /// Which to-device message it was.
    pub(super) id: ToDeviceId,
    /// The user who sent it.
    pub(super) sender: UserId,
    /// The device whose key it names: only that device's messages are covered (P-05).
    pub(super) device: DeviceId,
    /// When it was processed, by the own clock.
    pub(super) at: SimTime,
    /// The fact that it was processed.
    pub(super) by: Provenance,
}

/// A message to be explained.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unread {
    /// The session.
    pub(super) session: MegolmSessionId,
    /// The user who sent it.
    pub(super) sender: UserId,
    /// The device that its `sender_key` names. That field is not to be trusted for keys (P-13); for the choice of
    /// an explanation it is the best there is.
    pub(super) device: DeviceId,
    /// `origin_server_ts`
    pub(super) sent_at: SimTime,
}

/// How explanations are chosen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Choosing {
    /// Which notice wins.
    pub(super) conflict: NoticeConflict,
    /// From whom a notice is believed.
    pub(super) from: NoticeSender,
    /// Which messages a session notice explains.
    pub(super) scope: NoticeScope,
    /// Whose messages a `m.no_olm` explains.
    pub(super) no_olm: NoOlmScope,
    /// Whether `m.no_olm` is used at all (P-04 is a MAY).
    pub(super) show_no_olm: bool,
}

/// All notices that were processed.
#[derive(Debug, Clone, Default)]
pub(super) struct Notices {
    sessions: BTreeMap<MegolmSessionId, Vec<SessionNotice>>,
    no_olm: Vec<NoOlmNotice>,
}

impl Notices {
    /// Keeps a notice about a session. False if this very message is kept already (P-12).
    pub(super) fn keep(&mut self, session: MegolmSessionId, notice: SessionNotice) -> bool {
        let kept = self.sessions.entry(session).or_default();
        let fresh = kept.iter().all(|other| other.id != notice.id);
        if fresh {
            kept.push(notice);
        }
        fresh
    }

    /// Keeps a `m.no_olm`. False if this very message is kept already.
    pub(super) fn keep_no_olm(&mut self, notice: NoOlmNotice) -> bool {
        let fresh = self.no_olm.iter().all(|other| other.id != notice.id);
        if fresh {
            self.no_olm.push(notice);
        }
        fresh
    }

    /// The notices about a session, in the order in which they were processed.
    pub(super) fn about(&self, session: MegolmSessionId) -> &[SessionNotice] {
        self.sessions.get(&session).map_or(&[], Vec::as_slice)
    }

    /// Forgets what is known of a session.
    pub(super) fn forget(&mut self, session: MegolmSessionId) {
        self.sessions.remove(&session);
    }

    /// What is shown for a message that cannot be read, and the fact behind it.
    pub(super) fn explain(&self, unread: &Unread, choosing: Choosing) -> (Shown, Provenance) {
        if let Some(notice) =
            self.about_message(unread, choosing).or_else(|| self.about_sender(unread, choosing))
        {
            let shown = match notice.code {
                Field::Is(code) => Shown::Code { code, notice: Some(notice.id) },
                Field::Absent | Field::NotAString | Field::Other(_) => {
                    Shown::Reason { text: notice.reason.value(), notice: notice.id }
                }
            };
            return (shown, notice.by);
        }
        let covering = self.no_olm.iter().find(|notice| {
            let fits = match choosing.no_olm {
                NoOlmScope::Device => {
                    notice.sender == unread.sender && notice.device == unread.device
                }
                NoOlmScope::User => notice.sender == unread.sender,
                NoOlmScope::Everyone => true,
            };
            choosing.show_no_olm && fits && unread.sent_at < notice.at
        });
        match covering {
            Some(notice) => {
                let code = WithheldCode::NoOlm;
                (Shown::Code { code, notice: Some(notice.id) }, notice.by)
            }
            None => (Shown::Unexplained, Provenance::UNKNOWN),
        }
    }

    /// A notice about any session of the message's sender, by the bad habit of filing by sender.
    fn about_sender(&self, unread: &Unread, choosing: Choosing) -> Option<&SessionNotice> {
        match choosing.scope {
            NoticeScope::Session => None,
            NoticeScope::Sender => {
                self.sessions.values().flatten().find(|notice| notice.sender == unread.sender)
            }
        }
    }

    /// The notice about the message's session that wins. One from a user who neither sent the message nor was asked
    /// for the key explains nothing (P-17).
    fn about_message(&self, unread: &Unread, choosing: Choosing) -> Option<&SessionNotice> {
        let is_believed = |notice: &&SessionNotice| match choosing.from {
            NoticeSender::CreatorOrAsked => {
                notice.sender == unread.sender || notice.was_asked || notice.of_bundle
            }
            NoticeSender::KeyOwner => notice.owns_key,
            NoticeSender::Anyone => true,
        };
        let mut usable = self.about(unread.session).iter().filter(is_believed);
        match choosing.conflict {
            NoticeConflict::First => usable.next(),
            NoticeConflict::Last => usable.next_back(),
            // Of equal ones the first: the sender's own word comes before that of a history bundle, and both before what
            // others say of their stores.
            NoticeConflict::Creator => usable.min_by_key(|notice| {
                let foreign = notice.sender != unread.sender && !notice.of_bundle;
                (foreign, is_reply(notice.code), notice.of_bundle)
            }),
        }
    }
}

/// Whether a code only tells how a key request ended.
fn is_reply(code: Field<WithheldCode>) -> bool {
    matches!(code.value(), Some(WithheldCode::Unavailable | WithheldCode::Unauthorised))
}

#[cfg(test)]
mod tests {
    use super::{Choosing, NoOlmNotice, Notices, SessionNotice, Unread};
    use crate::ids::{DeviceId, MegolmSessionId, Sym, ToDeviceId, UserId};
    use crate::protocol::provenance::Provenance;
    use crate::protocol::withheld::{Field, WithheldCode};
    use crate::scenario::habits::{NoOlmScope, NoticeConflict, NoticeScope, NoticeSender};
    use crate::time::SimTime;
    use crate::trace::fact::Shown;

    const SESSION: MegolmSessionId = MegolmSessionId::new(4);
    const ALICE: UserId = UserId::new(0);
    const BOB: UserId = UserId::new(1);
    const A1: DeviceId = DeviceId::new(0);
    const SPEC: Choosing = Choosing {
        conflict: NoticeConflict::Creator,
        from: NoticeSender::CreatorOrAsked,
        scope: NoticeScope::Session,
        no_olm: NoOlmScope::Device,
        show_no_olm: true,
    };
    const UNREAD: Unread =
        Unread { session: SESSION, sender: ALICE, device: A1, sent_at: SimTime::from_ms(50) };

    const fn notice(id: u32, sender: UserId, code: WithheldCode) -> SessionNotice {
        SessionNotice {
            id: ToDeviceId::new(id),
            sender,
            was_asked: false,
            of_bundle: false,
            owns_key: true,
            code: Field::Is(code),
            reason: Field::Absent,
            by: Provenance::UNKNOWN,
        }
    }

    const fn no_olm(device: u32, at: u64) -> NoOlmNotice {
        NoOlmNotice {
            id: ToDeviceId::new(90 + device),
            sender: ALICE,
            device: DeviceId::new(device),
            at: SimTime::from_ms(at),
            by: Provenance::UNKNOWN,
        }
    }

    fn shown(notices: &[SessionNotice], choosing: Choosing) -> Shown {
        let mut all = Notices::default();
        for notice in notices {
            assert!(all.keep(SESSION, *notice));
            assert!(!all.keep(SESSION, *notice), "a repetition counted as new");
        }
        all.explain(&UNREAD, choosing).0
    }

    fn code(code: WithheldCode, id: u32) -> Shown {
        Shown::Code { code, notice: Some(ToDeviceId::new(id)) }
    }

    #[test]
    fn a_known_code_is_shown_in_the_clients_own_words_and_an_unknown_one_by_its_reason() {
        let known = notice(1, ALICE, WithheldCode::Blacklisted);
        assert_eq!(shown(&[known], SPEC), code(WithheldCode::Blacklisted, 1));
        let text = Sym::new(7);
        let unknown =
            SessionNotice { code: Field::Other(Sym::new(1)), reason: Field::Is(text), ..known };
        let expected = Shown::Reason { text: Some(text), notice: ToDeviceId::new(1) };
        assert_eq!(shown(&[unknown], SPEC), expected);
    }

    #[test]
    fn a_reply_of_another_device_does_not_replace_the_senders_own_word() {
        let own = notice(1, ALICE, WithheldCode::Unverified);
        let reply = SessionNotice { was_asked: true, ..notice(2, BOB, WithheldCode::Unavailable) };
        for order in [[own, reply], [reply, own]] {
            assert_eq!(shown(&order, SPEC), code(WithheldCode::Unverified, 1));
        }
        let last = Choosing { conflict: NoticeConflict::Last, ..SPEC };
        assert_eq!(shown(&[own, reply], last), code(WithheldCode::Unavailable, 2));
        let first = Choosing { conflict: NoticeConflict::First, ..SPEC };
        assert_eq!(shown(&[reply, own], first), code(WithheldCode::Unavailable, 2));
    }

    #[test]
    fn the_entry_of_a_bundle_stands_behind_the_senders_own_word_and_before_replies() {
        let own = notice(1, ALICE, WithheldCode::Unverified);
        let entry =
            SessionNotice { of_bundle: true, ..notice(2, BOB, WithheldCode::HistoryNotShared) };
        let reply = SessionNotice { was_asked: true, ..notice(3, BOB, WithheldCode::Unavailable) };
        assert_eq!(shown(&[entry, own], SPEC), code(WithheldCode::Unverified, 1));
        assert_eq!(shown(&[reply, entry], SPEC), code(WithheldCode::HistoryNotShared, 2));
        assert_eq!(shown(&[entry], SPEC), code(WithheldCode::HistoryNotShared, 2));
    }

    #[test]
    fn a_notice_of_a_user_who_has_nothing_to_do_with_it_explains_nothing() {
        let foreign = notice(1, BOB, WithheldCode::Blacklisted);
        assert_eq!(shown(&[foreign], SPEC), Shown::Unexplained);
    }

    #[test]
    fn whom_a_client_believes_is_told_apart() {
        let foreign = notice(1, BOB, WithheldCode::Blacklisted);
        let stolen =
            SessionNotice { owns_key: false, ..notice(2, ALICE, WithheldCode::Unverified) };
        let from = |from| Choosing { from, ..SPEC };
        let both = [foreign, stolen];
        assert_eq!(
            shown(&both, from(NoticeSender::CreatorOrAsked)),
            code(WithheldCode::Unverified, 2)
        );
        assert_eq!(shown(&both, from(NoticeSender::KeyOwner)), code(WithheldCode::Blacklisted, 1));
        assert_eq!(
            shown(&[foreign], from(NoticeSender::Anyone)),
            code(WithheldCode::Blacklisted, 1)
        );
    }

    #[test]
    fn a_notice_explains_other_sessions_only_to_a_client_that_files_by_sender() {
        let mut all = Notices::default();
        all.keep(MegolmSessionId::new(9), notice(1, ALICE, WithheldCode::Unverified));
        all.keep(MegolmSessionId::new(8), notice(2, BOB, WithheldCode::Blacklisted));
        assert_eq!(all.explain(&UNREAD, SPEC).0, Shown::Unexplained);
        let by_sender = Choosing { scope: NoticeScope::Sender, ..SPEC };
        assert_eq!(all.explain(&UNREAD, by_sender).0, code(WithheldCode::Unverified, 1));
        all.forget(MegolmSessionId::new(9));
        assert_eq!(all.explain(&UNREAD, by_sender).0, Shown::Unexplained);
    }

    #[test]
    fn a_wider_scope_of_no_olm_covers_other_devices_and_other_users() {
        let scopes = [NoOlmScope::Device, NoOlmScope::User, NoOlmScope::Everyone];
        let found = |notice| {
            let mut all = Notices::default();
            all.keep_no_olm(notice);
            scopes.map(|no_olm| {
                all.explain(&UNREAD, Choosing { no_olm, ..SPEC }).0 != Shown::Unexplained
            })
        };
        assert_eq!(found(no_olm(3, 51)), [false, true, true]);
        assert_eq!(found(NoOlmNotice { sender: BOB, ..no_olm(3, 51) }), [false, false, true]);
        assert_eq!(found(no_olm(3, 50)), [false; 3]);
    }

    #[test]
    fn a_no_olm_covers_what_its_device_sent_before_it_and_nothing_else() {
        let cases = [
            (no_olm(0, 51), code(WithheldCode::NoOlm, 90)),
            (no_olm(0, 50), Shown::Unexplained),
            (no_olm(3, 51), Shown::Unexplained),
            (NoOlmNotice { sender: BOB, ..no_olm(0, 51) }, Shown::Unexplained),
        ];
        for (notice, expected) in cases {
            let mut all = Notices::default();
            assert!(all.keep_no_olm(notice));
            assert!(!all.keep_no_olm(notice), "a repetition counted as new");
            assert_eq!(all.explain(&UNREAD, SPEC).0, expected);
            let silent = Choosing { show_no_olm: false, ..SPEC };
            assert_eq!(all.explain(&UNREAD, silent).0, Shown::Unexplained);
        }
    }

    #[test]
    fn a_notice_about_the_session_comes_before_a_no_olm() {
        let mut all = Notices::default();
        all.keep_no_olm(no_olm(0, 90));
        all.keep(SESSION, notice(1, ALICE, WithheldCode::Unverified));
        assert_eq!(all.explain(&UNREAD, SPEC).0, code(WithheldCode::Unverified, 1));
    }
}
