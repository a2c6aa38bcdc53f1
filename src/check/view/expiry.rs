//! Megolm sessions in use: how long and how often each was used, and what its creator has seen happen since it made it
//! that makes it replace the session, or lets it do so.
//! It does not know whether the creator did.

use std::collections::BTreeSet;

use crate::check::view::View;
use crate::check::view::doubt::Written;
use crate::check::view::given::Given;
use crate::check::view::life::{Life, Moment};
use crate::check::view::pairs::{Pairs, row};
use crate::check::view::rooms::{Passage, Span, is_there};
use crate::ids::{DeviceId, FactId, MegolmSessionId, RoomId, UserId};
use crate::protocol::room::{HistoryVisibility, Membership};
use crate::rulebook::rule::Rule;
use crate::time::SimTime;

/// Something that its creator has learnt, after which it must not use a session any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Must {
    /// The rule that says so.
    pub(crate) rule: Rule,
    /// When it learnt it.
    pub(crate) because: Moment,
}

/// A session of its creator.
#[derive(Debug, Clone)]
pub(crate) struct InUse {
    /// When it was made.
    pub(crate) made: Moment,
    /// The creator's own clock then.
    pub(crate) made_clock: SimTime,
    /// The creator's own clock at the first message.
    pub(crate) first_used: Option<SimTime>,
    /// The index of the last message, and when that was encrypted.
    pub(crate) last: Option<(u32, Moment)>,
    /// The session of the room that it took the place of.
    pub(crate) replaced: Option<MegolmSessionId>,
    /// What makes the creator replace it.
    pub(crate) must: Vec<Must>,
    /// What lets the creator replace it.
    pub(crate) may: Option<FactId>,
    /// What its creator wrote down of it: that it was made, and each message.
    written: Written,
}

impl InUse {
    /// Whether its creator, `device`, may have lost anything that it did with the session with an older store.
    pub(crate) fn may_be_lost(&self, device: DeviceId, life: &Life) -> bool {
        self.written.may_be_lost(device, life)
    }
}

/// All sessions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expiries {
    sessions: Vec<Option<InUse>>,
    current: Pairs<MegolmSessionId>,
    rooms: Vec<BTreeSet<RoomId>>,
}

impl Expiries {
    /// The device made a session for the room, by its own clock.
    pub(crate) fn made(
        &mut self,
        (device, room): (DeviceId, RoomId),
        session: MegolmSessionId,
        (now, clock): (Moment, SimTime),
    ) {
        let replaced = self.current.insert(device.raw(), room.raw(), session);
        row(&mut self.rooms, device.index()).insert(room);
        *row(&mut self.sessions, session.index()) = Some(InUse {
            made: now,
            made_clock: clock,
            first_used: None,
            last: None,
            replaced: replaced.filter(|old| *old != session),
            must: Vec::new(),
            may: None,
            written: Written::first(now),
        });
    }

    /// The device, which made the session, encrypted a message with it.
    pub(crate) fn used(
        &mut self,
        (device, session): (DeviceId, MegolmSessionId),
        index: u32,
        (now, clock): (Moment, SimTime),
        life: &Life,
    ) {
        if let Some(Some(known)) = self.sessions.get_mut(session.index()) {
            known.first_used.get_or_insert(clock);
            known.last = Some((index, now));
            known.written.again(device, now, life);
        }
    }

    /// The session, if its making was observed.
    pub(crate) fn of(&self, session: MegolmSessionId) -> Option<&InUse> {
        self.sessions.get(session.index())?.as_ref()
    }

    /// The session that the device uses in the room.
    fn current(&self, device: DeviceId, room: RoomId) -> Option<MegolmSessionId> {
        self.current.get(device.raw(), room.raw()).copied()
    }

    /// The sessions that the device has made for the room, the present one first, as far back as there is none that it must not use
    /// any more: it may go back to one of them, and an older one was taken out of use together with that.
    fn usable(&self, device: DeviceId, room: RoomId) -> Vec<MegolmSessionId> {
        let mut usable = Vec::new();
        let mut next = self.current(device, room);
        let mut newer = None;
        while let Some(session) = next {
            let Some(known) = self.of(session) else { break };
            // A log may tell of one session twice.
            let is_older = newer.is_none_or(|newer| known.made.fact < newer);
            if !is_older || (newer.is_some() && !known.must.is_empty()) {
                break;
            }
            usable.push(session);
            (newer, next) = (Some(known.made.fact), known.replaced);
        }
        usable
    }

    fn must(&mut self, session: MegolmSessionId, rule: Rule, because: Moment) {
        if let Some(Some(known)) = self.sessions.get_mut(session.index()) {
            let must = Must { rule, because };
            if !known.must.contains(&must) {
                known.must.push(must);
            }
        }
    }

    fn may(&mut self, session: MegolmSessionId, because: FactId) {
        if let Some(Some(known)) = self.sessions.get_mut(session.index()) {
            known.may = Some(because);
        }
    }

    /// The device's user chose something after which any of its sessions may be replaced.
    pub(crate) fn may_replace(&mut self, device: DeviceId, because: FactId) {
        let rooms = self.rooms.get(device.index()).into_iter().flatten();
        let current: Vec<_> = rooms.filter_map(|room| self.current(device, *room)).collect();
        for session in current {
            self.may(session, because);
        }
    }

    /// The device's user threw the room's session away.
    pub(crate) fn discarded(&mut self, device: DeviceId, room: RoomId, because: FactId) {
        if let Some(session) = self.current(device, room) {
            self.may(session, because);
        }
    }
}

/// What a change makes of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Calls {
    /// Nothing.
    Nothing,
    /// It may be replaced: the device may have seen what calls for it.
    May,
    /// It must be replaced by this rule.
    Must(Rule),
}

