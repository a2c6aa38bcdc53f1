//! What policies cost, as tables, as data and as pictures.
//! It does not run anything: it shows a comparison that was made.

pub mod data;
mod figure;
mod geometry;
mod labels;
pub mod pareto;
pub mod plots;
#[cfg(test)]
mod sample;
mod signs;
pub mod svg;
pub mod text;
