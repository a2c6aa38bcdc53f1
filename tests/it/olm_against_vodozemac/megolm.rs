//! The symbolic Megolm against the real library: the same generated steps are done to both, and every outcome must agree.
//! It does not know Olm.

use std::cmp::Ordering;
use std::sync::Mutex;

use proptest::prelude::{Strategy, any, prop_oneof};
use vodozemac::megolm::{
    DecryptionError, GroupSession, InboundGroupSession, MegolmMessage, SessionConfig,
    SessionOrdering,
};
use withheld::protocol::entropy::Entropy;
use withheld::protocol::megolm::{InboundSession, MegolmError, OutboundSession};
use withheld::protocol::to_device::MegolmCiphertext;

use super::world::{Reached, from_end};
use super::{runner, sequences};

/// One step. Numbers are taken modulo what there is; lists are counted from the newest entry.
#[derive(Debug, Clone)]
enum Op {
    Start,
    Encrypt {
        session: usize,
        count: usize,
    },
    /// The store of the sender goes back to what it is now, later.
    Fork {
        session: usize,
    },
    /// The key as it stands, given to somebody.
    Share {
        session: usize,
    },
    Decrypt {
        copy: usize,
        message: usize,
    },
    Damage {
        message: usize,
        in_signature: bool,
    },
    /// A copy from an index on, exported and imported again.
    Export {
        copy: usize,
        index: u32,
    },
    Advance {
        copy: usize,
        index: u32,
    },
    /// A copy takes the place of another if it is better.
    Improve {
        copy: usize,
        other: usize,
    },
    Save {
        copy: usize,
    },
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        1 => any::<()>().prop_map(|()| Op::Start),
        8 => (0_usize..4, 1_usize..6).prop_map(|(session, count)| Op::Encrypt { session, count }),
        2 => (0_usize..4).prop_map(|session| Op::Fork { session }),
        4 => (0_usize..4).prop_map(|session| Op::Share { session }),
        30 => (0_usize..8, 0_usize..24).prop_map(|(copy, message)| Op::Decrypt { copy, message }),
        2 => (0_usize..8, any::<bool>())
            .prop_map(|(message, in_signature)| Op::Damage { message, in_signature }),
        4 => (0_usize..8, 0_u32..20).prop_map(|(copy, index)| Op::Export { copy, index }),
        3 => (0_usize..8, 0_u32..20).prop_map(|(copy, index)| Op::Advance { copy, index }),
        4 => (0_usize..8, 0_usize..8).prop_map(|(copy, other)| Op::Improve { copy, other }),
        2 => (0_usize..8).prop_map(|copy| Op::Save { copy }),
    ];
    proptest::collection::vec(op, 1..80)
}

#[derive(Default)]
struct World {
    entropy: Entropy,
    outbound: Vec<(GroupSession, OutboundSession)>,
    inbound: Vec<(InboundGroupSession, InboundSession)>,
    messages: Vec<(MegolmMessage, MegolmCiphertext)>,
    reached: Reached,
}

fn config() -> SessionConfig {
    SessionConfig::version_1()
}

impl World {
    fn note(&mut self, what: &'static str) {
        *self.reached.entry(what).or_default() += 1;
    }

    fn keep(&mut self, real: InboundGroupSession, model: InboundSession) {
        assert_eq!(real.first_known_index(), model.first_known_index());
        self.inbound.push((real, model));
    }

    fn step(&mut self, op: &Op) {
        match *op {
            Op::Start => {
                let real = GroupSession::new(config());
                self.outbound.push((real, OutboundSession::new(&mut self.entropy)));
            }
            Op::Encrypt { session, count } => (0..count).for_each(|_| self.encrypt(session)),
            Op::Fork { session } => {
                let Some(pick) = from_end(self.outbound.len(), session) else { return };
                let (real, model) = &self.outbound[pick];
                let copy = (GroupSession::from_pickle(real.pickle()), model.clone());
                self.outbound.push(copy);
            }
            Op::Share { session } => {
                let Some(pick) = from_end(self.outbound.len(), session) else { return };
                let (real, model) = &self.outbound[pick];
                let key = InboundGroupSession::new(&real.session_key(), config());
                let copy = model.session_key();
                self.keep(key, copy);
            }
            Op::Decrypt { copy, message } => self.decrypt(copy, message),
            Op::Damage { message, in_signature } => self.damage(message, in_signature),
            Op::Export { copy, index } => {
                let Some(pick) = from_end(self.inbound.len(), copy) else { return };
                let (real, model) = &mut self.inbound[pick];
                let (real, model) = (real.export_at(index), model.export_at(index));
                assert_eq!(real.is_some(), model.is_some(), "at {index}");
                if let (Some(real), Some(model)) = (real, model) {
                    self.note("exported");
                    self.keep(InboundGroupSession::import(&real, config()), model);
                } else {
                    self.note("not exported: too early");
                }
            }
            Op::Advance { copy, index } => {
                let Some(pick) = from_end(self.inbound.len(), copy) else { return };
                let (real, model) = &mut self.inbound[pick];
                let forgets = real.advance_to(index);
                assert_eq!(forgets, model.advance_to(index), "to {index}");
                assert_eq!(real.first_known_index(), model.first_known_index());
                self.note(if forgets { "advanced" } else { "not advanced" });
            }
            Op::Improve { copy, other } => self.improve(copy, other),
            Op::Save { copy } => {
                let Some(pick) = from_end(self.inbound.len(), copy) else { return };
                let (real, model) = &self.inbound[pick];
                let copy = (InboundGroupSession::from_pickle(real.pickle()), *model);
                self.inbound.push(copy);
            }
        }
    }

