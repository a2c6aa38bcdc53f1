//! The queue of the simulator beside others, with few and with many entries pending, and the digest of facts.
//! It does not know what a simulation does with them.

use std::hash::Hasher;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};

use withheld::engine::choices::{Choices, Label, Seeded};
use withheld::engine::digest::Digest;
use withheld::engine::queue::Queue;

use super::queues::Pending;
use super::queues::binary_heap::Binary;
use super::queues::quaternary_heap::Quaternary;
use super::queues::radix_heap::Radix;
use super::queues::tree::Tree;

/// How many entries are pending.
pub(crate) const PENDING: [usize; 5] = [16, 256, 4_096, 65_536, 1_048_576];

/// How many entries are taken out, each followed by one that is put in, in one iteration.
const HOLDS: usize = 4_096;

/// How far in the future entries are put in.
#[derive(Clone, Copy)]
pub(crate) enum Delays {
    /// As rooms do: most within the time of a request, some within that of a timeout, a few in a minute.
    Mixed,
    /// All alike: a message that a hundred thousand devices get at the same time.
    Alike,
}

impl Delays {
    const ALL: [Self; 2] = [Self::Mixed, Self::Alike];

    const fn name(self) -> &'static str {
        match self {
            Self::Mixed => "mixed",
            Self::Alike => "alike",
        }
    }

    /// So many delays, in milliseconds.
    pub(crate) fn table(self, count: usize) -> Vec<u64> {
        let mut choices = Seeded::new(7);
        let mut draw = |bound| choices.draw(bound, Label(0));
        let mut one = || match self {
            Self::Alike => 10,
            Self::Mixed => match draw(100) {
                0..60 => 5 + draw(10),
                60..85 => 40 + draw(20),
                85..97 => draw(15_000),
                _ => draw(60_000),
            },
        };
        (0..count).map(|_| one()).collect()
    }
}

/// Takes an entry out and puts one in, over and over: what a simulation does at the least.
pub(crate) struct Hold<Q> {
    queue: Q,
    delays: Vec<u64>,
}

impl<Q: Pending> Hold<Q> {
    pub(crate) fn new(pending: usize, delays: Delays) -> Self {
        let mut queue = Q::default();
        let delays = delays.table(HOLDS);
        for (place, delay) in delays.iter().cycle().take(pending).enumerate() {
            queue.push(*delay, (place as u64, 0));
        }
        let mut hold = Self { queue, delays };
        // Until it is as it will be from here on.
        for _ in 0..(2 * pending / HOLDS).max(4) {
            hold.turn();
        }
        hold
    }

    /// [`HOLDS`] entries out and in.
    pub(crate) fn turn(&mut self) -> u64 {
        let mut last = 0;
        for delay in &self.delays {
            let (now, item) = self.queue.pop().expect("as many are put in as are taken out");
            self.queue.push(now + delay, item);
            last = now;
        }
        last
    }
}

fn queues(criterion: &mut Criterion) {
    for delays in Delays::ALL {
        let mut group = criterion.benchmark_group(format!("queue_{}", delays.name()));
        group.sample_size(20).throughput(Throughput::Elements(HOLDS as u64));
        for pending in PENDING {
            macro_rules! measure {
                ($name:literal, $queue:ty) => {
                    let mut hold = Hold::<$queue>::new(pending, delays);
                    group.bench_function(BenchmarkId::new($name, pending), |bencher| {
                        bencher.iter(|| hold.turn());
                    });
                };
            }
            measure!("simulator", Queue<super::queues::Item>);
            measure!("binary_heap", Binary);
            measure!("quaternary_heap", Quaternary);
            measure!("radix_heap", Radix);
            measure!("tree", Tree);
        }
        group.finish();
    }
}

/// Facts have some twenty numbers of four or eight bytes; this is their digest without anything else.
fn digest(criterion: &mut Criterion) {
    const NUMBERS: u64 = 1_000;
    let mut group = criterion.benchmark_group("digest");
    group.throughput(Throughput::Bytes(NUMBERS * 12));
    group.bench_function("numbers", |bencher| {
        bencher.iter(|| {
            let mut digest = Digest::default();
            for number in 0..NUMBERS {
                digest.write_u64(black_box(number));
                digest.write_u32(7);
            }
            digest.value()
        });
    });
    group.finish();
}

pub(crate) fn all(criterion: &mut Criterion) {
    queues(criterion);
    digest(criterion);
}
