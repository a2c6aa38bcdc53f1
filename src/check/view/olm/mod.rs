//! Olm as each device has it: sessions by peer, attempts to set one up, and the epochs of `m.no_olm`.
//! It does not know which message needed a session.

use crate::check::view::doubt::Written;
use crate::check::view::life::{Life, Moment};
use crate::check::view::pairs::{Pairs, row};
use crate::ids::{DeviceId, FactId, OlmSessionId};
use crate::time::{SimDuration, SimTime};
use crate::trace::fact::{Direction, LossCause};

/// At the most one new session with a device in this time is made to recover (U-02).
const RECOVERY_INTERVAL: SimDuration = SimDuration::from_hours(1);

/// The fewest sessions with one device that are kept (U-07).
const SESSIONS_KEPT_MIN: usize = 4;

/// How a session went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dropped {
    /// When.
    pub(crate) moment: Moment,
    /// Why.
    pub(crate) why: LossCause,
    /// Whether fewer sessions were left than should be kept.
    pub(crate) too_few_left: bool,
    /// The last use of a session that stayed though it was unused for longer, whatever counts as use.
    pub(crate) out_of_turn: Option<FactId>,
}

/// When a device did something with a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// When.
    pub(crate) moment: Moment,
    /// What the device's own clock said.
    pub(crate) clock: SimTime,
}

impl Stamp {
    /// Whether this is earlier by virtual time and by the device's clock. Where they do not agree, the device could not know.
    fn is_before(self, other: Self) -> bool {
        self.moment.at < other.moment.at && self.clock < other.clock
    }

    /// Whether it may be missing in the store that the device has by now.
    fn is_unsure(self, device: DeviceId, life: &Life) -> bool {
        life.forgiven(device, self.moment).is_some() || life.cut_off(device, self.moment).is_some()
    }
}

/// A session that a device had.
#[derive(Debug, Clone)]
struct Session {
    id: OlmSessionId,
    new: Moment,
    /// Whether the device barred the other one from keys when it was made.
    barred: bool,
    /// The last message that the device encrypted or decrypted with it.
    used: Option<FactId>,
    /// When it last decrypted a message; when it was made, if it did not.
    received: Stamp,
    /// When it last encrypted or decrypted a message; when it was made, if it did not.
    touched: Stamp,
    dropped: Option<Dropped>,
}

impl Session {
    /// Whether the making of the session reached the store that the device has now. What a crash may have cut off
    /// did if the session was used afterwards.
    fn was_kept(&self, device: DeviceId, life: &Life) -> bool {
        let cut = life.cut_off(device, self.new);
        life.undone(device, self.new).is_none()
            && cut.is_none_or(|crash| self.used.is_some_and(|used| used > crash))
    }

    fn is_held(&self, device: DeviceId, life: &Life) -> bool {
        let dropped = self.dropped.map(|dropped| dropped.moment);
        self.was_kept(device, life)
            && dropped.is_none_or(|dropped| life.undone(device, dropped).is_some())
    }

    /// Whether nothing that is known speaks against the device's having it.
    fn is_surely_held(&self, device: DeviceId, life: &Life) -> bool {
        self.dropped.is_none()
            && self.was_kept(device, life)
            && life.forgiven(device, self.new).is_none()
    }
}

/// An epoch of `m.no_olm`: the fact that opened it, or none for the one from the start of the run.
pub(crate) type Epoch = Option<FactId>;

/// What one device has with one other.
#[derive(Debug, Clone, Default)]
struct Pair {
    sessions: Vec<Session>,
    /// The first failed attempt of each epoch that had one.
    failures: Vec<(Epoch, FactId)>,
    /// The last one.
    last_failure: Option<(Epoch, FactId)>,
    /// The epochs in which an attempt failed that will not work when it is tried again, or two failed in passing.
    settled: Vec<(Epoch, FactId)>,
    /// Those of them in which there was nothing to tell when it came to that, by the choice of the device's user, and of which messages:
    /// of those that were encrypted before this fact, or of any.
    untold: Vec<(Epoch, Option<FactId>)>,
    /// The last claim that brought a fallback key, with its epoch.
    fallback: Option<(Epoch, FactId)>,
    last_new: Option<FactId>,
    last_claim: Option<FactId>,
    /// The claim that is running, unless the client was stopped since.
    claiming: Option<FactId>,
    /// The first undecryptable message of the peer after which a recovery was due, unless one was tried since.
    neglected: Option<FactId>,
    /// The last message that was decrypted and did not pass the checks: no fact tells on which session.
    unclear: Option<FactId>,
    /// The device's own clock when it last made an outbound session.
    outbound: Option<SimTime>,
    /// What the device wrote down of it all but how far its sessions were used.
    written: Option<Written>,
}

