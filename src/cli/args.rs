//! The flags of the command line and what they say in `--help`.
//! It does not know what any of them leads to.

use std::path::{Path, PathBuf};

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::report::paint::Paint;
use crate::rulebook::reading::ReadingName;
use crate::run::shrunk::LIMIT;

use super::fuzz_args::{EXAMPLES as FUZZ_EXAMPLES, FuzzArgs, MERGE_EXAMPLES, MergeArgs};
use super::mutants_args::{EXAMPLES as MUTANTS_EXAMPLES, MutantsArgs};
use super::overhead_args::{EXAMPLES as OVERHEAD_EXAMPLES, OverheadArgs};

/// The folder that is run when none is named.
const SCENARIOS: &str = "scenarios";

const EXAMPLES: &str = "\
Examples:
  withheld                                       run everything below scenarios/, if that is there
  withheld run scenarios                         one line each, a summary, an exit code
  withheld run scenarios/no_olm/one_no_olm_stands_for_all_rooms.json
                                                 one room: every verdict, and why
  withheld run room.json --json                  the same as data
  withheld run room.json --trace facts.jsonl     every fact as a line of JSON
  withheld run room.json --html room.html        one page to look at, in any browser
  withheld check facts.jsonl                     judge a log of facts, also one that real clients recorded
  withheld explain room.json --message m3 --device B1
                                                 why B1 could not read m3, fact by fact
  withheld fuzz                                  search generated rooms for broken rules
  withheld shrink room.json -o small.json        the smallest room that fails in the same way
  withheld overhead                              what policies cost, on the same rooms
  withheld expand room.json                      the file with every default filled in

Exit codes:
  0  everything holds
  1  a rule is violated, or an expectation of a file does not hold exactly
  2  inconclusive: a run ended before everything was decided, or a search before everything was tried
  3  bad input or usage: nothing was run
  4  a client was not deterministic";

const MATRIX_EXAMPLES: &str = "\
Examples:
  withheld matrix                                              every profile as sender and as recipient
  withheld matrix matrix-rust-sdk matrix-js-sdk-legacy         these two with each other and themselves
  withheld matrix matrix-rust-sdk mautrix-go --out cells       and the rooms as they play them: withheld run cells
  withheld matrix --format csv > matrix.csv";

const SHRINK_EXAMPLES: &str = "\
Examples:
  withheld shrink room.json                       print the smallest room that fails as room.json does
  withheld shrink room.json -o small.json         write it to a file; what is told about it goes to the error stream
  withheld shrink room.json --rule W-09           of several failures this one, also one that the file expects
  withheld shrink room.json --history             and everything that was tried

Exit codes:
  0  the room was made as small as it can be, or was so already
  2  the limit was reached before everything was tried: the room fails in the same way, and there may be a smaller one
  3  the file does not fail, or bad input or usage: nothing was written";

const RULES_EXAMPLES: &str = "\
Examples:
  withheld rules                  every rule, met and broken in the files below scenarios/
  withheld rules W-09 N           one rule, and a family
  withheld rules --json           the same as data";

const CHECK_EXAMPLES: &str = "\
Examples:
  withheld check facts.jsonl                      what `withheld run --trace` wrote, or a recorder of your own
  withheld check a1.jsonl b1.jsonl server.jsonl   logs of the same rooms, judged together
  recorder | withheld check -                     one that comes from another program
  withheld check facts.jsonl --undecided          every rule that cannot be decided, and why
  withheld check facts.jsonl --json               the same as data

Exit codes:
  0  everything that can be decided holds
  1  a rule is violated
  2  inconclusive: something cannot be decided, because a log ends early or does not record it
  3  bad input or usage: nothing was judged";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  withheld explain room.json                             what wants an explanation most
  withheld explain room.json --message m3 --device B1    why B1 could not read m3, or how it could
  withheld explain room.json --rule W-09                 how a rule was broken
  withheld explain room.json --format mermaid            a sequence diagram
  withheld explain room.json --json                      the same as data

Exit codes:
  0  it was explained, however the run came out
  1  a client panicked, so that there is nothing to explain
  3  bad input or usage, or nothing in the run is what was asked for";

