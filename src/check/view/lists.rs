//! Device lists: what each device knows of each user's devices, how old that is, and who was told of changes.
//! It does not know what follows for keys.

use std::collections::BTreeMap;

use crate::check::view::life::Moment;
use crate::check::view::pairs::{Pairs, row};
use crate::ids::{DeviceId, FactId, QueryId, ServerId, UserId};
use crate::time::SimTime;
use crate::trace::fact::QueryOutcome;

/// A device in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The device.
    pub(crate) device: DeviceId,
    /// Whether its user's self-signing key has signed it, as the last answer says.
    pub(crate) cross_signed: bool,
    /// The end of the query since which the list has held it without a gap.
    pub(crate) since: FactId,
    /// When that was.
    since_at: SimTime,
}

/// The answer that a list comes from.
#[derive(Debug, Clone, Copy)]
struct Applied {
    start: FactId,
    verified: bool,
    /// The latest start of a query whose answer was ever applied, if this one's was earlier.
    newer: Option<FactId>,
    end: Moment,
}

/// A note that a list changed.
#[derive(Debug, Clone, Copy)]
struct Note {
    fact: FactId,
    /// The latest event that an earlier answer had told the device of: news that are older than that should have
    /// been told with it.
    told_before: Option<FactId>,
}

/// What became of the news of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Telling {
    /// This note told it.
    Told(FactId),
    /// Answers came that did not tell it; `note` told a later change then. The last of these answers told of `by`, a fact of the
    /// server.
    PassedOver { by: FactId, note: FactId },
    /// Nothing was told.
    Untold,
}

/// One user's list at one device.
#[derive(Debug, Clone, Default)]
struct List {
    applied: Option<Applied>,
    entries: Vec<Entry>,
    /// The query that was begun last, if it has not ended: earlier ones no longer matter, as after a restart.
    open: Option<QueryId>,
    failed: Option<FactId>,
    /// All queries that came to nothing, ascending.
    failures: Vec<FactId>,
    last_start: Option<FactId>,
    /// The start of the query whose answer the list came from when the device was last told that it need not follow the user.
    left_with: Option<FactId>,
    /// What the list held when the device was last told that it need not follow the user, and whether the user was verified, until an answer comes.
    former: Vec<Entry>,
    was_verified: bool,
    /// Devices that were listed once and are not now.
    dropped: Vec<Dropped>,
    /// What was listed, or dropped before, when the device was told that it need not follow the user, and was not listed since: each with
    /// what took it away first.
    went: Vec<(DeviceId, FactId)>,
}

/// A device that was listed once and is not now.
#[derive(Debug, Clone, Copy)]
struct Dropped {
    device: DeviceId,
    /// The start and the end of the query that no longer listed it.
    asked: FactId,
    end: Moment,
}

/// Why a list does not hold a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gap {
    /// There is no list, or it is known to be outdated: asked for, failed to come, or not even asked for.
    Outdated(Option<FactId>),
    /// The list is thought to be good. Its query began at `start` and ended at `end`; `newer` is the start of a
    /// later query whose answer was overwritten by it.
    Settled {
        /// The start of the query that was applied last.
        start: FactId,
        /// Its end.
        end: FactId,
        /// The start of the newer query whose answer it took the place of.
        newer: Option<FactId>,
    },
}

/// What a device was told of one user's list without asking. It is apart from the list because a server tells every
/// device of a room of a user who joins, and few of them ever ask.
#[derive(Debug, Clone, Default)]
struct Notes {
    first: Option<Note>,
    /// The others, ascending.
    later: Vec<Note>,
    /// When the device was last told that it need not follow the user.
    left: Option<FactId>,
}

impl Notes {
    fn push(&mut self, note: Note) {
        if self.first.is_none() {
            self.first = Some(note);
        } else {
            self.later.push(note);
        }
    }

    fn iter(&self) -> impl Iterator<Item = &Note> {
        self.first.iter().chain(&self.later)
    }

    fn last(&self) -> Option<FactId> {
        self.later.last().or(self.first.as_ref()).map(|note| note.fact)
    }
}

