//! The flags of a campaign and of putting shards together, and which of them contradict each other.
//! It does not know what any of them leads to.

use std::path::PathBuf;

use clap::Args;

use crate::campaign::LANES;
use crate::campaign::setup::Shard;
use crate::generate::plan::{Plan, Sizes, Subject};
use crate::report::text::safe;
use crate::scenario::mutant::Mutant;
use crate::scenario::profile::ProfileName;

use super::args::{Printed, Rules, to_file};
use super::failure::Failure;
use super::named::unknown;

/// How long a campaign goes on at the most if nothing is said.
pub(super) const SECONDS: u64 = 60;

pub(super) const EXAMPLES: &str = "\
Examples:
  withheld fuzz                                   replay scenarios/, then generated rooms until nothing new comes, a minute at most
  withheld fuzz --seconds 600 --jobs 8            ten minutes on eight threads
  withheld fuzz --cases 100000 --seed 7           the same result on every machine, whatever the number of threads
  withheld fuzz --out target/campaign --cases 1000000
                                                  kept in a folder: the same command goes on after a kill
  withheld fuzz --subject matrix-rust-sdk         put the clients of a profile on trial
  withheld fuzz --subject X05 --no-neighbours     a mutant alone among clients as the specification wants them
  withheld fuzz --cases 100000 --shard 1/4 --out target/part-1
                                                  a quarter of the campaign; `withheld merge` puts the parts together

Exit codes:
  0  nothing was found
  1  something was found
  2  it was interrupted before its end, and nothing was found by then
  3  bad input or usage: nothing was run
  4  a client was not deterministic";

pub(super) const MERGE_EXAMPLES: &str = "\
Examples:
  withheld merge target/part-1 target/part-2 --out target/whole";

/// What to search, and for how long.
#[derive(Debug, Args)]
pub struct FuzzArgs {
    /// Stop after so many seconds of real time; 60 if neither this nor --cases is given, and earlier if nothing new comes for long.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=31_536_000))]
    pub seconds: Option<u64>,
    /// Stop after so many generated rooms. What comes out then depends neither on --jobs nor on --shard, nor on kills and resumptions.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000_000))]
    pub cases: Option<u64>,
    /// The seed of everything.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// How many threads; as many as there are cores if nothing is said, and never more than lanes.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_024))]
    pub jobs: Option<u32>,
    /// Keep state, findings and results in this folder, and go on from there if a campaign with the same options is in it. Without it
    /// findings are saved below withheld-findings/.
    #[arg(long, value_name = "DIR", value_parser = to_file())]
    pub out: Option<PathBuf>,
    /// Who is on trial: `specification`, the name of a profile, or the id of a mutant such as X05, or X05:SETTING for one of its ways.
    #[arg(long, value_name = "NAME", default_value = "specification")]
    pub subject: String,
    /// Let everybody else be as the specification wants them.
    #[arg(long)]
    pub no_neighbours: bool,
    /// How ambiguous points of the specification are read.
    #[arg(long, visible_alias = "reading", value_enum, default_value_t = Rules::Strict, value_name = "READING")]
    pub rules: Rules,
    /// Generate every room afresh, instead of some out of rooms that showed something new and some out of scenario files.
    #[arg(long)]
    pub no_steering: bool,
    /// Scenario files, and folders of such, that are run first; those below scenarios/ if that is there and none is named.
    #[arg(long = "scenarios", value_name = "PATH")]
    pub scenarios: Vec<PathBuf>,
    /// Run no scenario files.
    #[arg(long, conflicts_with = "scenarios")]
    pub no_scenarios: bool,
    /// Run this part of the lanes only, as 1/4 is the first of four; needs --out and --cases.
    #[arg(long, value_name = "I/N", value_parser = shard, requires_all = ["out", "cases"])]
    pub shard: Option<Shard>,
    /// How it is printed.
    #[command(flatten)]
    pub printed: Printed,
    /// How large rooms are.
    #[command(flatten)]
    pub sizes: SizeArgs,
}

/// How large rooms are.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sizes of rooms")]
pub struct SizeArgs {
    /// Homeservers at the most.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=16), default_value_t = Sizes::default().servers)]
    pub max_servers: u32,
    /// Users at the most.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000), default_value_t = Sizes::default().users)]
    pub max_users: u32,
    /// Devices of one user at the most.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=50), default_value_t = Sizes::default().devices_per_user)]
    pub max_devices: u32,
    /// Rooms at the most.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20), default_value_t = Sizes::default().rooms)]
    pub max_rooms: u32,
    /// Steps at the most.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000), default_value_t = Sizes::default().steps)]
    pub max_steps: u32,
    /// Faults at the most.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=500), default_value_t = Sizes::default().faults)]
    pub max_faults: u32,
}

