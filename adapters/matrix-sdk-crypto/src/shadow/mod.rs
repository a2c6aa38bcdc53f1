//! A client that has symbols in a room with clients that have keys: the reference client decides everything, and its shadow makes what
//! it writes real for devices that are, and tells it in symbols what these have written.
//! It does not know what any message is for.
//!
//! What one device with symbols sends another stays as it is. What real keys cannot read is handed on so that symbols cannot read it
//! either; whether they can read what real keys can is for the client to say.

mod ends;
mod identity;
mod letters;

use std::collections::BTreeMap;

use vodozemac::olm::Account;
use withheld::client::reference::{Reference, Store};
use withheld::client::{Client, Context, Input, Out};
use withheld::ids::{DeviceId, KeyValue};
use withheld::protocol::api::{Request, Response, SyncResponse, ToDevicePut};
use withheld::protocol::entropy::Entropy;
use withheld::protocol::to_device::{KeyRequestAction, OlmEvent, ToDeviceBody};
use withheld::protocol::withheld::Field;

use crate::device::Surroundings;
use crate::lockstep;

use self::ends::{Ends, KeptEnds};

/// A device with the reference client, and the real keys behind its symbols.
#[derive(Debug)]
pub struct Shadow {
    me: DeviceId,
    client: Reference,
    around: Surroundings,
    hand: Hand,
    ends: Ends,
}

/// Private keys, which stand behind symbols for ever: whether the client still has one is for the client to say.
#[derive(Debug)]
struct Hand {
    /// The account without one-time keys.
    account: String,
    /// The account with one key, by that key.
    keys: BTreeMap<KeyValue, String>,
}

/// What survives a restart.
#[derive(Debug, Clone)]
pub struct Kept {
    store: Store,
    ends: KeptEnds,
}

/// An account out of its pickle.
fn account(pickle: &str) -> Account {
    let pickle = serde_json::from_str(pickle).expect("it was written here");
    Account::from_pickle(pickle)
}

/// An account as text.
fn pickled(account: &Account) -> String {
    serde_json::to_string(&account.pickle()).expect("a pickle can be written")
}

impl Shadow {
    /// A device with this client.
    ///
    /// # Panics
    /// Never: an account that was just made can be written and read.
    #[must_use]
    pub fn new(me: DeviceId, client: Reference, around: Surroundings) -> Self {
        around.wire.borrow_mut().is_symbolic(me);
        let hand = Hand { account: pickled(&Account::new()), keys: BTreeMap::new() };
        Self { me, client, around, hand, ends: Ends::default() }
    }

    /// A sync answer as the client sees it: with symbols in the place of what real devices wrote.
    fn in_symbols(&mut self, sync: &SyncResponse, entropy: &mut Entropy) -> SyncResponse {
        let mut sync = sync.clone();
        for (_, message, _) in &mut sync.to_device {
            if let ToDeviceBody::Olm(ciphertext) = message.body
                && !self.around.wire.borrow().has_symbols(message.sender)
            {
                message.body = ToDeviceBody::Olm(self.read(&ciphertext, entropy));
            }
        }
        sync
    }

    /// Makes what a request carries real.
    fn make_real(&mut self, request: &Request) {
        match request {
            Request::UploadKeys(upload) => self.publish(upload),
            Request::UploadSigningKeys(keys) => self.publish_identity(*keys),
            Request::UploadSignature(signature) => self.publish_signature(*signature),
            Request::SendToDevice(put) => self.make_put_real(put),
            Request::SendMessage(put) => self.make_message_real(put),
            Request::Logout => self.around.wire.borrow_mut().log_out(self.me),
            Request::QueryKeys(_)
            | Request::ClaimKeys(_)
            | Request::KeyChanges(_)
            | Request::SendState { .. }
            | Request::Members(_)
            | Request::Sync(_)
            | Request::PutBackup(_)
            | Request::GetBackup => {}
        }
    }

    fn make_put_real(&mut self, put: &ToDevicePut) {
        for (recipient, body) in &put.messages {
            let session = match body {
                ToDeviceBody::Olm(ciphertext) => {
                    self.speak_of(&ciphertext.payload.event);
                    if !self.around.wire.borrow().has_symbols(*recipient) {
                        self.write(*recipient, ciphertext);
                    }
                    continue;
                }
                ToDeviceBody::Withheld(notice) => match notice.session_id {
                    Field::Is(session) => session,
                    Field::Absent | Field::NotAString | Field::Other(_) => continue,
                },
                ToDeviceBody::KeyRequest(request) => match request.action {
                    KeyRequestAction::Request { session, .. } => session,
                    KeyRequestAction::Cancel => continue,
                },
                ToDeviceBody::Clear(event) => {
                    self.speak_of(event);
                    continue;
                }
            };
            self.around.wire.borrow_mut().room_keys.speaks_of(session, self.me);
        }
    }

    fn speak_of(&self, event: &OlmEvent) {
        let session = match event {
            OlmEvent::RoomKey(key) => key.session,
            OlmEvent::ForwardedRoomKey(forwarded) => forwarded.key.session,
            OlmEvent::Withheld(notice) => match notice.session_id {
                Field::Is(session) => session,
                Field::Absent | Field::NotAString | Field::Other(_) => return,
            },
            OlmEvent::Dummy { .. } | OlmEvent::RoomKeyBundle(_) => return,
        };
        self.around.wire.borrow_mut().room_keys.speaks_of(session, self.me);
    }

    fn kept(&self, store: Store) -> Kept {
        Kept { store, ends: self.ends.kept() }
    }
}

impl Client for Shadow {
    type Durable = Kept;

    fn handle(&mut self, input: &Input<'_>, context: &mut Context<'_>, out: &mut Out<Kept>) {
        lockstep::set_clock(context.clock);
        let translated = match *input {
            Input::Answer(number, Ok(Response::Sync(sync))) => {
                let sync = self.in_symbols(sync, context.entropy);
                Some((number, Response::Sync(Box::new(sync))))
            }
            Input::Answer(..)
            | Input::Command(_)
            | Input::Wake
            | Input::NetworkBack
            | Input::Restarted => None,
        };
        let input = translated
            .as_ref()
            .map_or(*input, |(number, response)| Input::Answer(*number, Ok(response)));
        let this = std::cell::RefCell::new(self);
        out.of_inner(
            |store| this.borrow().kept(store),
            |inner| {
                let mut this = this.borrow_mut();
                this.client.handle(&input, context, inner);
                for request in inner.requests() {
                    this.make_real(request);
                }
                // Real sessions move on as a request leaves: that must be kept before it does.
                if this.ends.take_changed() {
                    let client = &this.client;
                    inner.persist(|| client.snapshot());
                }
            },
        );
    }

    fn snapshot(&self) -> Kept {
        self.kept(self.client.snapshot())
    }

    fn restore(&mut self, durable: Kept) {
        self.ends = Ends::of(&durable.ends);
        self.client.restore(durable.store);
    }
}