/// All lists, and the news of changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lists {
    lists: Pairs<List>,
    notes: Pairs<Notes>,
    starts: Vec<Option<FactId>>,
    answer: Vec<(DeviceId, bool)>,
    answer_of: Option<QueryId>,
    /// Answers of which something was told before another came between.
    interrupted: BTreeMap<QueryId, Vec<(DeviceId, bool)>>,
    changes: Pairs<Vec<Moment>>,
    /// The devices that ever asked for each user's list, in the order in which they first did.
    followers: Vec<Vec<DeviceId>>,
    /// The latest event of a room that each device's answers told of.
    told: Vec<Option<FactId>>,
}

impl Lists {
    /// `server` learnt that the user's list changed.
    pub(crate) fn changed_at(&mut self, server: ServerId, user: UserId, moment: Moment) {
        self.changes.entry(server.raw(), user.raw()).push(moment);
    }

    /// The device was told that the list changed.
    pub(crate) fn noted(&mut self, device: DeviceId, user: UserId, fact: FactId) {
        let told_before = self.told.get(device.index()).copied().flatten();
        self.notes.entry(device.raw(), user.raw()).push(Note { fact, told_before });
    }

    /// An answer told the device of a room's event, whose fact on the server is `event`.
    pub(crate) fn told_of(&mut self, device: DeviceId, event: FactId) {
        let told = row(&mut self.told, device.index());
        *told = (*told).max(Some(event));
    }

    /// The device was told that it need not follow the user: it drops the list.
    pub(crate) fn left(&mut self, device: DeviceId, user: UserId, fact: FactId) {
        self.noted(device, user, fact);
        self.notes.entry(device.raw(), user.raw()).left = Some(fact);
        let Some(list) = self.lists.get_mut(device.raw(), user.raw()) else { return };
        list.was_verified |= list.applied.is_some_and(|applied| applied.verified);
        list.left_with = list.applied.take().map(|applied| applied.start);
        list.went.extend(list.dropped.drain(..).map(|gone| (gone.device, gone.asked)));
        list.went.extend(list.entries.iter().map(|entry| (entry.device, fact)));
        list.former.append(&mut list.entries);
    }

    /// The device asks.
    pub(crate) fn started(&mut self, device: DeviceId, user: UserId, query: QueryId, fact: FactId) {
        *row(&mut self.starts, query.index()) = Some(fact);
        let list = self.lists.entry(device.raw(), user.raw());
        list.open = Some(query);
        if list.last_start.replace(fact).is_none() {
            row(&mut self.followers, user.index()).push(device);
        }
    }

    /// The devices that ever asked for the user's list, each once.
    pub(crate) fn followers(&self, user: UserId) -> &[DeviceId] {
        self.followers.get(user.index()).map_or(&[], Vec::as_slice)
    }

    /// The answer of `query` lists a device.
    pub(crate) fn listed(&mut self, query: QueryId, device: DeviceId, cross_signed: bool) {
        self.turn_to(query);
        self.answer.push((device, cross_signed));
    }

    /// What is listed next belongs to the answer of `query`. Where several are told of at once, each keeps its own.
    fn turn_to(&mut self, query: QueryId) {
        if self.answer_of == Some(query) {
            return;
        }
        if let Some(other) = self.answer_of.replace(query) {
            self.interrupted.insert(other, std::mem::take(&mut self.answer));
        } else {
            self.answer.clear();
        }
        if let Some(begun) = self.interrupted.remove(&query) {
            self.answer = begun;
        }
    }

    /// The query ended.
    pub(crate) fn ended(
        &mut self,
        (device, user): (DeviceId, UserId),
        query: QueryId,
        outcome: QueryOutcome,
        now: Moment,
    ) {
        let fact = now.fact;
        self.turn_to(query);
        self.answer_of = None;
        let start = self.starts.get(query.index()).copied().flatten().unwrap_or(fact);
        let list = self.lists.entry(device.raw(), user.raw());
        if list.open == Some(query) {
            list.open = None;
        }
        match outcome {
            QueryOutcome::Failed => {
                list.failed = Some(fact);
                list.failures.push(fact);
            }
            QueryOutcome::Overtaken => {}
            QueryOutcome::Applied { verified, .. } => {
                list.failed = None;
                let newest = list.applied.map(|old| old.newer.unwrap_or(old.start));
                let newer = newest.filter(|newest| *newest > start);
                list.applied = Some(Applied { start, verified, newer, end: now });
                list.was_verified = false;
                list.former.clear();
                let old = std::mem::take(&mut list.entries);
                let gone = |entry: &Entry| Dropped { device: entry.device, asked: start, end: now };
                list.dropped.extend(old.iter().map(gone));
                let is_there = |device| self.answer.iter().any(|(there, _)| *there == device);
                list.dropped.retain(|gone| !is_there(gone.device));
                list.went.retain(|(gone, _)| !is_there(*gone));
                list.entries = self
                    .answer
                    .iter()
                    .map(|(device, cross_signed)| {
                        let known = old.iter().find(|entry| entry.device == *device);
                        let since = known.map_or(fact, |entry| entry.since);
                        let since_at = known.map_or(now.at, |entry| entry.since_at);
                        Entry { device: *device, cross_signed: *cross_signed, since, since_at }
                    })
                    .collect();
            }
        }
    }

