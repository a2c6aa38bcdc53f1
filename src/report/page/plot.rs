//! Lines and points to be drawn over whole numbers: what a page makes a chart of.
//! It does not know what is counted.

use serde::{Deserialize, Serialize};

/// A chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plot {
    /// What it shows.
    pub title: String,
    /// What goes to the right.
    pub x: String,
    /// What goes up.
    pub y: String,
    /// What becomes of the points of a series.
    #[serde(default)]
    pub marks: Marks,
    /// Its lines.
    pub series: Vec<Series>,
}

/// What becomes of the points of a series.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Marks {
    /// A line from each to the next.
    #[default]
    Lines,
    /// A point with the name of the series.
    Points,
}

/// A line of a chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// What it is.
    pub name: String,
    /// Its points, from left to right.
    pub points: Vec<(u64, u64)>,
}