impl Pair {
    /// The last use of a session that was unused for longer than `session`. To use one may mean to decrypt with it, or to
    /// encrypt as well: it must be so by both.
    fn spared(&self, device: DeviceId, session: OlmSessionId, life: &Life) -> Option<FactId> {
        let gone = self.sessions.iter().rev().find(|known| known.id == session)?;
        let clear =
            |stamp: Stamp| !stamp.is_unsure(device, life) && self.unclear < Some(stamp.moment.fact);
        if !clear(gone.received) || !clear(gone.touched) {
            return None;
        }
        let others = || {
            let sessions = self.sessions.iter().filter(|other| other.id != session);
            sessions.filter(|other| other.is_surely_held(device, life))
        };
        let by_received = others().any(|other| other.received.is_before(gone.received));
        let mut by_touch = others().filter(|other| other.touched.is_before(gone.touched));
        by_touch.next().filter(|_| by_received).map(|other| other.touched.moment.fact)
    }
}

/// The claims of one device that are running, or ended just now.
#[derive(Debug, Clone, Default)]
struct Claims {
    running: u32,
    from: Option<FactId>,
    ended: SimTime,
}

/// How a claim failed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failed {
    /// The epoch of reports in which it did.
    pub(crate) epoch: Epoch,
    /// Whether it would fail again, and did not only in passing.
    pub(crate) for_good: bool,
}

/// A session that a device made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Made {
    /// The session.
    pub(crate) session: OlmSessionId,
    /// Which side it is.
    pub(crate) direction: Direction,
    /// When.
    pub(crate) moment: Moment,
    /// What the device's own clock said.
    pub(crate) clock: SimTime,
    /// Whether it barred the other one from keys.
    pub(crate) barred: bool,
}

/// All Olm sessions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Olm {
    pairs: Pairs<Pair>,
    claims: Vec<Claims>,
}

impl Olm {
    /// The device made a session with `peer`.
    pub(crate) fn made(&mut self, device: DeviceId, peer: DeviceId, made: Made) {
        let pair = self.pairs.entry(device.raw(), peer.raw());
        let stamp = Stamp { moment: made.moment, clock: made.clock };
        if pair.sessions.is_empty() {
            // Most pairs of devices never have a second one.
            pair.sessions.reserve_exact(1);
        }
        pair.sessions.push(Session {
            id: made.session,
            new: made.moment,
            barred: made.barred,
            used: None,
            received: stamp,
            touched: stamp,
            dropped: None,
        });
        pair.last_new = Some(made.moment.fact);
        pair.neglected = None;
        match made.direction {
            Direction::Outbound => pair.outbound = Some(made.clock),
            Direction::Inbound => {}
        }
    }

    /// The device used the session, and `decrypted` with it or encrypted.
    pub(crate) fn used(
        &mut self,
        (device, peer): (DeviceId, DeviceId),
        session: OlmSessionId,
        stamp: Stamp,
        decrypted: bool,
    ) {
        let Some(pair) = self.pairs.get_mut(device.raw(), peer.raw()) else { return };
        if let Some(known) = pair.sessions.iter_mut().rev().find(|known| known.id == session) {
            known.used = Some(stamp.moment.fact);
            known.touched = stamp;
            if decrypted {
                known.received = stamp;
            }
        }
    }

    /// The device decrypted a message of `peer` on some session, and did not take it.
    pub(crate) fn used_unseen(&mut self, device: DeviceId, peer: DeviceId, fact: FactId) {
        self.pairs.entry(device.raw(), peer.raw()).unclear = Some(fact);
    }