    fn encrypt(&mut self, session: usize) {
        let Some(pick) = from_end(self.outbound.len(), session) else { return };
        let number = self.messages.len().to_string();
        let (real, model) = &mut self.outbound[pick];
        let (real, model) = (real.encrypt(number), model.encrypt());
        assert_eq!(real.message_index(), model.index);
        let earlier = self.messages.iter();
        let same = |(_, earlier): &&(_, MegolmCiphertext)| *earlier == model;
        if earlier.filter(same).count() > 0 {
            self.note("an index used again");
        }
        self.messages.push((real, model));
    }

    fn damage(&mut self, message: usize, in_signature: bool) {
        let Some(pick) = from_end(self.messages.len(), message) else { return };
        let (real, model) = &self.messages[pick];
        if !model.intact {
            // The same damage twice would be none.
            return;
        }
        let mut bytes = real.to_bytes();
        // The signature is the last 64 bytes; what stands before it is signed.
        let place = if in_signature { bytes.len() - 20 } else { bytes.len() - 70 };
        bytes[place] ^= 1;
        if let Ok(real) = MegolmMessage::from_bytes(&bytes) {
            self.messages.push((real, MegolmCiphertext { intact: false, ..*model }));
        }
    }

    fn decrypt(&mut self, copy: usize, message: usize) {
        let Some(copy) = from_end(self.inbound.len(), copy) else { return };
        let Some(message) = from_end(self.messages.len(), message) else { return };
        let (sent, cipher) = &self.messages[message];
        let (real, model) = &mut self.inbound[copy];
        let before = *model;
        match (real.decrypt(sent), model.decrypt(cipher)) {
            (Ok(real), Ok(index)) => {
                assert_eq!(real.message_index, index);
                self.note("decrypted");
            }
            (Err(DecryptionError::Signature(_)), Err(MegolmError::BadSignature)) => {
                self.note("bad signature");
            }
            (
                Err(DecryptionError::UnknownMessageIndex(first, got)),
                Err(MegolmError::UnknownIndex { first: known, got: index }),
            ) => {
                assert_eq!((first, got), (known, index));
                self.note("unknown index");
            }
            (real, model) => panic!("real {real:?}, model {model:?}"),
        }
        assert_eq!(self.inbound[copy].1, before, "decrypting changes nothing");
    }

    fn improve(&mut self, copy: usize, other: usize) {
        let (Some(copy), Some(other)) =
            (from_end(self.inbound.len(), copy), from_end(self.inbound.len(), other))
        else {
            return;
        };
        let (real, model) = &self.inbound[other];
        let (mut other_real, other_model) =
            (InboundGroupSession::from_pickle(real.pickle()), *model);
        let (real, model) = &mut self.inbound[copy];
        let order = match real.compare(&mut other_real) {
            SessionOrdering::Equal => Some(Ordering::Equal),
            SessionOrdering::Better => Some(Ordering::Greater),
            SessionOrdering::Worse => Some(Ordering::Less),
            SessionOrdering::Unconnected => None,
        };
        assert_eq!(order, model.compare(&other_model));
        let better = order == Some(Ordering::Less);
        assert_eq!(model.improve(&other_model), better);
        if better {
            *real = other_real;
        }
        let first = (real.first_known_index(), model.first_known_index());
        assert_eq!(first.0, first.1);
        self.note(match order {
            Some(Ordering::Less) => "improved",
            Some(Ordering::Equal | Ordering::Greater) => "not improved",
            None => "of another session",
        });
    }
}

fn compare(sequences: u32) -> Reached {
    let reached = Mutex::new(Reached::new());
    let result = runner(sequences).run(&ops(), |ops| {
        let mut world = World::default();
        world.step(&Op::Start);
        world.step(&Op::Share { session: 0 });
        ops.iter().for_each(|op| world.step(op));
        let mut reached = reached.lock().expect("a failing sequence does not hold the lock");
        for (what, count) in world.reached {
            *reached.entry(what).or_default() += count;
        }
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
    reached.into_inner().expect("no sequence failed")
}

fn check(sequences: u32) {
    let reached = compare(sequences);
    for what in [
        "decrypted",
        "bad signature",
        "unknown index",
        "an index used again",
        "exported",
        "not exported: too early",
        "advanced",
        "not advanced",
        "improved",
        "not improved",
        "of another session",
    ] {
        let count = reached.get(what).copied().unwrap_or(0);
        assert!(count >= sequences / 10, "{what}: only {count} times; all: {reached:?}");
    }
}

#[test]
fn the_symbolic_megolm_and_the_real_one_agree_on_generated_sequences() {
    check(sequences());
}
