//! The flags of `withheld mutants` and what they say in `--help`.
//! It does not know what any of them leads to.

use std::path::PathBuf;

use clap::Args;

use super::args::{Printed, to_file};

/// What stands under the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  withheld mutants                          every mutant, until a rule that is named for it catches it
  withheld mutants X05 X62 --out rooms      these two, and the smallest rooms that show them as files
  withheld mutants --matrix                 in how many rooms each mutant broke each rule
  withheld mutants --seed 2 --cases 2000    other rooms, and more of them

Exit codes:
  0  every mutant is caught in each of its ways
  1  one survives
  3  bad input or usage: nothing was run";

/// Which mutants to try, and how.
#[derive(Debug, Args)]
pub struct MutantsArgs {
    /// Ids of mutants such as X05; all if none is named.
    #[arg(value_name = "MUTANT")]
    pub mutants: Vec<String>,
    /// How many generated rooms each mutant is tried in, in each of its ways.
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..))]
    pub cases: u64,
    /// Which rooms: the same number gives the same rooms on every machine, whatever the number of threads.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// How many threads; as many as there are cores if it is not said.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Print in how many rooms each mutant broke each rule as well.
    #[arg(long, conflicts_with_all = ["json", "format"])]
    pub matrix: bool,
    /// How it is printed.
    #[command(flatten)]
    pub printed: Printed,
    /// Write the smallest rooms into this folder, a scenario file for each mutant in each of its ways. No file there is
    /// overwritten.
    #[arg(long, value_name = "DIR", value_parser = to_file())]
    pub out: Option<PathBuf>,
}
