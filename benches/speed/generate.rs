//! Scenarios made: generated from choices, and read from text.
//! It does not know what becomes of them.

use criterion::{Criterion, Throughput};

use withheld::scenario::file;
use withheld::scenario::limits::Limits;

use super::rooms::{generated, texts};

/// The throughput is in rooms, and in bytes of text.
pub(crate) fn all(criterion: &mut Criterion) {
    let rooms = generated();
    let devices: usize = rooms.iter().map(|room| room.devices.len()).sum();
    let steps: usize = rooms.iter().map(|room| room.timeline.len()).sum();
    eprintln!("generate: {} rooms, {devices} devices, {steps} steps", rooms.len());
    let mut group = criterion.benchmark_group("generate");
    group.sample_size(20).throughput(Throughput::Elements(rooms.len() as u64));
    group.bench_function("rooms", |bencher| bencher.iter(generated));
    let texts = texts();
    let bytes: usize = texts.iter().map(String::len).sum();
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("files_read", |bencher| {
        bencher.iter(|| {
            let read = |text: &String| file::read(text, &Limits::FILES).expect("it is well formed");
            texts.iter().map(|text| read(text).devices.len()).sum::<usize>()
        });
    });
    group.finish();
}