const ABOUT: &str =
    "Says what became of every room key in encrypted Matrix rooms, simulated in virtual time";

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "withheld", version, about = ABOUT, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t = ColorWhen::Auto, value_name = "WHEN")]
    pub color: ColorWhen,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run scenario files and judge what comes out.
    #[command(after_help = EXAMPLES)]
    Run(RunArgs),
    /// Judge recorded logs of facts, one a line: what a run wrote with --trace, or what real clients and servers recorded.
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckArgs),
    /// List the rule book, with how often each rule was met and broken in scenario files.
    #[command(after_help = RULES_EXAMPLES)]
    Rules(RulesArgs),
    /// Explain a verdict or a broken rule: the facts that led to it, in order. Without a message, a device or a rule: what
    /// wants an explanation most.
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(ExplainArgs),
    /// Make a failing scenario as small as it can be and still fail in the same way: without every device, step, fault and setting that
    /// it does not need for that.
    #[command(after_help = SHRINK_EXAMPLES)]
    Shrink(ShrinkArgs),
    /// Let clients as they are in the field send to each other, and count what becomes of their messages.
    #[command(after_help = MATRIX_EXAMPLES)]
    Matrix(MatrixArgs),
    /// Search generated rooms for broken rules, and make what is found small.
    #[command(after_help = FUZZ_EXAMPLES)]
    Fuzz(FuzzArgs),
    /// Put the shards of a campaign together.
    #[command(after_help = MERGE_EXAMPLES)]
    Merge(MergeArgs),
    /// Try clients and servers that are wrong in one point each in generated rooms, until a rule that is named for them
    /// catches them.
    #[command(after_help = MUTANTS_EXAMPLES)]
    Mutants(MutantsArgs),
    /// Measure what policies cost: the same rooms, faults and choices under each of them, with differences pair by pair.
    #[command(after_help = OVERHEAD_EXAMPLES)]
    Overhead(OverheadArgs),
    /// Print the JSON Schema of scenario files.
    Schema {
        /// That of the lines of a log instead.
        #[arg(long, conflicts_with = "policy")]
        trace: bool,
        /// That of the files of policies that `overhead` compares.
        #[arg(long)]
        policy: bool,
    },
    /// Print a scenario file with every default filled in.
    Expand {
        /// The file.
        file: PathBuf,
    },
}

/// What to judge, and how.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Logs that were recorded of the same rooms; several are judged together, and each says in its header what it records. - is
    /// the standard input, which is read whole.
    #[arg(value_name = "LOG", required = true)]
    pub logs: Vec<PathBuf>,
    /// How it is printed.
    #[command(flatten)]
    pub printed: Printed,
    /// How ambiguous points of the specification are read.
    #[arg(long, visible_alias = "reading", value_enum, default_value_t = Rules::Strict, value_name = "READING")]
    pub rules: Rules,
    /// List every rule that cannot be decided, with the reason.
    #[arg(long)]
    pub undecided: bool,
}

/// The form of what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// How something is printed that is text or JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
pub struct Printed {
    /// Print JSON: the same as --format json.
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// What to print.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
}

impl Printed {
    /// Whether it is JSON.
    #[must_use]
    pub const fn is_json(self) -> bool {
        self.json || matches!(self.format, Format::Json)
    }
}

/// The path of a file or folder that is written: `-`, which elsewhere is a standard stream, is none.
pub(super) fn to_file() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| {
        if path.as_os_str() == "-" {
            return Err("expected the path of a file; nothing is written to a standard stream but what a command prints");
        }
        Ok(path)
    })
}

/// Whose schema is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaOf {
    /// Scenario files.
    Scenario,
    /// The lines of a log.
    Trace,
    /// Policies to be compared.
    Policy,
}

impl SchemaOf {
    /// The one that the flags ask for.
    #[must_use]
    pub const fn of(trace: bool, policy: bool) -> Self {
        match (trace, policy) {
            (true, _) => Self::Trace,
            (false, true) => Self::Policy,
            (false, false) => Self::Scenario,
        }
    }
}

