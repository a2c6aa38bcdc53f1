//! Tests of the whole of scenario files: examples, and what is wrong with files that are not one.
//! What a run makes of a file is not tested here.

mod any_habits;
mod examples;
mod fuzz;
mod nonsense;
mod problems;
mod profiles;
mod reference;
mod rendering;
mod round_trip;
mod scale;
mod schema;
mod spoil;
mod values;
