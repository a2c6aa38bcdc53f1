//! What stands in a notice that nobody asked for, and in a forwarded key about the part that is missing: pure functions
//! of what is to be said and of how the client is written. It does not know when either is due, nor who gets it.

use crate::ids::{DeviceId, MegolmSessionId, RoomId};
use crate::protocol::to_device::{ForwardedWithheld, ToDeviceType};
use crate::protocol::withheld::{
    Field, SessionCode, WithheldCode, WithheldContent, WithheldNotice,
};
use crate::scenario::habits::{
    ForwardedReason, Habits, NoticeCode, NoticeNames, NoticeReason, NoticeType,
};

/// The type under which notices go out.
pub(super) const fn notice_type(habits: &Habits) -> ToDeviceType {
    match habits.notice_type {
        NoticeType::Stable => ToDeviceType::Withheld,
        NoticeType::Unstable => ToDeviceType::WithheldUnstable,
        NoticeType::Misspelt => ToDeviceType::WithheldMisspelt,
        NoticeType::NoKey => ToDeviceType::NoKey,
    }
}

/// The notice that `me` does not give the key of a session.
pub(super) fn session_notice(
    (room, session): (RoomId, MegolmSessionId),
    code: SessionCode,
    me: DeviceId,
    habits: &Habits,
) -> WithheldContent {
    let mut content = WithheldNotice::Session { room, session, code }.content(me);
    match habits.notice_names {
        NoticeNames::RoomAndSession => {}
        NoticeNames::Session => content.room_id = Field::Absent,
        NoticeNames::Room => content.session_id = Field::Absent,
        NoticeNames::Neither => {
            (content.room_id, content.session_id) = (Field::Absent, Field::Absent);
        }
    }
    let said = match habits.notice_code {
        NoticeCode::Actual | NoticeCode::LeftOut => code.into(),
        NoticeCode::Unverified => WithheldCode::Unverified,
        NoticeCode::Unavailable => WithheldCode::Unavailable,
        NoticeCode::HistoryNotShared => WithheldCode::HistoryNotShared,
    };
    coded(content, said, habits)
}

/// The notice that `me` can set up no Olm session; `occasion` is the session whose key could not be given.
pub(super) fn no_olm_notice(
    occasion: (RoomId, MegolmSessionId),
    me: DeviceId,
    habits: &Habits,
) -> WithheldContent {
    let mut content = WithheldNotice::NoOlm.content(me);
    let (said, is_about_session) = match habits.notice_code {
        NoticeCode::Actual
        | NoticeCode::LeftOut
        | NoticeCode::Unavailable
        | NoticeCode::HistoryNotShared => (WithheldCode::NoOlm, habits.no_olm_names_session),
        // Whoever knows one code only takes this for a notice about the session.
        NoticeCode::Unverified => (WithheldCode::Unverified, true),
    };
    if is_about_session {
        (content.room_id, content.session_id) = (Field::Is(occasion.0), Field::Is(occasion.1));
    }
    coded(content, said, habits)
}

/// Puts in the code, the text for people, or both.
fn coded(mut content: WithheldContent, code: WithheldCode, habits: &Habits) -> WithheldContent {
    let is_left_out = habits.notice_code == NoticeCode::LeftOut;
    content.code = if is_left_out { Field::Absent } else { Field::Is(code) };
    if is_left_out || habits.notice_reason == NoticeReason::Code {
        content.reason = Field::Is(code.as_reason());
    }
    content
}

/// The reason in a forwarded key that starts at `first`, where `received` is what its creator told the forwarder.
pub(super) fn forwarded_reason(
    received: Option<ForwardedWithheld>,
    first: u32,
    habit: ForwardedReason,
) -> Option<ForwardedWithheld> {
    let own = |code| ForwardedWithheld { code: Field::Is(code), reason: Field::Absent };
    match habit {
        ForwardedReason::Received => received.filter(|_| first > 0),
        ForwardedReason::Never => None,
        ForwardedReason::Always => Some(received.unwrap_or(own(WithheldCode::Unverified))),
        ForwardedReason::Invented => (first > 0).then_some(own(WithheldCode::Unauthorised)),
    }
}

#[cfg(test)]
mod tests {
    use super::{forwarded_reason, no_olm_notice, notice_type, session_notice};
    use crate::ids::{DeviceId, MegolmSessionId, RoomId};
    use crate::protocol::to_device::{ForwardedWithheld, ToDeviceType};
    use crate::protocol::withheld::{
        Field, SessionCode, WithheldCode, WithheldContent, WithheldNotice,
    };
    use crate::scenario::habits::{
        ForwardedReason, Habits, NoticeCode, NoticeNames, NoticeReason, NoticeType,
    };