/// What to run, and how.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Scenario files, and folders: every *.json below them; - is the standard input. One file is shown in full, several in a line each.
    #[arg(value_name = "PATH", default_value = SCENARIOS)]
    pub paths: Vec<PathBuf>,
    /// How it is printed.
    #[command(flatten)]
    pub printed: Printed,
    /// Write every fact of the run to FILE, one JSON object a line; one scenario file only.
    #[arg(long, value_name = "FILE", value_parser = to_file())]
    pub trace: Option<PathBuf>,
    /// Write the run to FILE as a page to look at: lanes, verdicts, what led to each; one scenario file only.
    #[arg(long, value_name = "FILE", value_parser = to_file())]
    pub html: Option<PathBuf>,
    /// Write the run to FILE as a trace for Perfetto or chrome://tracing; one scenario file only.
    #[arg(long, value_name = "FILE", value_parser = to_file())]
    pub perfetto: Option<PathBuf>,
    /// Take N instead of the seed in the file for what is left to chance.
    #[arg(long, value_name = "N", conflicts_with_all = ["locked", "bless"])]
    pub seed: Option<u64>,
    /// How ambiguous points of the specification are read. Files say what they expect of strict: under another reading
    /// only violations that a file does not expect count.
    #[arg(long, visible_alias = "reading", value_enum, default_value_t = Rules::Strict, value_name = "READING")]
    pub rules: Rules,
    /// A run whose digest is not the one in its file fails.
    #[arg(long, conflicts_with = "bless")]
    pub locked: bool,
    /// Write the digest of each run that holds into its file, and change nothing else there.
    #[arg(long)]
    pub bless: bool,
}

/// What to explain.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The scenario file; - is the standard input.
    pub file: PathBuf,
    /// Explain what became of this message.
    #[arg(long, value_name = "M")]
    pub message: Option<String>,
    /// Explain what became of messages at this device.
    #[arg(long, value_name = "D")]
    pub device: Option<String>,
    /// Explain how this rule was broken.
    #[arg(long, value_name = "RULE")]
    pub rule: Option<String>,
    /// The form of the explanation. A diagram shows one: the first.
    #[arg(long, value_enum, default_value_t = Form::Text, value_name = "FORM")]
    pub format: Form,
    /// The same as --format json.
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Take N instead of the seed in the file for what is left to chance.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// How ambiguous points of the specification are read.
    #[arg(long = "rules", visible_alias = "reading", value_enum, default_value_t = Rules::Strict, value_name = "READING")]
    pub reading: Rules,
}

/// What to make small.
#[derive(Debug, Args)]
pub struct ShrinkArgs {
    /// The scenario file; - is the standard input.
    pub file: PathBuf,
    /// Write the small room to OUT and not to the standard output.
    #[arg(short, long, value_name = "OUT", value_parser = to_file())]
    pub out: Option<PathBuf>,
    /// Write to OUT even if something else is there.
    #[arg(long, requires = "out")]
    pub force: bool,
    /// Keep it failing by this rule, also if the file expects that, or if it is a warning.
    #[arg(long, value_name = "RULE")]
    pub rule: Option<String>,
    /// How it is printed.
    #[command(flatten)]
    pub printed: Printed,
    /// Tell everything that was tried.
    #[arg(long)]
    pub history: bool,
    /// Take N instead of the seed in the file for what is left to chance.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// How ambiguous points of the specification are read.
    #[arg(long = "rules", visible_alias = "reading", value_enum, default_value_t = Rules::Strict, value_name = "READING")]
    pub reading: Rules,
    /// Run at most N candidates; if that is too few to try everything, the exit code is 2.
    #[arg(long, value_name = "N", default_value_t = LIMIT)]
    pub limit: usize,
}

/// The form of an explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Sentences.
    Text,
    /// Data.
    Json,
    /// A graph for Graphviz.
    Dot,
    /// A sequence diagram for Mermaid.
    Mermaid,
}

impl ExplainArgs {
    /// The form that the flags ask for.
    #[must_use]
    pub const fn form(&self) -> Form {
        if self.json { Form::Json } else { self.format }
    }
}

impl MatrixArgs {
    /// The form that the flags ask for.
    #[must_use]
    pub const fn form(&self) -> TableFormat {
        if self.json { TableFormat::Json } else { self.format }
    }
}

impl Default for RunArgs {
    fn default() -> Self {
        Self {
            paths: vec![PathBuf::from(SCENARIOS)],
            printed: Printed { json: false, format: Format::Text },
            trace: None,
            html: None,
            perfetto: None,
            seed: None,
            rules: Rules::Strict,
            locked: false,
            bless: false,
        }
    }
}

