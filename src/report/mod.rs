//! Pictures of a run: a table with sentences under it, a line of a list, JSON.
//! It does not run anything, and it does not know where its text goes.

mod names;
pub mod paint;
pub mod text;