    const ME: DeviceId = DeviceId::new(4);
    const ROOM: RoomId = RoomId::new(1);
    const SESSION: MegolmSessionId = MegolmSessionId::new(2);
    const USUAL: Habits = Habits::specification();

    fn blacklisted(habits: &Habits) -> WithheldContent {
        session_notice((ROOM, SESSION), SessionCode::Blacklisted, ME, habits)
    }

    #[test]
    fn the_usual_notices_are_those_of_the_specification() {
        let notice = WithheldNotice::Session {
            room: ROOM,
            session: SESSION,
            code: SessionCode::Blacklisted,
        };
        assert_eq!(blacklisted(&USUAL), notice.content(ME));
        let no_olm = no_olm_notice((ROOM, SESSION), ME, &USUAL);
        assert_eq!(no_olm, WithheldNotice::NoOlm.content(ME));
        assert_eq!(notice_type(&USUAL), ToDeviceType::Withheld);
    }

    #[test]
    fn each_code_that_is_always_used_replaces_the_actual_one() {
        for (notice_code, expected) in [
            (NoticeCode::Unverified, WithheldCode::Unverified),
            (NoticeCode::Unavailable, WithheldCode::Unavailable),
            (NoticeCode::HistoryNotShared, WithheldCode::HistoryNotShared),
        ] {
            let content = blacklisted(&Habits { notice_code, ..USUAL });
            assert_eq!((content.code, content.reason), (Field::Is(expected), Field::Absent));
        }
        let habits = Habits { notice_code: NoticeCode::Unverified, ..USUAL };
        let content = no_olm_notice((ROOM, SESSION), ME, &habits);
        assert_eq!(content.code, Field::Is(WithheldCode::Unverified));
        assert_eq!(content.session_id, Field::Is(SESSION));
    }

    #[test]
    fn a_code_that_is_left_out_is_told_to_people_only() {
        let content = blacklisted(&Habits { notice_code: NoticeCode::LeftOut, ..USUAL });
        assert_eq!(content.code, Field::Absent);
        assert_eq!(content.reason, Field::Is(WithheldCode::Blacklisted.as_reason()));
        let content = blacklisted(&Habits { notice_reason: NoticeReason::Code, ..USUAL });
        assert_eq!(content.code, Field::Is(WithheldCode::Blacklisted));
        assert_eq!(content.reason, Field::Is(WithheldCode::Blacklisted.as_reason()));
    }

    #[test]
    fn a_session_notice_names_what_the_habit_says() {
        let (room, session) = (Field::Is(ROOM), Field::Is(SESSION));
        for (notice_names, expected) in [
            (NoticeNames::RoomAndSession, (room, session)),
            (NoticeNames::Session, (Field::Absent, session)),
            (NoticeNames::Room, (room, Field::Absent)),
            (NoticeNames::Neither, (Field::Absent, Field::Absent)),
        ] {
            let content = blacklisted(&Habits { notice_names, ..USUAL });
            assert_eq!((content.room_id, content.session_id), expected);
        }
    }

    #[test]
    fn every_type_has_its_name() {
        for (kind, expected) in [
            (NoticeType::Unstable, "org.matrix.room_key.withheld"),
            (NoticeType::Misspelt, "org.matrix.room_key.witheld"),
            (NoticeType::NoKey, "m.room.no_key"),
        ] {
            let habits = Habits { notice_type: kind, ..USUAL };
            assert_eq!(notice_type(&habits).as_str(), Some(expected));
        }
    }

    #[test]
    fn a_forwarded_key_says_why_it_is_a_part_as_the_habit_has_it() {
        let why = |code| ForwardedWithheld { code: Field::Is(code), reason: Field::Absent };
        let received = Some(why(WithheldCode::Blacklisted));
        let [unverified, invented] =
            [WithheldCode::Unverified, WithheldCode::Unauthorised].map(|code| Some(why(code)));
        for (habit, whole, part, unexplained) in [
            (ForwardedReason::Received, None, received, None),
            (ForwardedReason::Never, None, None, None),
            (ForwardedReason::Always, received, received, unverified),
            (ForwardedReason::Invented, None, invented, invented),
        ] {
            assert_eq!(forwarded_reason(received, 0, habit), whole);
            assert_eq!(forwarded_reason(received, 5, habit), part);
            assert_eq!(forwarded_reason(None, 5, habit), unexplained);
        }
    }
}
