//! The one place where each kind of fact is handed to those parts of the view, and those rules, that it concerns.
//! It does not know what they make of it.

use crate::check::Checker;
use crate::check::view::bundles::Made as MadeBundle;
use crate::check::view::counts::Counts;
use crate::check::view::life::Moment;
use crate::check::view::olm::{Made, Stamp};
use crate::check::view::transport::Lost;
use crate::ids::{FactId, ToDeviceId};
use crate::protocol::api::ListChange;
use crate::protocol::bundle::BundledKey;
use crate::trace::fact::{Fact, FactKind, Observer, SentContent, TryResult};

impl Checker {
    /// Takes a fact of the run, of rooms or of device lists; hands on every other.
    #[expect(
        clippy::too_many_lines,
        reason = "one exhaustive dispatch, an arm for each kind of fact"
    )]
    pub(crate) fn dispatch(&mut self, fact: &Fact) {
        let now = Moment { fact: fact.id, at: fact.at };
        let view = &mut self.view;
        view.life.passes(now);
        view.notices.next_fact();
        view.forwards.next_fact();
        if let Observer::Device(device) = fact.observer {
            view.heard.insert(device.index());
            view.contacts.seen(device, now);
        }
        match fact.kind {
            FactKind::RunEnd(end) => self.end = Some(end),
            FactKind::HealStart { first_probe } => self.first_probe = Some(first_probe),
            FactKind::FaultStart(fault) => view.outages.started(fault, now),
            FactKind::FaultEnd(fault) => view.outages.ended(fault, fact.id),
            // The view keeps nothing of these; the rules that need them hear them themselves.
            FactKind::UserStep(_)
            | FactKind::SendRefused { .. }
            | FactKind::KeyRequested { .. }
            | FactKind::RequestCancelled { .. } => {}
            FactKind::InvitedBy { .. }
            | FactKind::BundleMade { .. }
            | FactKind::BundleKey { .. }
            | FactKind::BundleWithheld { .. }
            | FactKind::BundleOpened { .. } => self.dispatch_bundle(fact),
            FactKind::Member { room, user, membership, seq } => {
                if let Observer::Server(server) = fact.observer {
                    let change = (membership, seq, fact.id);
                    view.rooms.member(&view.cast, server, (room, user), change);
                    view.bundles.member(server, (room, user), membership);
                    view.room_changed(server, room, seq);
                }
            }
            FactKind::HistoryVisibility { room, value, seq } => {
                if let Observer::Server(server) = fact.observer {
                    view.rooms.visibility(server, room, (value, seq), fact.id);
                    view.room_changed(server, room, seq);
                }
            }
            FactKind::Encryption { room, rotation, seq } => {
                if let Observer::Server(server) = fact.observer {
                    view.rooms.encryption(server, room, rotation, seq);
                }
            }
            FactKind::MessageReceived { device, message } => {
                view.message_came(message, device, fact.id);
                // The first cause is the event; what kept it from being told earlier may stand behind it.
                if let Some(event) = fact.causes.iter().next() {
                    view.lists.told_of(device, event);
                    view.answers.ends(device, event, fact.at);
                }
            }
            FactKind::RoomSeen { device, room, seq, limited } => {
                // The first cause is the event; what kept it from being told earlier may stand behind it.
                if let Some(event) = fact.causes.iter().next() {
                    view.lists.told_of(device, event);
                    view.answers.ends(device, event, fact.at);
                }
                if let Some(since) = fact.causes.iter().skip(1).last() {
                    view.rooms.answered_anew(device, room, since);
                }
                if limited {
                    view.messages_left_out(device, room, fact.id);
                }
                let server = view.cast.server_of(device);
                if view.rooms.seen(
                    (server, view.cast.user(device)),
                    (device, room),
                    (seq, limited),
                    (now, &view.life),
                ) {
                    view.duties.changed(device);
                    view.room_told(device, room, limited, now);
                }
            }
            FactKind::MemberNotTold { device, room, user } => {
                // Beside what left it out, an answer to a sync has the event for a cause; a list of members has none.
                let by_sync = fact.causes.iter().nth(1).is_some();
                view.rooms.not_told(device, (room, user), by_sync, now);
                // Who is left out of a state looks as if gone.
                view.expiries.discarded(device, room, fact.id);
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
            FactKind::Restarted { device } => view.life.restarted(device, fact.id),
            FactKind::SessionDiscarded { device, room } => {
                view.expiries.discarded(device, room, fact.id);
            }
            FactKind::StoreRestored { device, snapshot } => {
                view.life.restored(device, fact.id, snapshot);
                view.doubts.restored(device, snapshot, now);
                let cause = fact.causes.iter().next();
                let begun = cause.and_then(|cause| view.outages.started_by(cause));
                view.rooms.restored(device, (snapshot, begun), now);
                view.identities.restored(device, snapshot, now);
                view.duties.changed(device);
            }
            FactKind::IdentityMade { device, master } => {
                view.identity_made(device, master, now);
            }
            FactKind::IdentityReceived { device, master } => {
                view.identity_received(device, master, now);
            }
            FactKind::IdentityAcknowledged { device, user } => {
                view.identities.accepted(device, user, now);
            }
            FactKind::IdentitySet { user, master } => view.policies.identity_set(user, master),
            FactKind::CrossSigned { device } => view.cross_signed(device, now),
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
                view.query_ended((device, user), query, outcome, now);
                view.doubts.learnt(device, now);
            }
            FactKind::SharingSet { device, share, with_invited } => {
                view.doubts.chose(device, now);
                view.policies.share(device, share, with_invited, fact.id);
                view.expiries.may_replace(device, fact.id);
                view.duties.changed(device);
            }
            FactKind::ReportingSet { device, target, codes, strangers } => {
                view.doubts.learnt(device, now);
                view.policies.report(device, target, (codes, strangers), fact.id);
                view.duties.changed(device);
            }
            FactKind::VerifiedSet { device, target, verified } => {
                view.doubts.chose(device, now);
                view.verified(device, target, verified, now);
                view.expiries.may_replace(device, fact.id);
            }
            FactKind::BlockedSet { device, target, blocked } => {
                view.doubts.chose(device, now);
                if blocked {
                    view.policies.block(device, target, fact.id);
                } else {
                    view.policies.unblock(device, target, fact.id);
                    view.expiries.may_replace(device, fact.id);
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
            FactKind::FallbackKeyUp { device, .. } => view.supply.fallback_up(device, now),
            FactKind::UploadRefused { device } => view.supply.refused(device, fact.id),
            FactKind::ServerRestored { server, snapshot } => {
                let lost = (snapshot, fact.id);
                view.supply.restored(|device| view.cast.server_of(device) == server, lost);
            }
            FactKind::KeyHandedOut { target, key, fallback, .. } => {
                view.supply.handed_out(target, key, fallback, fact.id);
                view.one_time_keys.handed_out(key, fallback, fact.id);
            }
            FactKind::KeyCounts { device, one_time, unused_fallback } => {
                // What the counts come from is recorded after what the answer brought besides.
                let as_of = fact.causes.iter().last();
                let counts = Counts { one_time, unused_fallback, fact: fact.id, as_of };
                view.counts.told(device, counts);
            }
            FactKind::PrivateKeyGone { key, why, .. } => {
                view.one_time_keys.gone(key, why, fact.id);
                view.supply.gone(key);
            }
            FactKind::OlmNew { device, peer, session, direction, .. } => {
                let barred = view.bar(device, peer).is_some();
                let made = Made { session, direction, moment: now, clock: fact.clock, barred };
                view.olm_made(device, peer, made);
            }
            FactKind::OlmDropped { device, peer, session, why } => {
                view.olm.dropped((device, peer), session, (why, now), &view.life);
                view.olm.wrote(device, peer, now, &view.life);
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
                view.expiries.made((device, room), session, (now, fact.clock));
                view.session_made_under(device, room, session);
            }
            FactKind::MegolmEncrypted { device, room, session, index, message } => {
                view.encrypted((device, room), message, (session, index), now);
                view.expiries.used((device, session), index, (now, fact.clock), &view.life);
            }
            FactKind::MessageAccepted { room, message } => {
                view.messages.accepted(message, room, fact.id);
            }
            FactKind::KeyIn { room, session, .. } if view.is_misplaced(session, room) => {}
            FactKind::KeyIn { device, room, session, first, source, .. } => {
                view.key_in(device, (room, session), source);
                view.holdings.taken((device, session), (first, source), now, &view.life);
            }
            FactKind::KeyRefused { device, session, via, .. } => {
                view.holdings.refused(device, session, (fact.id, via));
            }
            FactKind::KeyLost { device, session, why } => {
                view.holdings.lost(device, session, (why, fact.id));
            }
            FactKind::Try { device, message, result } => {
                view.messages.tried(device, message, result, fact.id);
                if matches!(result, TryResult::Decrypted) && view.life.has_crashed(device) {
                    view.messages.read_after_crash(message, device, fact.id);
                }
            }
            FactKind::Put { txn, event_type, .. } => view.transport.put(txn, event_type),
            FactKind::PutTarget { device, txn, recipient, content } => {
                let number = view.sent((device, recipient), txn, content, now);
                view.transport.get_mut(number).targeted += 1;
            }
            FactKind::PutAccepted { txn, .. } => view.put_accepted(txn, fact.id),
            FactKind::Enqueued { message, sender, recipient, txn, event_type, content } => {
                let number = view.stored((sender, recipient), (txn, event_type), content, now);
                view.transport.store(number, message, fact.id);
                // What is in a mailbox was accepted, also where nobody observed its sender.
                view.put_accepted(txn, fact.id);
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

    /// Takes in a fact of history bundles; any other leaves no trace here.
    fn dispatch_bundle(&mut self, fact: &Fact) {
        let bundles = &mut self.view.bundles;
        if let FactKind::InvitedBy { room, user, by } = fact.kind
            && let Observer::Server(server) = fact.observer
        {
            bundles.invited(server, (room, user), by);
        } else if let FactKind::BundleMade { device, room, bundle, recipient, backup } = fact.kind {
            let asked = fact.causes.iter().min();
            let (keys, withheld) = (Vec::new(), Vec::new());
            let fact = fact.id;
            let made = MadeBundle { device, room, recipient, backup, fact, asked, keys, withheld };
            bundles.make(bundle, made);
        } else if let FactKind::BundleKey { bundle, room, session, first, creator, .. } = fact.kind
        {
            bundles.list_key(bundle, BundledKey { room, session, first, creator }, fact.id);
        } else if let FactKind::BundleWithheld { bundle, content, .. } = fact.kind {
            bundles.list_withheld(bundle, content, fact.id);
        } else if let FactKind::BundleOpened { device, bundle, .. } = fact.kind {
            bundles.open(device, bundle, fact.id);
        }
    }

    fn acknowledged(&mut self, message: ToDeviceId, fact: FactId) {
        if let Some(number) = self.view.transport.number(message) {
            self.view.transport.get_mut(number).acknowledged.get_or_insert(fact);
        }
    }
}
