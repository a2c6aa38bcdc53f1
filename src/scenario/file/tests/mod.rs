//! Tests of the whole of scenario files: examples, and what is wrong with files that are not one.

mod examples;
mod fuzz;
mod nonsense;
mod problems;
mod reference;
mod rendering;
mod round_trip;
mod scale;
mod schema;
mod spoil;
mod values;