    /// What shows that `session` is not the one to encrypt with (U-04): another one that the device has got a message on, or was
    /// made, later than this one; and that this one is known at all. The fact of that message.
    pub(crate) fn better_than(
        &self,
        (device, peer): (DeviceId, DeviceId),
        session: OlmSessionId,
        life: &Life,
    ) -> Option<FactId> {
        let pair = self.of(device, peer)?;
        let chosen = pair.sessions.iter().rev().find(|known| known.id == session)?;
        let better = |other: &&Session| {
            other.id != session
                && chosen.received.is_before(other.received)
                && other.is_surely_held(device, life)
                && !other.received.is_unsure(device, life)
                && pair.unclear < Some(other.received.moment.fact)
        };
        let found = pair.sessions.iter().filter(better).map(|other| other.received.moment.fact);
        found.max()
    }

    /// Whether the device has had the session since before `fact` without doubt.
    pub(crate) fn surely_held(
        &self,
        (device, peer): (DeviceId, DeviceId),
        session: OlmSessionId,
        (fact, life): (FactId, &Life),
    ) -> Option<FactId> {
        let mut sessions = self.of(device, peer)?.sessions.iter();
        let held = |known: &&Session| {
            known.id == session && known.new.fact < fact && known.is_surely_held(device, life)
        };
        sessions.find(held).map(|known| known.new.fact)
    }

    /// Whether the device has had any session with the other since before `fact` without doubt.
    pub(crate) fn surely_has(
        &self,
        (device, peer): (DeviceId, DeviceId),
        fact: FactId,
        life: &Life,
    ) -> bool {
        self.of(device, peer).is_some_and(|pair| {
            let mut sessions = pair.sessions.iter();
            sessions.any(|known| known.new.fact < fact && known.is_surely_held(device, life))
        })
    }

    /// The device wrote down that it has one session with `peer` more or fewer, or what came of an attempt to have one.
    pub(crate) fn wrote(&mut self, device: DeviceId, peer: DeviceId, now: Moment, life: &Life) {
        match &mut self.pairs.entry(device.raw(), peer.raw()).written {
            Some(written) => written.again(device, now, life),
            written @ None => *written = Some(Written::first(now)),
        }
    }

    /// Whether the device may have lost anything of that with an older store.
    pub(crate) fn may_be_lost(&self, device: DeviceId, peer: DeviceId, life: &Life) -> bool {
        let written = self.of(device, peer).and_then(|pair| pair.written);
        written.is_some_and(|written| written.may_be_lost(device, life))
    }

    /// The client of the device stopped: no answer to its claims will reach it.
    pub(crate) fn crashed(&mut self, device: DeviceId) {
        *row(&mut self.claims, device.index()) = Claims::default();
    }

    /// The device no longer has the session.
    pub(crate) fn dropped(
        &mut self,
        (device, peer): (DeviceId, DeviceId),
        session: OlmSessionId,
        (why, moment): (LossCause, Moment),
        life: &Life,
    ) {
        let pair = self.pairs.entry(device.raw(), peer.raw());
        let others = pair.sessions.iter().filter(|other| other.id != session);
        let left = others.filter(|other| other.is_held(device, life)).count();
        let too_few_left = left < SESSIONS_KEPT_MIN;
        let out_of_turn = pair.spared(device, session, life);
        if let Some(known) = pair.sessions.iter_mut().rev().find(|known| known.id == session) {
            known.dropped = Some(Dropped { moment, why, too_few_left, out_of_turn });
        }
    }

    /// The device asks for a key of `target`.
    pub(crate) fn claimed(&mut self, device: DeviceId, target: DeviceId, fact: FactId) {
        let pair = self.pairs.entry(device.raw(), target.raw());
        (pair.last_claim, pair.claiming) = (Some(fact), Some(fact));
        pair.neglected = None;
        let claims = row(&mut self.claims, device.index());
        if claims.running == 0 {
            claims.from = Some(fact);
        }
        claims.running += 1;
    }