    fn notes(&self, device: DeviceId, user: UserId) -> Option<&Notes> {
        self.notes.get(device.raw(), user.raw())
    }

    fn of(&self, device: DeviceId, user: UserId) -> Option<&List> {
        self.lists.get(device.raw(), user.raw())
    }

    /// `knows(a,d)`: the entry of `device` in the last list of its user that `by` applied.
    pub(crate) fn entry(&self, by: DeviceId, user: UserId, device: DeviceId) -> Option<Entry> {
        let list = self.of(by, user)?;
        list.entries.iter().find(|entry| entry.device == device).copied()
    }

    /// When the list first held the device, and when it came last; `None` if it does not hold it.
    pub(crate) fn told(&self, by: DeviceId, user: UserId, device: DeviceId) -> Option<[Moment; 2]> {
        let entry = self.entry(by, user, device)?;
        let first = Moment { fact: entry.since, at: entry.since_at };
        let last = self.of(by, user)?.applied.map_or(first, |applied| applied.end);
        Some([first, last])
    }

    /// When an answer was applied last, unless the device was told since that it need not follow the user.
    pub(crate) fn applied_at(&self, by: DeviceId, user: UserId) -> Option<Moment> {
        Some(self.of(by, user)?.applied?.end)
    }

    /// As [`Lists::entry`], or else what the list held when it was followed last: what a device is worth does not change by
    /// that nobody tells of it any more.
    pub(crate) fn last_entry(&self, by: DeviceId, user: UserId, device: DeviceId) -> Option<Entry> {
        let list = self.of(by, user)?;
        let mut entries = list.entries.iter().chain(&list.former);
        entries.find(|entry| entry.device == device).copied()
    }

    /// Why the list of `by` does not hold a device of `user` that it should hold.
    pub(crate) fn gap(&self, by: DeviceId, user: UserId) -> Gap {
        let Some(list) = self.of(by, user) else { return Gap::Outdated(None) };
        let Some(applied) = list.applied else {
            return Gap::Outdated(list.failed.or(list.last_start));
        };
        let last = self.notes(by, user).and_then(Notes::last);
        let noted = last.filter(|noted| *noted > applied.start);
        if noted.is_some() || list.open.is_some() || list.failed.is_some() {
            return Gap::Outdated(noted.or(list.failed).or(list.last_start));
        }
        Gap::Settled { start: applied.start, end: applied.end.fact, newer: applied.newer }
    }

    /// The start of the query whose answer was applied last, and that of the newer one whose answer it took the place of;
    /// `None` if nobody saw it begin.
    pub(crate) fn applied(&self, by: DeviceId, user: UserId) -> Option<(FactId, Option<FactId>)> {
        let applied = self.of(by, user)?.applied?;
        (applied.start != applied.end.fact).then_some((applied.start, applied.newer))
    }

    /// The note since which the list is outdated, unless a refresh has failed after it.
    pub(crate) fn outdated_by(&self, by: DeviceId, user: UserId) -> Option<FactId> {
        let list = self.of(by, user)?;
        let applied = list.applied?;
        let note = self.notes(by, user)?.last()?;
        (note > applied.start && list.failed < Some(note)).then_some(note)
    }

    /// When the device was told that it need not follow the user, if it has not asked for the list since.
    pub(crate) fn left_since(&self, by: DeviceId, user: UserId) -> Option<FactId> {
        let asked = self.of(by, user).and_then(|list| list.last_start);
        self.notes(by, user)?.left.filter(|left| asked < Some(*left))
    }

