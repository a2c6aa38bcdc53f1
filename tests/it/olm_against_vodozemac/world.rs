//! Devices, sessions and messages that exist twice, once real and once symbolic; every step is done to both and compared.
//! It does not know which steps come in which order.

use std::collections::BTreeMap;

use vodozemac::olm::{
    Account, DecryptionError, Message, OlmMessage, PreKeyMessage, Session, SessionConfig,
    SessionCreationError, SessionKeys as RealKeys,
};
use vodozemac::{Curve25519PublicKey, base64_encode};
use withheld::ids::{DeviceId, KeyValue, MegolmSessionId, RoomId};
use withheld::protocol::entropy::Entropy;
use withheld::protocol::olm::{OlmAccount, OlmError, OlmSession};
use withheld::protocol::to_device::{
    OlmCiphertext, OlmEvent, OlmPayload, RoomKey, SenderKeys, SharedHistory,
};

/// How many devices there are.
pub(crate) const DEVICES: usize = 3;

/// How often each outcome came up, so that no comparison passes for want of cases.
pub(crate) type Reached = BTreeMap<&'static str, u32>;

/// One step. Numbers are taken modulo what there is; lists are counted from the newest entry.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    Generate {
        device: usize,
        count: usize,
    },
    Fallback {
        device: usize,
    },
    Forget {
        device: usize,
    },
    Publish {
        device: usize,
    },
    Remove {
        device: usize,
        key: usize,
    },
    SaveAccount {
        device: usize,
    },
    RollBackAccount {
        device: usize,
        pick: usize,
    },
    Start {
        from: usize,
        to: usize,
        key: usize,
    },
    Encrypt {
        end: usize,
    },
    /// Many messages in a row, so that chains run ahead by more than the skipped keys that are kept.
    Burst {
        end: usize,
        count: usize,
    },
    Fork {
        end: usize,
    },
    Damage {
        letter: usize,
        damage: Damage,
    },
    /// The oldest or a later letter that was never delivered.
    Deliver {
        waiting: usize,
    },
    /// Any letter, delivered before or not.
    Redeliver {
        letter: usize,
    },
    Misdeliver {
        letter: usize,
        end: usize,
    },
    CreateAnyway {
        letter: usize,
        device: usize,
        identity: usize,
    },
}

/// What is done to a copy of a message.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Damage {
    Mac,
    RatchetKey,
    Index(u8),
    /// The inner message stays; the pre-key part around it is that of another session.
    PreKey(usize),
    /// Of the pre-key part only the one-time key is another; nothing if there is no such part.
    OneTimeKey(usize),
}

/// A device on both sides of the comparison, with every key it ever published and its saved accounts.
pub(crate) struct Device {
    pub(crate) real: Account,
    pub(crate) model: OlmAccount,
    pub(crate) keys: Vec<(Curve25519PublicKey, KeyValue)>,
    pub(crate) saved: Vec<(Account, OlmAccount)>,
}

/// One end of a session.
pub(crate) struct End {
    pub(crate) owner: usize,
    pub(crate) real: Session,
    pub(crate) model: OlmSession,
}

/// A message that was written; it can be delivered any number of times.
#[derive(Clone)]
pub(crate) struct Letter {
    pub(crate) to: usize,
    pub(crate) delivered: bool,
    pub(crate) real: OlmMessage,
    pub(crate) model: OlmCiphertext,
}

pub(crate) struct World {
    pub(crate) devices: Vec<Device>,
    pub(crate) ends: Vec<End>,
    pub(crate) letters: Vec<Letter>,
    pub(crate) entropy: Entropy,
    /// Real ratchet keys by their symbolic numbers, and the reverse: two are equal exactly when the others are.
    pub(crate) ratchet_keys: (BTreeMap<u32, [u8; 32]>, BTreeMap<[u8; 32], u32>),
    pub(crate) reached: Reached,
}

pub(crate) fn device(index: usize) -> DeviceId {
    DeviceId::at(index)
}

