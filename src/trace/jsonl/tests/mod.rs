//! Tests of the lines of a log: how they are written, that they are read back, what is wrong with bad ones.
//! They do not look at what a fact means.

mod reading;
mod round_trip;
mod writing;