    /// The start of the query whose answer the device had when it was told that it need not follow the user, or has got since, if
    /// it has not asked for the list again and was told of no change after it.
    pub(crate) fn left_with(&self, by: DeviceId, user: UserId) -> Option<FactId> {
        let left = self.left_since(by, user)?;
        let list = self.of(by, user)?;
        let start = list.applied.map(|applied| applied.start).or(list.left_with)?;
        let mut notes = self.notes(by, user)?.iter();
        let is_old = notes.any(|note| note.fact > start && note.fact != left);
        (!is_old).then_some(start)
    }

    /// The start of the query that no longer listed a device which had been listed before; its end, if nobody saw it begin. If there is
    /// none, the note with which the list went that held it.
    pub(crate) fn dropped(&self, by: DeviceId, user: UserId, device: DeviceId) -> Option<FactId> {
        let list = self.of(by, user)?;
        let dropped = list.dropped.iter().map(|gone| (gone.device, gone.asked));
        let mut gone = list.went.iter().copied().chain(dropped);
        gone.find(|(gone, _)| *gone == device).map(|(_, by)| by)
    }

    /// Whether a device of the user was listed once and is not now.
    pub(crate) fn misses_any(&self, by: DeviceId, user: UserId) -> bool {
        self.of(by, user).is_some_and(|list| !list.dropped.is_empty())
    }

    /// The end of the query that no longer listed a device which had been listed before, and that of the last query that was applied,
    /// if there was one since.
    pub(crate) fn answers_without(
        &self,
        by: DeviceId,
        user: UserId,
        device: DeviceId,
    ) -> Option<[Moment; 2]> {
        let list = self.of(by, user)?;
        let first = list.dropped.iter().find(|gone| gone.device == device)?.end;
        Some([first, list.applied.map_or(first, |applied| applied.end)])
    }

    /// The last query for the list that came to nothing, if none was answered since.
    pub(crate) fn failed(&self, by: DeviceId, user: UserId) -> Option<FactId> {
        self.of(by, user)?.failed
    }

    /// Whether a query for the list came to nothing between two facts.
    pub(crate) fn tried_in_vain(
        &self,
        (by, user): (DeviceId, UserId),
        (after, before): (Option<FactId>, FactId),
    ) -> bool {
        let failures = self.of(by, user).map_or(&[][..], |list| &list.failures);
        let earlier = failures.partition_point(|failed| *failed < before);
        failures[..earlier].last().is_some_and(|failed| Some(*failed) > after)
    }

    /// Whether the last answer that was applied says that the user is verified.
    pub(crate) fn says_verified(&self, by: DeviceId, user: UserId) -> bool {
        self.of(by, user)
            .is_some_and(|list| list.applied.map_or(list.was_verified, |applied| applied.verified))
    }

    /// Nothing that answers said of verified users holds for the device any more.
    pub(crate) fn forget_verified(&mut self, by: DeviceId, users: impl Iterator<Item = UserId>) {
        for user in users {
            let Some(list) = self.lists.get_mut(by.raw(), user.raw()) else { continue };
            list.was_verified = false;
            if let Some(applied) = list.applied.as_mut() {
                applied.verified = false;
            }
        }
    }

    /// The first news that `server` had of a change of the user's list at or after `moment`.
    pub(crate) fn change_known(
        &self,
        server: ServerId,
        user: UserId,
        moment: Moment,
    ) -> Option<FactId> {
        let changes = self.changes.get(server.raw(), user.raw())?;
        changes.iter().find(|change| change.at >= moment.at).map(|change| change.fact)
    }