fn payload(number: usize, to: usize) -> OlmPayload {
    let key = RoomKey {
        room: RoomId::new(0),
        session: MegolmSessionId::at(number),
        first: 0,
        shared_history: SharedHistory::No,
    };
    OlmPayload {
        recipient: device(to),
        sender_keys: SenderKeys::Agree,
        event: OlmEvent::RoomKey(key),
    }
}

fn copy_account(account: &Account) -> Account {
    Account::from_pickle(account.pickle())
}

fn inner(message: &OlmMessage) -> &Message {
    match message {
        OlmMessage::Normal(message) => message,
        OlmMessage::PreKey(message) => message.message(),
    }
}

/// The `pick`th entry of a list of `len`, from its end.
pub(crate) fn from_end(len: usize, pick: usize) -> Option<usize> {
    (len > 0).then(|| len - 1 - pick % len)
}

/// The name of a failure, in words that both sides share.
fn model_name(error: OlmError) -> &'static str {
    match error {
        OlmError::NoSession => "no session",
        OlmError::MissingKey(_) => "missing one-time key",
        OlmError::MissingMessageKey => "missing message key",
        OlmError::TooBigGap(_) => "gap too big",
        OlmError::BadMac => "bad mac",
        OlmError::MismatchedIdentity { .. } => "mismatched identity",
    }
}

fn real_name(error: &DecryptionError) -> &'static str {
    match error {
        DecryptionError::InvalidMAC(_) => "bad mac",
        DecryptionError::MissingMessageKey(_) => "missing message key",
        DecryptionError::TooBigMessageGap(..) => "gap too big",
        DecryptionError::InvalidMACLength(..)
        | DecryptionError::InvalidPadding(_)
        | DecryptionError::NonContributoryKey => "out of the model",
    }
}

