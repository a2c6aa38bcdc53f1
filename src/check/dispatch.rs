//! The one place where each kind of fact is handed to those parts of the view, and those rules, that it concerns.
//! It does not know what they make of it.

use crate::check::Checker;
use crate::check::spam::Accepted;
use crate::check::view::counts::Counts;
use crate::check::view::life::Moment;
use crate::check::view::olm::{Made, Stamp};
use crate::check::view::transport::{Content, Lost};
use crate::ids::{FactId, ToDeviceId, TxnId};
use crate::protocol::api::ListChange;
use crate::trace::fact::{Fact, FactKind, Observer, SentContent};

impl Checker {
    /// Takes a fact of the run, of rooms or of device lists; hands on every other.
    #[expect(
        clippy::too_many_lines,
        reason = "one exhaustive dispatch, an arm for each kind of fact"
    )]
    pub(crate) fn dispatch(&mut self, fact: &Fact) {
        let now = Moment { fact: fact.id, at: fact.at };
        let view = &mut self.view;
        match fact.kind {
            FactKind::RunEnd(end) => self.end = Some(end),
            FactKind::HealStart { first_probe } => self.first_probe = Some(first_probe),
            FactKind::FaultStart(fault) => view.outages.started(fault),
            FactKind::FaultEnd(fault) => view.outages.ended(fault),
            // Nothing that is judged so far rests on these.
            FactKind::UserStep(_)
            | FactKind::Encryption { .. }
            | FactKind::IdentityMade { .. }
            | FactKind::IdentityAcknowledged { .. }
            | FactKind::SendRefused { .. }
            | FactKind::KeyRequested { .. }
            | FactKind::RequestCancelled { .. } => {}
            FactKind::Member { room, user, membership, seq } => {
                if let Observer::Server(server) = fact.observer {
                    let change = (membership, seq, fact.id);
                    view.rooms.member(&view.cast, server, (room, user), change);
                }
            }
            FactKind::HistoryVisibility { room, value, seq } => {
                if let Observer::Server(server) = fact.observer {
                    view.rooms.visibility(server, room, value, seq);
                }
            }
            FactKind::MessageReceived { device, .. } => {
                // The first cause is the event; what kept it from being told earlier may stand behind it.
                if let Some(event) = fact.causes.iter().next() {
                    view.lists.told_of(device, event);
                    view.answers.ends(device, event, fact.at);
                }
            }
            FactKind::RoomSeen { device, room, seq, .. } => {
                // The first cause is the event; what kept it from being told earlier may stand behind it.
                if let Some(event) = fact.causes.iter().next() {
                    view.lists.told_of(device, event);
                    view.answers.ends(device, event, fact.at);
                }
                let server = view.cast.server_of(device);
                if view.rooms.seen(server, (device, room), seq, now) {
                    view.duties.changed(device);
                }
            }
            FactKind::MemberNotTold { device, room, user } => {
                view.rooms.not_told(device, room, user, fact.at);
                view.duties.changed(device);
            }
            FactKind::DeviceUp { device, crypto } => view.life.came_up(device, crypto, now),
            FactKind::DeviceDeleted { device } => {
                view.life.went(device, fact.id);
                view.supply.forgotten(device);
            }
            FactKind::LoggedOut { device } => {
                view.life.went(device, fact.id);
            }
            FactKind::Crashed { device } => view.crashed(device, now),
            FactKind::Restarted { device } => view.life.restarted(device),
            FactKind::StoreRestored { device, snapshot } => {
                view.life.restored(device, fact.id, snapshot);
                view.duties.changed(device);
            }
            FactKind::IdentitySet { user, .. } => view.policies.identity_set(user),
            FactKind::CrossSigned { device } => view.cross_signed(device, fact.id),
            FactKind::ListChangedAt { user } => {
                if let Observer::Server(server) = fact.observer {
                    view.lists.changed_at(server, user, now);
                }
            }
            FactKind::ListNote { device, user, change } => {
                for news in fact.causes.iter() {
                    view.answers.begins(device, news, fact.at);
                }
                match change {
                    ListChange::Changed => view.lists.noted(device, user, fact.id),
                    ListChange::Left => view.lists.left(device, user, fact.id),
                }
                view.duties.changed(device);
            }
            FactKind::QueryStart { device, user, query } => {
                view.lists.started(device, user, query, fact.id);
                view.duties.changed(device);
            }
            FactKind::QueryListed { query, listed, cross_signed, .. } => {
                view.lists.listed(query, listed, cross_signed);
            }
            FactKind::QueryEnd { device, user, query, outcome } => {
                view.query_ended((device, user), query, outcome, fact.id);
            }
            FactKind::SharingSet { device, share, with_invited } => {
                view.policies.share(device, share, with_invited, fact.id);
                view.duties.changed(device);
            }
            FactKind::ReportingSet { device, target, codes, strangers } => {
                view.policies.report(device, target, (codes, strangers), fact.id);
                view.duties.changed(device);
            }
            FactKind::VerifiedSet { device, target, verified } => {
                view.verified(device, target, verified, now);
            }
            FactKind::BlockedSet { device, target, blocked } => {
                if blocked {
                    view.policies.block(device, target, fact.id);
                } else {
                    view.policies.unblock(device, target, fact.id);
                }
                view.duties.changed(device);
            }
            FactKind::Claim { device, target, .. } => view.olm.claimed(device, target, fact.id),
            FactKind::ClaimEnd { device, target, outcome, .. } => {
                view.claim_ended(device, target, outcome, now);
            }
            FactKind::OneTimeKeysUp { device, first, count } => {
                view.supply.one_time_up(device, (first, count), now);
            }
            FactKind::FallbackKeyUp { device, .. } => view.supply.fallback_up(device, fact.id),
            FactKind::UploadRefused { device } => view.supply.refused(device, fact.id),
            FactKind::KeyHandedOut { target, key, fallback, .. } => {
                view.supply.handed_out(target, key, fallback, fact.id);
                view.one_time_keys.handed_out(key, fallback, fact.id);
            }
            FactKind::KeyCounts { device, one_time, unused_fallback } => {
                view.counts.told(device, Counts { one_time, unused_fallback, fact: fact.id });
            }
            FactKind::PrivateKeyGone { key, why, .. } => {
                view.one_time_keys.gone(key, why, fact.id);
                view.supply.gone(key);
            }
            FactKind::OlmNew { device, peer, session, direction, .. } => {
                let made = Made { session, direction, moment: now, clock: fact.clock };
                view.olm_made(device, peer, made);
            }
            FactKind::OlmDropped { device, peer, session, why } => {
                view.olm.dropped((device, peer), session, (why, now), &view.life);
                view.duties.changed(device);
            }
            FactKind::OlmEncrypted { device, peer, session, event, txn, .. } => {
                let content = SentContent::Olm(event);
                let number = view.sent((device, peer), txn, content, now);
                view.transport.get_mut(number).olm = Some(session);
                let stamp = Stamp { moment: now, clock: fact.clock };
                view.olm.used((device, peer), session, stamp, false);
            }
            FactKind::OlmDecrypt { device, peer, message, result } => {
                view.opened((device, peer), message, result, (now, fact.clock));
            }
            FactKind::MegolmNew { device, room, session } => {
                view.messages.session_made(device, room, session, fact.id);
            }
            FactKind::MegolmEncrypted { device, room, session, index, message } => {
                view.encrypted((device, room), message, (session, index), now);
            }
            FactKind::MessageAccepted { room, message } => {
                view.messages.accepted(message, room, fact.id);
            }
            FactKind::KeyIn { device, session, first, source, .. } => {
                view.holdings.taken((device, session), (first, source), now, &view.life);
            }
            FactKind::KeyRefused { device, session, .. } => {
                view.holdings.refused(device, session, fact.id);
            }
            FactKind::KeyLost { device, session, why } => {
                view.holdings.lost(device, session, (why, fact.id));
            }
            FactKind::Try { device, message, result } => {
                view.messages.tried(device, message, result, fact.id);
            }
            FactKind::Put { txn, event_type, .. } => view.transport.put(txn, event_type),
            FactKind::PutTarget { device, txn, recipient, content } => {
                let number = view.sent((device, recipient), txn, content, now);
                view.transport.get_mut(number).targeted += 1;
            }
            FactKind::PutAccepted { txn, .. } => self.put_accepted(txn, fact.id),
            FactKind::Enqueued { message, sender, recipient, txn, event_type, content } => {
                let number = view.stored((sender, recipient), (txn, event_type), content, now);
                view.transport.store(number, message, fact.id);
                // What is in a mailbox was accepted, also where nobody observed its sender.
                self.put_accepted(txn, fact.id);
            }
            FactKind::Lost { txn, recipient, message } => {
                let server = match fact.observer {
                    Observer::Server(server) => server,
                    Observer::World | Observer::Device(_) => view.cast.server_of(recipient),
                };
                let number = message.and_then(|message| view.transport.number(message));
                if let Some(number) = number.or_else(|| view.transport.find(txn, recipient)) {
                    let lost = Lost { fact: fact.id, server };
                    view.transport.get_mut(number).lost.get_or_insert(lost);
                }
            }
            FactKind::Listed { message, .. } => {
                view.answers.lists(message, fact.id);
                if let Some(number) = view.transport.number(message) {
                    view.transport.list(number, fact.id);
                }
            }
            FactKind::Acknowledged { message, .. } => self.acknowledged(message, fact.id),
            FactKind::Processed { device, message, outcome } => {
                view.answers.handles(device, message, fact.at);
                view.processed(device, message, outcome, now);
            }
        }
    }

    fn acknowledged(&mut self, message: ToDeviceId, fact: FactId) {
        if let Some(number) = self.view.transport.number(message) {
            self.view.transport.get_mut(number).acknowledged.get_or_insert(fact);
        }
    }

    /// A sender's server accepted a transaction, or part of it was found in a mailbox.
    fn put_accepted(&mut self, txn: TxnId, fact: FactId) {
        if !self.view.transport.accept(txn, fact) {
            return;
        }
        let notices: Vec<(u32, u32)> = self
            .view
            .transport
            .of_txn(txn)
            .filter_map(|number| match self.view.transport.get(number).content {
                Content::Notice(notice) => Some((number, notice)),
                Content::Key { .. }
                | Content::Forwarded(_)
                | Content::Dummy
                | Content::Request(_)
                | Content::Sealed
                | Content::Clear
                | Content::Stray => None,
            })
            .collect();
        for (number, notice) in notices {
            self.view.judge_again(notice);
            let view = &self.view;
            let notice = view.notices.get(notice);
            let message = view.transport.get(number);
            let accepted = Accepted { view, notice, message, fact };
            self.spam.accepted(accepted, &mut self.findings);
        }
    }
}