impl RunArgs {
    /// Whether there is something to run when nothing is named.
    #[must_use]
    pub fn default_folder_exists() -> bool {
        Path::new(SCENARIOS).is_dir()
    }
}

/// Which rules to list, and what to run for it.
#[derive(Debug, Args)]
pub struct RulesArgs {
    /// Ids of rules, or letters of families; all if none is named.
    #[arg(value_name = "RULE")]
    pub rule: Vec<String>,
    /// The scenario files, and folders of such, that are run to see which rules they meet; those below scenarios/ if
    /// that is there and none is named.
    #[arg(long = "scenarios", value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// How ambiguous points of the specification are read.
    #[arg(long = "rules", visible_alias = "reading", value_enum, default_value_t = Rules::Strict, value_name = "READING")]
    pub reading: Rules,
    /// How it is printed.
    #[command(flatten)]
    pub printed: Printed,
}

/// Which clients to put together.
#[derive(Debug, Args)]
pub struct MatrixArgs {
    /// Names of profiles; all if none is named.
    #[arg(value_name = "PROFILE")]
    pub profiles: Vec<String>,
    /// Also write the rooms as each pair plays them, as scenario files that `run` and `explain` take:
    /// DIR/SENDER--RECIPIENT/ROOM.json.
    #[arg(long, short, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// How the table is printed.
    #[arg(long, value_enum, default_value_t = TableFormat::Text, value_name = "FORMAT")]
    pub format: TableFormat,
    /// The same as --format json.
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
}

/// How a table is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TableFormat {
    /// For people.
    Text,
    /// JSON.
    Json,
    /// Comma-separated values with a line of names.
    Csv,
}

/// A reading, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Rules {
    /// The specification to the letter.
    Strict,
    /// What the specification leaves room for.
    Lenient,
    /// As the first draft of MSC2399 reads.
    Draft,
}

impl Rules {
    /// The reading.
    #[must_use]
    pub const fn reading(self) -> ReadingName {
        match self {
            Self::Strict => ReadingName::Strict,
            Self::Lenient => ReadingName::Lenient,
            Self::Draft => ReadingName::Draft,
        }
    }
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal that does not ask for none.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl ColorWhen {
    /// What this makes of the paint that was found fit for a stream.
    #[must_use]
    pub const fn over(self, found: Paint) -> Paint {
        match self {
            Self::Auto => found,
            Self::Always => Paint::Colour,
            Self::Never => Paint::Plain,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser, ValueEnum};

    use super::{Cli, ColorWhen, Command, EXAMPLES, Rules, RunArgs};
    use crate::report::paint::Paint;
    use crate::rulebook::reading::ReadingName;

    #[test]
    fn the_flags_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_scenario_of_the_examples_exists() {
        let file = EXAMPLES.split_whitespace().find(|word| word.starts_with("scenarios/no_olm"));
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(root.join(file.unwrap()).exists());
    }

    #[test]
    fn the_defaults_of_the_flags_are_those_of_no_arguments_at_all() {
        let cli = Cli::try_parse_from(["withheld", "run"]).unwrap();
        let Some(Command::Run(args)) = cli.command else { panic!("`run` is a command") };
        assert_eq!(format!("{args:?}"), format!("{:?}", RunArgs::default()));
    }

    #[test]
    fn every_reading_has_its_flag() {
        let names: Vec<ReadingName> =
            Rules::value_variants().iter().map(|rules| rules.reading()).collect();
        assert_eq!(names, ReadingName::ALL);
        for rules in Rules::value_variants() {
            let value = rules.to_possible_value().unwrap();
            assert_eq!(value.get_name(), rules.reading().as_str());
        }
    }

    #[test]
    fn colour_can_be_forced_either_way() {
        for found in [Paint::Plain, Paint::Colour] {
            assert_eq!(ColorWhen::Auto.over(found), found);
            assert_eq!(ColorWhen::Always.over(found), Paint::Colour);
            assert_eq!(ColorWhen::Never.over(found), Paint::Plain);
        }
    }

    #[test]
    fn a_locked_digest_is_one_of_the_files_own_seed() {
        for flags in [["--locked", "--seed=1"], ["--bless", "--seed=1"], ["--locked", "--bless"]] {
            let args = ["withheld", "run"].into_iter().chain(flags);
            assert!(Cli::try_parse_from(args).is_err(), "{flags:?}");
        }
    }
}