/// Which shards to put together.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// The folders of all shards of a campaign, each run to its end.
    #[arg(value_name = "DIR", required = true)]
    pub shards: Vec<PathBuf>,
    /// The folder of the whole campaign, which is made.
    #[arg(long, value_name = "DIR", value_parser = to_file())]
    pub out: PathBuf,
    /// How it is printed.
    #[command(flatten)]
    pub printed: Printed,
}

/// A part of the lanes, as `1/4`.
fn shard(text: &str) -> Result<Shard, String> {
    let bad = || format!("expected a part such as 1/4, of at most {LANES}");
    let (index, of) = text.split_once('/').ok_or_else(bad)?;
    let (index, of): (u32, u32) =
        (index.parse().map_err(|_| bad())?, of.parse().map_err(|_| bad())?);
    if index == 0 || index > of || of > LANES {
        return Err(bad());
    }
    Ok(Shard { index: index - 1, of })
}

impl FuzzArgs {
    /// What kind of rooms these ask for.
    pub(super) fn plan(&self) -> Result<Plan, Failure> {
        let SizeArgs { max_servers, max_users, max_devices, max_rooms, max_steps, max_faults } =
            self.sizes;
        Ok(Plan {
            sizes: Sizes {
                servers: max_servers,
                users: max_users,
                devices_per_user: max_devices,
                rooms: max_rooms,
                steps: max_steps,
                faults: max_faults,
            },
            subject: subject(&self.subject)?,
            neighbours: !self.no_neighbours,
        })
    }
}

/// Who is called so.
fn subject(name: &str) -> Result<Subject, Failure> {
    let (id, setting) =
        name.split_once(':').map_or((name, None), |(id, setting)| (id, Some(setting)));
    if let Some(mutant) = Mutant::named(&id.to_uppercase()) {
        let variants = mutant.variants();
        let Some(setting) = setting else { return Ok(Subject::Mutant(mutant, 0)) };
        let known = variants.iter().position(|variant| variant.name == setting);
        return known.map(|variant| Subject::Mutant(mutant, variant)).ok_or_else(|| {
            let known: Vec<&str> = variants.iter().map(|variant| variant.name).collect();
            let found = format!("--subject: found the setting {}", safe(setting));
            unknown(&found, &format!("ways of {}", mutant.id()), setting, &known)
        });
    }
    // The specification has a profile too, but its servers are on trial only as the specification itself.
    if name == ProfileName::Specification.as_str() {
        return Ok(Subject::Specification);
    }
    let known = ProfileName::ALL.iter().copied().find(|known| known.as_str() == name);
    known.map(Subject::Program).ok_or_else(|| {
        let known: Vec<&str> = ProfileName::ALL.iter().map(|known| known.as_str()).collect();
        let what = format!("mutants X01 to X{} or of the profiles", Mutant::ALL.len());
        unknown(&format!("--subject: found {}", safe(name)), &what, name, &known)
    })
}

#[cfg(test)]
mod tests {
    use super::{shard, subject};
    use crate::campaign::setup::{Shard, name_of};
    use crate::generate::plan::Subject;
    use crate::scenario::mutant::Mutant;

    #[test]
    fn shards_are_counted_from_one() {
        assert_eq!(shard("1/4"), Ok(Shard { index: 0, of: 4 }));
        assert_eq!(shard("16/16"), Ok(Shard { index: 15, of: 16 }));
        for bad in ["0/4", "5/4", "1/17", "1", "/", "a/b", "-1/4"] {
            assert!(shard(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn everybody_who_can_be_on_trial_has_a_name() {
        let all = Mutant::ALL.iter().flat_map(|mutant| {
            (0..mutant.variants().len()).map(|variant| Subject::Mutant(*mutant, variant))
        });
        for one in all.chain([Subject::Specification]) {
            assert_eq!(subject(&name_of(one)).unwrap(), one);
        }
        assert_eq!(subject("x05").unwrap(), Subject::Mutant(Mutant::X05, 0));
        assert!(matches!(subject("mautrix-python").unwrap(), Subject::Program(_)));
        for bad in ["X65", "X05:none", "rust", ""] {
            assert!(subject(bad).is_err(), "{bad}");
        }
    }
}