    /// The claim ended, and `failed` if without a key that can be used. True if that was the last failure before it is to be
    /// told.
    pub(crate) fn claim_ended(
        &mut self,
        device: DeviceId,
        target: DeviceId,
        failed: Option<Failed>,
        (moment, life): (Moment, &Life),
    ) -> bool {
        let claims = row(&mut self.claims, device.index());
        claims.running = claims.running.saturating_sub(1);
        claims.ended = moment.at;
        self.pairs.entry(device.raw(), target.raw()).claiming = None;
        let mut is_settled = false;
        if let Some(Failed { epoch: failed, for_good }) = failed {
            let pair = self.pairs.entry(device.raw(), target.raw());
            // A client that was started anew since need not know that it has tried before.
            let is_second = pair.last_failure.is_some_and(|(epoch, failure)| {
                epoch == failed && !life.stopped_since(device, failure)
            });
            pair.last_failure = Some((failed, moment.fact));
            if (for_good || is_second) && pair.settled.iter().all(|(epoch, _)| *epoch != failed) {
                pair.settled.push((failed, moment.fact));
                is_settled = true;
            }
            if pair.failures.iter().all(|(epoch, _)| *epoch != failed) {
                pair.failures.push((failed, moment.fact));
            }
        }
        is_settled
    }

    /// The failure of this epoch was to be told, and the device's user did not want it told: of the messages that were encrypted before
    /// this fact, or, if none is given, of any.
    pub(crate) fn leave_untold(
        &mut self,
        (device, peer): (DeviceId, DeviceId),
        epoch: Epoch,
        until: Option<FactId>,
    ) {
        let pair = self.pairs.entry(device.raw(), peer.raw());
        match pair.untold.iter_mut().find(|(of, _)| *of == epoch) {
            Some((_, last)) => *last = until.filter(|_| last.is_some()),
            None => pair.untold.push((epoch, until)),
        }
    }

    /// Whether that is so of a message that was encrypted by `encrypted`.
    pub(crate) fn is_left_untold(
        &self,
        (device, peer): (DeviceId, DeviceId),
        epoch: Epoch,
        encrypted: FactId,
    ) -> bool {
        self.of(device, peer).is_some_and(|pair| {
            let mut untold = pair.untold.iter();
            untold.any(|(of, until)| *of == epoch && until.is_none_or(|until| until > encrypted))
        })
    }

    /// The claim brought a fallback key, in this epoch.
    pub(crate) fn got_fallback(
        &mut self,
        device: DeviceId,
        target: DeviceId,
        epoch: Epoch,
        fact: FactId,
    ) {
        self.pairs.entry(device.raw(), target.raw()).fallback = Some((epoch, fact));
    }

    /// The last claim of this epoch that brought a fallback key of `peer`.
    pub(crate) fn fallback(
        &self,
        device: DeviceId,
        peer: DeviceId,
        epoch: Epoch,
    ) -> Option<FactId> {
        self.of(device, peer)?.fallback.filter(|(of, _)| *of == epoch).map(|(_, fact)| fact)
    }

    /// Since when the device has been claiming keys, if it still is or was until this very instant.
    pub(crate) fn claiming_since(&self, device: DeviceId, now: SimTime) -> Option<FactId> {
        let claims = self.claims.get(device.index())?;
        if claims.running > 0 || claims.ended == now { claims.from } else { None }
    }

    fn of(&self, device: DeviceId, peer: DeviceId) -> Option<&Pair> {
        self.pairs.get(device.raw(), peer.raw())
    }

    /// `has_olm(a,d)`: whether the device has a session with `peer`.
    pub(crate) fn has_session(&self, device: DeviceId, peer: DeviceId, life: &Life) -> bool {
        self.of(device, peer)
            .is_some_and(|pair| pair.sessions.iter().any(|session| session.is_held(device, life)))
    }

    /// The epoch of reports of `device` to `peer` that is open: the last session that was made, from either side, as far as
    /// the device's store has not forgotten it.
    pub(crate) fn epoch(&self, device: DeviceId, peer: DeviceId, life: &Life) -> Epoch {
        let sessions = self.of(device, peer)?.sessions.iter();
        let kept = sessions.filter(|session| session.was_kept(device, life));
        kept.map(|session| session.new.fact).max()
    }

    /// The first failed attempt of the device to set up a session with `peer` in this epoch.
    pub(crate) fn failure(&self, device: DeviceId, peer: DeviceId, epoch: Epoch) -> Option<FactId> {
        let failures = &self.of(device, peer)?.failures;
        failures.iter().find(|(of, _)| *of == epoch).map(|(_, failure)| *failure)
    }