    /// How the device was told of a change that its server learnt of by `news`.
    pub(crate) fn telling(&self, device: DeviceId, user: UserId, news: FactId) -> Telling {
        let mut notes = self.notes(device, user).into_iter().flat_map(Notes::iter);
        match notes.find(|note| note.fact > news) {
            Some(note) => match note.told_before {
                Some(by) if by > news => Telling::PassedOver { by, note: note.fact },
                Some(_) | None => Telling::Told(note.fact),
            },
            None => Telling::Untold,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Gap, Lists, Telling};
    use crate::check::view::life::Moment;
    use crate::ids::{DeviceId, FactId, QueryId, UserId};
    use crate::time::SimTime;
    use crate::trace::fact::QueryOutcome;

    const A: DeviceId = DeviceId::new(0);
    const B: DeviceId = DeviceId::new(1);
    const C: DeviceId = DeviceId::new(2);
    const BOB: UserId = UserId::new(1);
    const APPLIED: QueryOutcome = QueryOutcome::Applied { master: None, verified: false };

    fn start(lists: &mut Lists, query: u32, fact: u32) {
        lists.started(A, BOB, QueryId::new(query), FactId::new(fact));
    }

    fn end(lists: &mut Lists, query: u32, outcome: QueryOutcome, fact: u32) {
        let now = Moment { fact: FactId::new(fact), at: SimTime::from_ms(u64::from(fact)) };
        lists.ended((A, BOB), QueryId::new(query), outcome, now);
    }

    #[test]
    fn a_device_is_known_since_the_first_answer_that_lists_it() {
        let mut lists = Lists::default();
        assert_eq!(lists.gap(A, BOB), Gap::Outdated(None));
        start(&mut lists, 0, 1);
        lists.listed(QueryId::new(0), B, false);
        end(&mut lists, 0, APPLIED, 3);
        start(&mut lists, 1, 4);
        lists.listed(QueryId::new(1), B, true);
        end(&mut lists, 1, APPLIED, 6);
        let entry = lists.entry(A, BOB, B).unwrap();
        assert!(entry.cross_signed);
        assert_eq!(entry.since, FactId::new(3));
        assert_eq!(lists.dropped(A, BOB, B), None);
        start(&mut lists, 2, 7);
        end(&mut lists, 2, APPLIED, 8);
        assert_eq!(lists.entry(A, BOB, B), None, "an answer without devices empties the list");
        assert_eq!(lists.dropped(A, BOB, B), Some(FactId::new(7)));
        assert_eq!(lists.applied(A, BOB), Some((FactId::new(7), None)));
        lists.left(A, BOB, FactId::new(9));
        assert_eq!(lists.applied(A, BOB), None);
        assert_eq!(lists.dropped(A, BOB, B), Some(FactId::new(7)), "it had gone before the note");
        assert_eq!(lists.left_since(A, BOB), Some(FactId::new(9)));
        start(&mut lists, 3, 10);
        assert_eq!(lists.left_since(A, BOB), None);
    }

    #[test]
    fn what_took_a_device_away_first_counts_until_it_is_listed_again() {
        let mut lists = Lists::default();
        start(&mut lists, 0, 1);
        lists.listed(QueryId::new(0), B, false);
        end(&mut lists, 0, APPLIED, 2);
        lists.left(A, BOB, FactId::new(3));
        start(&mut lists, 1, 4);
        end(&mut lists, 1, APPLIED, 5);
        lists.left(A, BOB, FactId::new(6));
        assert_eq!(lists.dropped(A, BOB, B), Some(FactId::new(3)));
        start(&mut lists, 2, 7);
        lists.listed(QueryId::new(2), B, false);
        end(&mut lists, 2, APPLIED, 8);
        assert_eq!(lists.dropped(A, BOB, B), None);
        lists.left(A, BOB, FactId::new(9));
        assert_eq!(lists.dropped(A, BOB, B), Some(FactId::new(9)));
    }

    #[test]
    fn a_list_is_outdated_from_a_note_until_an_answer_that_was_asked_for_later() {
        let mut lists = Lists::default();
        start(&mut lists, 0, 1);
        lists.noted(A, BOB, FactId::new(2));
        end(&mut lists, 0, APPLIED, 3);
        assert_eq!(lists.gap(A, BOB), Gap::Outdated(Some(FactId::new(2))));
        assert_eq!(lists.outdated_by(A, BOB), Some(FactId::new(2)));
        start(&mut lists, 1, 4);
        end(&mut lists, 1, QueryOutcome::Failed, 5);
        assert_eq!(lists.outdated_by(A, BOB), None, "a refresh was tried");
        assert_eq!(lists.gap(A, BOB), Gap::Outdated(Some(FactId::new(2))));
        start(&mut lists, 2, 6);
        end(&mut lists, 2, APPLIED, 7);
        let [start, end] = [6, 7].map(FactId::new);
        assert_eq!(lists.gap(A, BOB), Gap::Settled { start, end, newer: None });
        let telling = |lists: &Lists, news| lists.telling(A, BOB, FactId::new(news));
        assert_eq!(telling(&lists, 1), Telling::Told(FactId::new(2)));
        assert_eq!(telling(&lists, 2), Telling::Untold);
        lists.told_of(A, FactId::new(9));
        lists.noted(A, BOB, FactId::new(11));
        let [by, note] = [9, 11].map(FactId::new);
        assert_eq!(telling(&lists, 8), Telling::PassedOver { by, note });
        assert_eq!(telling(&lists, 10), Telling::Told(FactId::new(11)));
        lists.left(A, BOB, FactId::new(12));
        assert_eq!(telling(&lists, 11), Telling::Told(FactId::new(12)));
        assert!(matches!(lists.gap(A, BOB), Gap::Outdated(_)));
    }

    #[test]
    fn what_a_list_held_when_it_was_followed_last_is_remembered_until_an_answer_comes() {
        let mut lists = Lists::default();
        let verified = QueryOutcome::Applied { master: None, verified: true };
        start(&mut lists, 0, 1);
        lists.listed(QueryId::new(0), DeviceId::new(7), true);
        end(&mut lists, 0, verified, 2);
        lists.left(A, BOB, FactId::new(3));
        let last = |lists: &Lists| lists.last_entry(A, BOB, DeviceId::new(7)).is_some();
        assert_eq!(lists.entry(A, BOB, DeviceId::new(7)), None);
        assert!(last(&lists) && lists.says_verified(A, BOB));
        start(&mut lists, 1, 4);
        end(&mut lists, 1, QueryOutcome::Failed, 5);
        assert!(last(&lists), "nothing newer is known");
        start(&mut lists, 2, 6);
        end(&mut lists, 2, QueryOutcome::Applied { master: None, verified: false }, 7);
        assert!(!last(&lists) && !lists.says_verified(A, BOB));
    }

    #[test]
    fn a_query_that_never_ended_no_longer_matters_once_a_later_one_did() {
        let mut lists = Lists::default();
        start(&mut lists, 0, 1);
        assert_eq!(lists.gap(A, BOB), Gap::Outdated(Some(FactId::new(1))));
        start(&mut lists, 1, 2);
        end(&mut lists, 1, APPLIED, 3);
        assert!(matches!(lists.gap(A, BOB), Gap::Settled { .. }));
        start(&mut lists, 2, 4);
        assert_eq!(lists.gap(A, BOB), Gap::Outdated(Some(FactId::new(4))));
    }

    #[test]
    fn an_older_answer_that_takes_the_place_of_a_newer_is_noticed() {
        let mut lists = Lists::default();
        start(&mut lists, 0, 1);
        start(&mut lists, 1, 2);
        lists.listed(QueryId::new(1), B, false);
        end(&mut lists, 1, APPLIED, 4);
        end(&mut lists, 0, QueryOutcome::Overtaken, 5);
        assert!(lists.entry(A, BOB, B).is_some());
        start(&mut lists, 2, 6);
        end(&mut lists, 2, APPLIED, 7);
        assert!(matches!(lists.gap(A, BOB), Gap::Settled { newer: None, .. }));
        start(&mut lists, 3, 8);
        start(&mut lists, 4, 9);
        end(&mut lists, 4, APPLIED, 10);
        end(&mut lists, 3, APPLIED, 11);
        let newer = Some(FactId::new(9));
        let [start, end] = [8, 11].map(FactId::new);
        assert_eq!(lists.gap(A, BOB), Gap::Settled { start, end, newer });
    }

    #[test]
    fn answers_that_are_told_of_at_once_keep_what_is_theirs() {
        let mut lists = Lists::default();
        start(&mut lists, 0, 1);
        lists.started(C, BOB, QueryId::new(1), FactId::new(2));
        lists.listed(QueryId::new(0), B, false);
        lists.listed(QueryId::new(1), C, false);
        lists.listed(QueryId::new(0), A, false);
        end(&mut lists, 0, APPLIED, 6);
        assert!(lists.entry(A, BOB, B).is_some() && lists.entry(A, BOB, A).is_some());
        assert!(lists.entry(A, BOB, C).is_none());
        let now = Moment { fact: FactId::new(7), at: SimTime::from_ms(7) };
        lists.ended((C, BOB), QueryId::new(1), APPLIED, now);
        assert!(lists.entry(C, BOB, C).is_some());
        assert!(lists.entry(C, BOB, A).is_none() && lists.entry(C, BOB, B).is_none());
    }
}