impl View {
    /// A sync told the device of changes of the room's state. Of a `limited` one it is known what the state was before it
    /// and after it; whatever came between may have been told or not.
    pub(crate) fn room_told(&mut self, device: DeviceId, room: RoomId, limited: bool, now: Moment) {
        let sessions = self.expiries.usable(device, room);
        let Some(current) = sessions.first().copied() else { return };
        let Some(span) = self.rooms.last_span(device, room) else { return };
        let server = self.cast.server_of(device);
        let passages = self.rooms.passages(server, (device, room), span);
        let settings = [
            self.visibility_calls(device, room, (span, limited)),
            self.algorithm_calls(device, room, (span, limited)),
        ];
        // Who is left out of a state looks as if gone.
        if self.rooms.left_out_last(device, room) {
            self.expiries.may(current, now.fact);
        }
        for session in sessions {
            let of_members = passages.iter().map(|one| self.passage_calls(session, *one, limited));
            let calls: Vec<Calls> = of_members.chain(settings).collect();
            for called in calls {
                match called {
                    Calls::May if session == current => self.expiries.may(session, now.fact),
                    Calls::Nothing | Calls::May => {}
                    Calls::Must(rule) => self.expiries.must(session, rule, now),
                }
            }
        }
    }

    /// What a change of a user's membership makes of a session. Who was seen in the room and is seen out of it has left
    /// . What a limited sync leaves out may hide a stay: its trace is another membership than `join`, or a
    /// `join` that is not the one that was known.
    fn passage_calls(&self, session: MegolmSessionId, passage: Passage, limited: bool) -> Calls {
        let Passage { user, before, last, departed, was_out, was_invited } = passage;
        let was_there = before.is_some_and(is_there);
        let holds =
            self.givens.of(session).iter().any(|given| self.cast.user(given.device) == user);
        let left = Calls::Must(if holds { Rule::R03 } else { Rule::R04 });
        if !limited {
            return match (departed, was_out) {
                (true, _) => left,
                (false, true) => Calls::May,
                (false, false) => Calls::Nothing,
            };
        }
        let hidden =
            if self.reading.limited_any_membership { Calls::Must(Rule::R07) } else { Calls::May };
        match last {
            Membership::Leave | Membership::Ban if was_there => left,
            Membership::Leave | Membership::Ban => Calls::Must(Rule::R07),
            Membership::Invite => hidden,
            Membership::Join if before == Some(Membership::Join) && departed => hidden,
            Membership::Join if before == Some(Membership::Join) || was_out || was_invited => {
                Calls::May
            }
            Membership::Join => Calls::Nothing,
        }
    }

    /// What changes of the history visibility make of a session.
    fn visibility_calls(
        &self,
        device: DeviceId,
        room: RoomId,
        (span, limited): (Span, bool),
    ) -> Calls {
        let server = self.cast.server_of(device);
        let (before, within) = self.rooms.visibilities(server, room, span);
        let private = self.reading.unset_visibility_is_private;
        let class = |value: Option<HistoryVisibility>| match value {
            Some(value) => Some(value.is_shareable()),
            None => private.then_some(false),
        };
        let classes =
            std::iter::once(class(before)).chain(within.iter().map(|value| class(Some(*value))));
        flips(classes, limited, Rule::R06)
    }

    /// What changes of the encryption algorithm make of a session.
    fn algorithm_calls(
        &self,
        device: DeviceId,
        room: RoomId,
        (span, limited): (Span, bool),
    ) -> Calls {
        let server = self.cast.server_of(device);
        let (before, within) = self.rooms.settings(server, room, span);
        let algorithms = before.into_iter().chain(within).map(|settings| Some(settings.algorithm));
        flips(algorithms, limited, Rule::R11)
    }

    /// An answer replaced what the device knew of the user's devices: who was given the key of a session and is not
    /// listed any more takes that session along.
    pub(crate) fn devices_gone(&mut self, (device, user): (DeviceId, UserId), now: Moment) {
        let Some(rooms) = self.expiries.rooms.get(device.index()) else { return };
        let is_any_gone = self.lists.misses_any(device, user);
        let of_room = |room: &RoomId| {
            let mut usable = self.expiries.usable(device, *room);
            usable.truncate(if is_any_gone { usize::MAX } else { 1 });
            usable
        };
        let sessions: Vec<MegolmSessionId> = rooms.iter().flat_map(of_room).collect();
        for session in sessions {
            let is_gone = |given: &&Given| {
                let other = given.device;
                self.cast.user(other) == user && self.lists.entry(device, user, other).is_none()
            };
            let mut gone = self.givens.of(session).iter().filter(is_gone).peekable();
            let is_any = gone.peek().is_some();
            // Whom it gave the key may be lost with an older store.
            if gone.any(|given| self.remembers(device, given.put)) {
                self.expiries.must(session, Rule::R03, now);
            } else if is_any {
                self.expiries.may(session, now.fact);
            }
        }
    }
}

/// What a row of values makes of a session if it must not outlive a change from one to another; an unknown one differs
/// from none.
fn flips<T: PartialEq + Copy>(
    values: impl Iterator<Item = Option<T>>,
    limited: bool,
    rule: Rule,
) -> Calls {
    let values: Vec<Option<T>> = values.collect();
    let differ = |one: &Option<T>, other: &Option<T>| matches!((one, other), (Some(one), Some(other)) if one != other);
    let (Some(first), Some(last)) = (values.first(), values.last()) else { return Calls::Nothing };
    let within = values.windows(2).any(|pair| differ(&pair[0], &pair[1]));
    if differ(first, last) || (within && !limited) {
        Calls::Must(rule)
    } else if within || first != last {
        Calls::May
    } else {
        Calls::Nothing
    }
}
