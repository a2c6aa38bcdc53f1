//! The symbolic Olm against the real library: the same generated steps are done to both, and every outcome must agree.
//! The steps are those of a hostile world: loss, reordering, repetition, damage, stores rolled back, keys used again.

mod megolm;
mod world;

use std::sync::Mutex;

use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use vodozemac::olm::Account;
use withheld::protocol::entropy::Entropy;
use withheld::protocol::olm::{MAX_ONE_TIME_KEYS, OlmAccount};

use self::world::{DEVICES, Damage, Device, Op, Reached, World, device};

/// How many generated sequences are compared: as many as `WITHHELD_SEQUENCES` says when this is built.
fn sequences() -> u32 {
    const USUAL: u32 = 1_500;
    let wanted = option_env!("WITHHELD_SEQUENCES");
    wanted.map_or(USUAL, |wanted| wanted.parse().expect("WITHHELD_SEQUENCES is a number"))
}

fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let any_device = 0..DEVICES;
    let damage = prop_oneof![
        Just(Damage::Mac),
        Just(Damage::RatchetKey),
        (0_u8..128).prop_map(Damage::Index),
        (0_usize..8).prop_map(Damage::PreKey),
        (0_usize..4).prop_map(Damage::OneTimeKey),
    ];
    let op = prop_oneof![
        2 => (any_device.clone(), 1_usize..3).prop_map(|(device, count)| Op::Generate { device, count }),
        1 => any_device.clone().prop_map(|device| Op::Fallback { device }),
        1 => any_device.clone().prop_map(|device| Op::Forget { device }),
        1 => any_device.clone().prop_map(|device| Op::Publish { device }),
        1 => (any_device.clone(), 0_usize..4).prop_map(|(device, key)| Op::Remove { device, key }),
        1 => any_device.clone().prop_map(|device| Op::SaveAccount { device }),
        1 => (any_device.clone(), 0_usize..3)
            .prop_map(|(device, pick)| Op::RollBackAccount { device, pick }),
        3 => (any_device.clone(), 1..DEVICES, 0_usize..6)
            .prop_map(|(from, away, key)| Op::Start { from, to: (from + away) % DEVICES, key }),
        30 => (0_usize..6).prop_map(|end| Op::Encrypt { end }),
        1 => (0_usize..6, 10_usize..60).prop_map(|(end, count)| Op::Burst { end, count }),
        3 => (0_usize..6).prop_map(|end| Op::Fork { end }),
        3 => (0_usize..10, damage).prop_map(|(letter, damage)| Op::Damage { letter, damage }),
        40 => (0_usize..4).prop_map(|waiting| Op::Deliver { waiting }),
        5 => (0_usize..60).prop_map(|letter| Op::Redeliver { letter }),
        4 => (0_usize..12, 0_usize..8).prop_map(|(letter, end)| Op::Misdeliver { letter, end }),
        2 => (0_usize..12, any_device.clone(), any_device)
            .prop_map(|(letter, device, identity)| Op::CreateAnyway { letter, device, identity }),
    ];
    proptest::collection::vec(op, 1..100)
}

/// A world with one established session: its outbound end at device 0, its inbound end at device 1.
fn established() -> World {
    let mut world = World::new();
    world.encrypt(0);
    world.deliver(0);
    assert_eq!(world.reached, Reached::from([("created on a fallback key", 1)]));
    world.reached.clear();
    world
}

/// Encrypts `count` messages at an end and returns their positions among the letters.
fn write(world: &mut World, end: usize, count: usize) -> std::ops::Range<usize> {
    let first = world.letters.len();
    let pick = world.ends.len() - 1 - end;
    (0..count).for_each(|_| world.encrypt(pick));
    first..world.letters.len()
}

#[test]
fn both_refuse_a_gap_of_2001_and_keep_the_last_40_keys_of_one_of_2000() {
    let mut world = established();
    let letters = write(&mut world, 0, 2_002);
    let (first, last) = (letters.start, letters.end - 1);
    assert!(!world.decrypt(last, 1));
    assert!(world.decrypt(last - 1, 1));
    assert!(world.decrypt(last, 1));
    for skipped in first..last - 1 {
        assert_eq!(world.decrypt(skipped, 1), skipped >= last - 41, "{skipped}");
    }
    assert_eq!(world.reached["gap too big"], 1);
    assert_eq!(world.reached["missing message key"], 1_960);
    assert_eq!(world.reached["decrypted"], 42);
}

#[test]
fn both_drop_the_oldest_skipped_keys_where_two_gaps_exceed_40_together() {
    let mut world = established();
    let letters = write(&mut world, 0, 62);
    let first = letters.start;
    assert!(world.decrypt(first + 30, 1));
    assert!(world.decrypt(first + 61, 1));
    for position in (0..30).chain(31..61) {
        assert_eq!(world.decrypt(first + position, 1), position >= 20, "{position}");
    }
}

#[test]
fn both_read_the_five_chains_begun_last() {
    let mut world = established();
    let mut held_back = Vec::new();
    for _ in 0..7 {
        for (from, to) in [(1, 0), (0, 1)] {
            let letters = write(&mut world, from, 2);
            assert!(world.decrypt(letters.start, to));
            if from == 0 {
                held_back.push(letters.start + 1);
            }
        }
    }
    world.reached.clear();
    let read: Vec<bool> = held_back.iter().map(|letter| world.decrypt(*letter, 1)).collect();
    assert_eq!(read, [false, false, true, true, true, true, true]);
    assert_eq!(world.reached["failed, and began a chain"], 1, "only the first finds it inactive");
}

#[test]
fn both_forget_the_oldest_one_time_key_beyond_5000() {
    let mut device = Device {
        real: Account::new(),
        model: OlmAccount::new(device(0)),
        keys: Vec::new(),
        saved: Vec::new(),
    };
    let mut entropy = Entropy::default();
    let mut oldest = None;
    for _ in 0..MAX_ONE_TIME_KEYS + 3 {
        let real = device.real.generate_one_time_keys(1);
        let model = device.model.generate(1, &mut entropy);
        device.keys.push((real.created[0], model[0].1));
        if let [gone] = real.removed[..] {
            oldest = device.keys.iter().find(|(key, _)| *key == gone).map(|(_, key)| *key);
            assert!(oldest.is_some_and(|key| !device.model.has_private_key(key)));
        }
    }
    assert_eq!(oldest, Some(device.keys[2].1));
    assert!(device.model.has_private_key(device.keys[3].1));
    assert_eq!(device.model.one_time_key_count(), device.real.stored_one_time_key_count());
}

#[test]
fn the_symbolic_olm_and_the_real_one_agree_on_generated_sequences() {
    let reached = Mutex::new(Reached::new());
    let result = runner(sequences()).run(&ops(), |ops| {
        let mut world = World::new();
        for op in &ops {
            world.step(op);
        }
        let mut reached = reached.lock().expect("a failing sequence does not hold the lock");
        for (what, count) in world.reached {
            *reached.entry(what).or_default() += count;
        }
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
    let reached = reached.into_inner().expect("no sequence failed");
    for (what, least) in [
        ("decrypted", 10_000),
        ("bad mac", 500),
        ("missing message key", 500),
        ("missing one-time key", 100),
        ("mismatched identity", 100),
        ("created on a one-time key", 500),
        ("created on a fallback key", 200),
        ("account rolled back", 200),
        ("failed, and began a chain", 200),
    ] {
        let count = reached.get(what).copied().unwrap_or(0);
        assert!(count >= least, "{what}: only {count} times; all: {reached:?}");
    }
}
