//! Tests of generated rooms: that they are valid, large enough and of every kind, and the same for the same choices.
//! They do not run them.

use super::plan::Plan;
use super::scenario;
use crate::engine::choices::Seeded;
use crate::scenario::file;
use crate::scenario::limits::Limits;

#[test]
fn every_generated_room_is_written_as_a_file_that_reads_back_as_the_same_room() {
    for seed in 0..2_000 {
        let made = scenario(&Plan::default(), &mut Seeded::new(seed));
        let text = file::write(&made);
        match file::read_bytes(text.as_bytes(), &Limits::FILES) {
            Ok(read) => assert_eq!(read, made, "seed {seed}"),
            Err(problems) => panic!("seed {seed}: {problems:#?}\n{text}"),
        }
    }
}