    /// The epochs in which an attempt of the device to set up a session with `peer` failed.
    pub(crate) fn failed_in(
        &self,
        device: DeviceId,
        peer: DeviceId,
    ) -> impl Iterator<Item = Epoch> + '_ {
        let failures = self.of(device, peer).map(|pair| pair.failures.iter());
        failures.into_iter().flatten().map(|(epoch, _)| *epoch)
    }

    /// The failure in this epoch after which there was something to report.
    pub(crate) fn settled(&self, device: DeviceId, peer: DeviceId, epoch: Epoch) -> Option<FactId> {
        let settled = &self.of(device, peer)?.settled;
        settled.iter().find(|(of, _)| *of == epoch).map(|(_, failure)| *failure)
    }

    /// Whether the device made a session with `peer` before `before` after an attempt that had failed.
    pub(crate) fn recovered(&self, device: DeviceId, peer: DeviceId, before: FactId) -> bool {
        let Some(pair) = self.of(device, peer) else { return false };
        pair.failures.iter().any(|(_, failure)| {
            let made = |session: &Session| session.new.fact > *failure && session.new.fact < before;
            pair.sessions.iter().any(made)
        })
    }

    /// The device could not decrypt a message of `peer`. Returns an earlier one of which that is true, and after which
    /// a recovery was due that has not been tried since.
    pub(crate) fn failed(
        &mut self,
        (device, peer): (DeviceId, DeviceId),
        fact: FactId,
        recovery_due: bool,
    ) -> Option<FactId> {
        let pair = self.pairs.entry(device.raw(), peer.raw());
        let earlier = pair.neglected;
        // A claim that is running now is what a recovery begins with.
        let claims = self.claims.get(device.index());
        let claiming = claims.is_some_and(|claims| {
            claims.running > 0 && pair.claiming.is_some() && pair.claiming >= claims.from
        });
        if recovery_due && !claiming {
            pair.neglected = earlier.or(Some(fact));
        }
        earlier
    }

    /// Whether the device made a session with `peer` after `fact`.
    pub(crate) fn made_after(&self, device: DeviceId, peer: DeviceId, fact: FactId) -> bool {
        self.of(device, peer).is_some_and(|pair| pair.last_new > Some(fact))
    }

    /// Whether the device made a session with `peer` after the first and before the second of these facts, and did not bar it then.
    pub(crate) fn made_for_use(
        &self,
        device: DeviceId,
        peer: DeviceId,
        (from, until): (FactId, FactId),
    ) -> bool {
        let made = |session: &Session| {
            !session.barred && session.new.fact > from && session.new.fact < until
        };
        self.of(device, peer).is_some_and(|pair| pair.sessions.iter().any(made))
    }

    /// Whether the device tried to get a key of `peer` after `fact`.
    pub(crate) fn claimed_after(&self, device: DeviceId, peer: DeviceId, fact: FactId) -> bool {
        self.of(device, peer).is_some_and(|pair| pair.last_claim > Some(fact))
    }

    /// Whether the device's last attempt to get a key of `peer` never ended, because the device stopped before.
    pub(crate) fn was_cut_off(&self, device: DeviceId, peer: DeviceId) -> bool {
        self.of(device, peer).is_some_and(|pair| pair.claiming.is_some())
    }

    /// Whether the one-hour limit forbids a new session with `peer` when the device's own clock says `clock`.
    pub(crate) fn recovery_forbidden(
        &self,
        device: DeviceId,
        peer: DeviceId,
        clock: SimTime,
    ) -> bool {
        let made = self.of(device, peer).and_then(|pair| pair.outbound);
        made.is_some_and(|made| clock.since(made) < RECOVERY_INTERVAL)
    }

    /// How the device's end of the session went, if it did.
    pub(crate) fn drop_of(
        &self,
        device: DeviceId,
        peer: DeviceId,
        session: OlmSessionId,
    ) -> Option<Dropped> {
        let sessions = &self.of(device, peer)?.sessions;
        sessions.iter().rev().find(|known| known.id == session)?.dropped
    }
}

#[cfg(test)]
mod tests;