fn real_creation_name(error: &SessionCreationError) -> &'static str {
    match error {
        SessionCreationError::MissingOneTimeKey(_) => "missing one-time key",
        SessionCreationError::MismatchedIdentityKey(..) => "mismatched identity",
        SessionCreationError::Decryption(error) => real_name(error),
        SessionCreationError::MismatchedSessionConfig { .. }
        | SessionCreationError::NonContributoryKey => "out of the model",
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let devices = (0..DEVICES).map(|index| Device {
            real: Account::new(),
            model: OlmAccount::new(device(index)),
            keys: Vec::new(),
            saved: Vec::new(),
        });
        let mut world = Self {
            devices: devices.collect(),
            ends: Vec::new(),
            letters: Vec::new(),
            entropy: Entropy::default(),
            ratchet_keys: (BTreeMap::new(), BTreeMap::new()),
            reached: Reached::new(),
        };
        for index in 0..DEVICES {
            world.generate(index, 2);
            world.fallback(index);
            world.step(&Op::SaveAccount { device: index });
        }
        world.start(0, 1, 0);
        world
    }

    fn note(&mut self, what: &'static str) {
        *self.reached.entry(what).or_default() += 1;
    }

    pub(crate) fn step(&mut self, op: &Op) {
        match *op {
            Op::Generate { device, count } => self.generate(device, count),
            Op::Fallback { device } => self.fallback(device),
            Op::Forget { device } => {
                let device = &mut self.devices[device];
                assert_eq!(device.model.forget_fallback(), device.real.forget_fallback_key());
            }
            Op::Publish { device } => {
                let device = &mut self.devices[device];
                device.model.mark_published();
                device.real.mark_keys_as_published();
            }
            Op::Remove { device, key } => self.remove(device, key),
            Op::SaveAccount { device } => {
                let device = &mut self.devices[device];
                device.saved.push((copy_account(&device.real), device.model.clone()));
            }
            Op::RollBackAccount { device, pick } => self.roll_back_account(device, pick),
            Op::Start { from, to, key } => self.start(from, to, key),
            Op::Encrypt { end } => self.encrypt(end),
            Op::Burst { end, count } => (0..count).for_each(|_| self.encrypt(end)),
            Op::Fork { end } => self.fork(end),
            Op::Damage { letter, damage } => self.damage(letter, damage),
            Op::Deliver { waiting } => {
                let waits = |(_, letter): &(usize, &Letter)| !letter.delivered;
                let waiting = self.letters.iter().enumerate().filter(waits).nth(waiting);
                if let Some((letter, _)) = waiting {
                    self.deliver(letter);
                }
            }
            Op::Redeliver { letter } => {
                if let Some(letter) = from_end(self.letters.len(), letter) {
                    self.deliver(letter);
                }
            }
            Op::Misdeliver { letter, end } => {
                if let (Some(letter), Some(end)) =
                    (from_end(self.letters.len(), letter), from_end(self.ends.len(), end))
                {
                    self.decrypt(letter, end);
                }
            }
            Op::CreateAnyway { letter, device, identity } => {
                if let Some(letter) = from_end(self.letters.len(), letter) {
                    self.create_inbound(letter, device, identity);
                }
            }
        }
        for device in &self.devices {
            device.compare();
        }
    }

    fn generate(&mut self, index: usize, count: usize) {
        let device = &mut self.devices[index];
        let real = device.real.generate_one_time_keys(count);
        assert!(real.removed.is_empty());
        let model = device.model.generate(count, &mut self.entropy);
        device.keys.extend(real.created.into_iter().zip(model.into_iter().map(|(_, key)| key)));
    }

    fn fallback(&mut self, index: usize) {
        let device = &mut self.devices[index];
        device.real.generate_fallback_key();
        let real = device.real.fallback_key().into_values().next().expect("it was just made");
        let (_, model) = device.model.generate_fallback(&mut self.entropy);
        device.keys.push((real, model));
    }

    fn remove(&mut self, index: usize, key: usize) {
        let device = &mut self.devices[index];
        if let Some(key) = from_end(device.keys.len(), key) {
            let (real, model) = device.keys[key];
            let removed = device.real.remove_one_time_key(real);
            assert_eq!(device.model.remove_one_time_key(model), removed.is_some());
        }
    }

    fn roll_back_account(&mut self, index: usize, pick: usize) {
        let device = &mut self.devices[index];
        if let Some(pick) = from_end(device.saved.len(), pick) {
            let (real, model) = &device.saved[pick];
            (device.real, device.model) = (copy_account(real), model.clone());
            self.note("account rolled back");
        }
    }

    fn start(&mut self, from: usize, to: usize, key: usize) {
        let Some(key) = from_end(self.devices[to].keys.len(), key) else { return };
        let (real_key, model_key) = self.devices[to].keys[key];
        let identity = self.devices[to].real.curve25519_key();
        let real = self.devices[from]
            .real
            .create_outbound_session(SessionConfig::version_1(), identity, real_key)
            .expect("generated keys contribute");
        let model =
            self.devices[from].model.create_outbound(device(to), model_key, &mut self.entropy);
        self.ends.push(End { owner: from, real, model });
    }

    pub(crate) fn encrypt(&mut self, pick: usize) {
        let Some(pick) = from_end(self.ends.len(), pick) else { return };
        let number = self.letters.len();
        let end = &mut self.ends[pick];
        let to = end.model.peer().index();
        let real = end.real.encrypt(number.to_string()).expect("generated keys contribute");
        let model = end.model.encrypt(payload(number, to), &mut self.entropy);
        assert_eq!(model.pre_key.is_some(), matches!(real, OlmMessage::PreKey(_)));
        assert_eq!(u64::from(model.index), inner(&real).chain_index());
        assert_eq!(model.sender_key, device(end.owner));
        assert_eq!(model.session, end.model.id());
        self.same_ratchet_key(model.ratchet_key, inner(&real).ratchet_key());
        self.letters.push(Letter { to, delivered: false, real, model });
    }

    fn same_ratchet_key(&mut self, model: u32, real: Curve25519PublicKey) {
        let real = real.to_bytes();
        assert_eq!(*self.ratchet_keys.0.entry(model).or_insert(real), real);
        assert_eq!(*self.ratchet_keys.1.entry(real).or_insert(model), model);
    }

    fn fork(&mut self, pick: usize) {
        if let Some(pick) = from_end(self.ends.len(), pick) {
            let End { owner, ref real, ref model } = self.ends[pick];
            let copy =
                End { owner, real: Session::from_pickle(real.pickle()), model: model.clone() };
            self.ends.push(copy);
        }
    }

    fn damage(&mut self, pick: usize, damage: Damage) {
        let Some(pick) = from_end(self.letters.len(), pick) else { return };
        let Letter { to, ref real, mut model, .. } = self.letters[pick];
        let mut bytes = inner(real).to_bytes();
        let mut keys = match real {
            OlmMessage::Normal(_) => None,
            OlmMessage::PreKey(message) => Some(message.session_keys()),
        };
        match damage {
            Damage::Mac => {
                *bytes.last_mut().expect("a message is not empty") ^= 1;
                model.mac ^= 1;
            }
            Damage::RatchetKey => {
                // The header is a version byte, a tag, a length, the 32 bytes of the key, a tag, and the index.
                let key = Account::new().curve25519_key();
                bytes[3..35].copy_from_slice(key.as_bytes());
                model.ratchet_key = self.entropy.ratchet_key();
                self.same_ratchet_key(model.ratchet_key, key);
            }
            Damage::Index(index) => {
                if model.index < 128 {
                    bytes[36] = index;
                    model.index = index.into();
                }
            }
            Damage::PreKey(end) => {
                let end =
                    from_end(self.ends.len(), end).expect("there is a session from the start");
                let other = &self.ends[end];
                keys = Some(other.real.session_keys());
                model.sender_key = other.model.keys().identity;
                model.session = other.model.keys().base;
                model.pre_key = Some(other.model.keys().one_time);
            }
            Damage::OneTimeKey(key) => {
                let published = &self.devices[to].keys;
                let key = from_end(published.len(), key).expect("every device has a fallback key");
                if let (Some(keys), (real, value)) = (&mut keys, published[key]) {
                    keys.one_time_key = real;
                    model.pre_key = Some(value);
                }
            }
        }
        let message = Message::from_bytes(&bytes).expect("the form was kept");
        let real = keys.map_or_else(
            || OlmMessage::Normal(message.clone()),
            |keys: RealKeys| OlmMessage::PreKey(PreKeyMessage::wrap(keys, message.clone())),
        );
        self.letters.push(Letter { to, delivered: false, real, model });
    }

    /// Delivers as a client would: to the session that a pre-key message names, else to a new one; a normal message
    /// to every session with its sender until one decrypts it.
    pub(crate) fn deliver(&mut self, letter: usize) {
        self.letters[letter].delivered = true;
        let Letter { to, ref real, ref model, .. } = self.letters[letter];
        let sender = model.sender_key;
        let mut fitting = Vec::new();
        for (index, end) in self.ends.iter().enumerate() {
            let named = match real {
                OlmMessage::Normal(_) => None,
                OlmMessage::PreKey(message) => {
                    Some(message.session_keys() == end.real.session_keys())
                }
            };
            assert_eq!(end.model.matches_pre_key(model), named == Some(true));
            if end.owner == to && named.unwrap_or(end.model.peer() == sender) {
                fitting.push(index);
            }
        }
        if fitting.is_empty() && model.pre_key.is_some() {
            self.create_inbound(letter, to, sender.index());
        } else {
            fitting.into_iter().rev().any(|end| self.decrypt(letter, end));
        }
    }

    /// Decrypts at one end, compares, and tells whether it worked.
    pub(crate) fn decrypt(&mut self, letter: usize, end: usize) -> bool {
        let Letter { ref real, ref model, .. } = self.letters[letter];
        let End { real: real_end, model: model_end, .. } = &mut self.ends[end];
        let before = model_end.clone();
        let real = real_end.decrypt(real);
        let modelled = model_end.decrypt(model, &mut self.entropy);
        assert_eq!(model_end.has_received_message(), real_end.has_received_message());
        let outcome = match (&real, &modelled) {
            (Ok(text), Ok(payload)) => {
                assert_eq!(number_of(payload), *text);
                "decrypted"
            }
            (Err(real), Err(model)) => {
                assert_eq!(model_name(*model), real_name(real));
                real_name(real)
            }
            (Ok(_), Err(error)) => panic!("really decrypted, but in the model: {error}"),
            (Err(error), Ok(_)) => panic!("decrypted in the model, but really: {error}"),
        };
        let stepped = real.is_err() && *model_end != before;
        self.note(outcome);
        if stepped {
            self.note("failed, and began a chain");
        }
        real.is_ok()
    }

    fn create_inbound(&mut self, letter: usize, at: usize, identity: usize) {
        let Letter { ref real, ref model, .. } = self.letters[letter];
        let their_identity = self.devices[identity].real.curve25519_key();
        let Device { real: real_account, model: model_account, keys, .. } = &mut self.devices[at];
        let before = model_account.clone();
        let modelled = model_account.create_inbound(model, device(identity));
        let OlmMessage::PreKey(message) = real else {
            assert_eq!(modelled.map(|_| ()), Err(OlmError::NoSession));
            return;
        };
        let config = SessionConfig::version_1();
        let real = real_account.create_inbound_session(config, their_identity, message);
        let outcome = match (real, modelled) {
            (Ok(real), Ok(model)) => {
                assert_eq!(number_of(&model.payload), real.plaintext);
                assert!(model.session.has_received_message());
                assert_eq!(model.session.peer(), device(identity));
                let gone = before.one_time_key_count() - model_account.one_time_key_count();
                assert_eq!(model.used.is_some(), gone == 1);
                let used_twice = keys.iter().filter(|(key, _)| *key == message.one_time_key());
                assert!(
                    used_twice.clone().all(|(_, key)| model.used.is_none_or(|used| used == *key))
                );
                let outcome = if gone == 1 {
                    "created on a one-time key"
                } else {
                    "created on a fallback key"
                };
                self.ends.push(End { owner: at, real: real.session, model: model.session });
                outcome
            }
            (Err(real), Err(model)) => {
                assert_eq!(model_name(model), real_creation_name(&real));
                assert_eq!(before, *model_account, "a failure leaves the account alone");
                real_creation_name(&real)
            }
            (Ok(_), Err(error)) => panic!("really created, but in the model: {error}"),
            (Err(error), Ok(_)) => panic!("created in the model, but really: {error}"),
        };
        self.note(outcome);
    }
}

/// The plaintext that goes with a payload of the model.
fn number_of(payload: &OlmPayload) -> Vec<u8> {
    let OlmEvent::RoomKey(key) = payload.event else { panic!("only room keys are sent") };
    key.session.index().to_string().into_bytes()
}

impl Device {
    /// Both accounts hold and offer the same keys under the same ids.
    fn compare(&self) {
        assert_eq!(self.model.one_time_key_count(), self.real.stored_one_time_key_count());
        let real_value =
            |value| self.keys.iter().find(|(_, model)| *model == value).map(|key| key.0);
        let named = |(id, value): (u32, KeyValue)| {
            (base64_encode(u64::from(id).to_be_bytes()), real_value(value))
        };
        let model: BTreeMap<_, _> = self.model.unpublished().map(named).collect();
        let real = self.real.one_time_keys().into_iter();
        assert_eq!(model, real.map(|(id, key)| (id.to_base64(), Some(key))).collect());
        let real = self.real.fallback_key().into_iter().next();
        assert_eq!(
            self.model.unpublished_fallback().map(named),
            real.map(|(id, key)| (id.to_base64(), Some(key)))
        );
    }
}
