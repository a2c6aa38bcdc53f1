//! Pictures of a run: a table with sentences under it, a line of a list, JSON.
//! It does not run anything, and it does not know where its text goes.

mod blocks;
pub mod campaign;
mod difference;
pub mod explanation;
pub mod json;
pub mod lines;
pub mod log;
pub mod log_json;
pub mod matrix;
pub mod mutants;
mod names;
mod narrate;
pub mod overhead;
pub mod page;
pub mod paint;
pub mod perfetto;
mod picture;
mod reason;
mod restless;
pub mod room;
mod rows;
pub mod rules;
#[cfg(test)]
mod sample;
mod sentence;
pub mod shrunk;
mod steps;
mod table;
pub mod text;
mod violation;
mod words;
