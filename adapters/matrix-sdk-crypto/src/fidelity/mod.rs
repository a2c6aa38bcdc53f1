//! `fidelity`: the same rooms with matrix-sdk-crypto and with the reference client under the habits of its profile, compared by what
//! each device wrote to each other one. It does not judge either.

mod causes;
mod proof;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use clap::Parser;
use serde_json::{Value, json};
use withheld::cli::inputs::bounded;
use withheld::minimise::size::Size;
use withheld::rulebook::reading::ReadingName;
use withheld::run::clients::{Clients, References};
use withheld::run::simulator::Simulator;
use withheld::run::status::Exit;
use withheld::scenario::file::{known_profile, read_profile, write_brief};
use withheld::scenario::model::Scenario;
use withheld::scenario::profile::{Profile, ProfileName};
use withheld::sim::world::World;
use withheld::time::SimTime;

use crate::casting::Casting;
use crate::chance::Luck;
use crate::command::{Room, Wanted, carry_out};
use crate::prepare::prepare;
use crate::simulator::SdkRooms;
use crate::store::StoreKind;

use self::causes::{Failures, cause};
use self::rows::{Rows, Written};

pub use self::causes::Cause;
pub use self::proof::{even, without};

/// Runs rooms with matrix-sdk-crypto and with the profile matrix-rust-sdk of the reference client, and compares what they write.
#[derive(Debug, Parser)]
#[command(name = "fidelity", bin_name = "withheld-matrix-sdk fidelity")]
pub struct Arguments {
    /// Which rooms are run, and how.
    #[command(flatten)]
    pub wanted: Wanted,
    /// The profile to compare with, as a file; that of the program if nothing is said.
    #[arg(long)]
    pub profile: Option<PathBuf>,
    /// Writes the smallest room for each difference into this folder.
    #[arg(long)]
    pub save: Option<PathBuf>,
    /// Names causes and proves none of them, which takes a fraction of the time.
    #[arg(long)]
    pub unproved: bool,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// What rooms are compared with, and in what way.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The habits of the reference client.
    pub profile: &'a Profile,
    /// In what matrix-sdk-crypto keeps its keys.
    pub store: StoreKind,
    /// Whether rooms that differ are run again without what is named as the cause.
    pub proves: bool,
}

/// A kind of difference: what was written, and by whom more often.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// What was written, without names.
    pub what: &'static str,
    /// The code, where it is a notice.
    pub code: &'static str,
    /// Whether the real client wrote it and the profile did not; else it is the other way around.
    pub only_real: bool,
}

/// The rooms with a difference.
#[derive(Debug, Clone)]
pub struct Differing {
    /// How many.
    pub rooms: u64,
    /// How many messages.
    pub messages: u64,
    /// The smallest, by its size and name.
    pub smallest: (usize, String),
    /// What that is in the smallest room, for people.
    pub example: String,
    /// The smallest.
    pub scenario: Scenario,
}

/// What differs for one cause.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Caused {
    /// How many messages.
    pub messages: u64,
    /// In how many rooms.
    pub rooms: u64,
    /// How many of the messages are in rooms in which the cause is proved: without it nothing differs.
    pub proved_messages: u64,
    /// How many rooms these are.
    pub proved_rooms: u64,
}

impl Caused {
    const fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.rooms += other.rooms;
        self.proved_messages += other.proved_messages;
        self.proved_rooms += other.proved_rooms;
    }
}

/// What many rooms came to.
#[derive(Debug, Default)]
pub struct Comparison {
    /// How many rooms were compared.
    pub rooms: u64,
    /// In how many all was equal.
    pub equal: u64,
    /// How many messages both wrote.
    pub shared: u64,
    /// The differences.
    pub differences: BTreeMap<Difference, Differing>,
    /// Rooms that could not be compared.
    pub skipped: u64,
    /// The messages that differ by what is known to make them.
    pub causes: BTreeMap<Cause, Caused>,
    /// What differs in each room, for people, with the time at which it was first written and is not by the other side: what differs first led to
    /// the rest.
    pub by_room: BTreeMap<String, Vec<String>>,
}

impl Comparison {
    fn merge(&mut self, other: Self) {
        self.rooms += other.rooms;
        self.equal += other.equal;
        self.shared += other.shared;
        self.skipped += other.skipped;
        self.by_room.extend(other.by_room);
        for (cause, more) in other.causes {
            self.causes.entry(cause).or_default().add(more);
        }
        for (difference, more) in other.differences {
            match self.differences.entry(difference) {
                std::collections::btree_map::Entry::Vacant(free) => {
                    free.insert(more);
                }
                std::collections::btree_map::Entry::Occupied(mut known) => {
                    let known = known.get_mut();
                    let (rooms, messages) =
                        (known.rooms + more.rooms, known.messages + more.messages);
                    if more.smallest < known.smallest {
                        *known = more;
                    }
                    (known.rooms, known.messages) = (rooms, messages);
                }
            }
        }
    }
}

/// Carries `fidelity` out; `args` begins with the name of the command. Returns the exit code: 1 if there is a difference.
pub fn main(
    args: impl IntoIterator<Item = OsString>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    carry_out(args, (out, err), |arguments, out, _| fidelity(arguments, out))
}

fn fidelity(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, String> {
    let wanted = &arguments.wanted;
    let mut rooms = wanted.files()?;
    rooms.extend(wanted.generated());
    let profile = profile(arguments.profile.as_deref())?;
    let terms = Terms { profile: &profile, store: wanted.store, proves: !arguments.unproved };
    let comparison = compare(rooms, terms, wanted.threads_or_all());
    if let Some(folder) = &arguments.save {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for (nth, differing) in comparison.differences.values().enumerate() {
            let path = folder.join(format!("{}.json", nth + 1));
            fs::write(&path, write_brief(&differing.scenario))
                .map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    let printed = if arguments.json {
        writeln!(out, "{:#}", as_json(&comparison))
    } else {
        write!(out, "{}", as_text(&comparison))
    };
    printed.map_err(|error| error.to_string())?;
    Ok(if comparison.differences.is_empty() { Exit::Holds } else { Exit::Broken })
}

/// The profile in a file, or the program's own.
fn profile(path: Option<&Path>) -> Result<Profile, String> {
    let Some(path) = path else {
        return Ok(known_profile(ProfileName::MatrixRustSdk).clone());
    };
    let told = |problem: String| format!("{}: {problem}", path.display());
    let bytes = bounded(path)?;
    read_profile(&String::from_utf8_lossy(&bytes))
        .map_err(|problems| told(problems.first().map(ToString::to_string).unwrap_or_default()))
}

/// Compares rooms on so many threads; the sum does not depend on how many these are.
#[must_use]
pub fn compare(rooms: Vec<Room>, terms: Terms<'_>, threads: usize) -> Comparison {
    let queue = Mutex::new(rooms.into_iter());
    let sum = Mutex::new(Comparison::default());
    let work = || {
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(room) = next else { return };
            let one = compare_room(&room, terms);
            sum.lock().unwrap_or_else(PoisonError::into_inner).merge(one);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(work);
        }
    });
    sum.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn compare_room(room: &Room, Terms { profile, store, proves }: Terms<'_>) -> Comparison {
    let mut one = Comparison::default();
    let Ok(prepared) = prepare(&room.scenario, &Casting::default()) else {
        one.skipped = 1;
        return one;
    };
    let bare = prepared.scenario;
    let scenario = under(profile, &bare);
    let Some(both) = Both::of(&scenario, store) else {
        one.skipped = 1;
        return one;
    };
    let Both { written, modelled, failures } = &both;
    one.rooms = 1;
    let mut told_by_time = Vec::new();
    for (only_real, more, less) in [(true, written, modelled), (false, modelled, written)] {
        for (row, times) in more {
            let beyond = times.get(less.get(row).map_or(0, Vec::len)..).unwrap_or_default();
            let surplus = beyond.len() as u64;
            if only_real {
                one.shared += (times.len() - beyond.len()) as u64;
            }
            if let Some(first) = beyond.first() {
                let who = if only_real { "the crate" } else { "the profile" };
                let cause = cause(row, &scenario, failures);
                one.causes.entry(cause).or_default().messages += surplus;
                let told = format!("{who} {surplus} more: {}", row.told(&scenario));
                told_by_time.push((*first, told));
                add(&mut one, (row, surplus, only_real), &room.name, &scenario);
            }
        }
    }
    if !told_by_time.is_empty() {
        one.by_room.insert(room.name.clone(), in_order(told_by_time));
    }
    if one.causes.len() > 1
        && let Some(rest) = one.causes.remove(&Cause::Unknown)
    {
        one.causes.insert(Cause::Follows, rest);
    }
    one.equal = u64::from(one.differences.is_empty());
    let differs =
        |room: &Scenario| Both::of(&under(profile, room), store).map(|both| both.differ());
    if one.differences.is_empty() {
        return one;
    }
    let named = one.causes.keys().copied().collect();
    // What both write alike where nothing is left to chance on the way differs by chance alone.
    let bare = even(&bare);
    let by_chance = differs(&bare) == Some(false);
    let proved = if by_chance {
        BTreeSet::from([Cause::Delays])
    } else if proves {
        proof::proved(&bare, &named, &differs)
    } else {
        BTreeSet::default()
    };
    for (named, caused) in std::mem::take(&mut one.causes) {
        let cause = if by_chance { Cause::Delays } else { proof::corrected(named, &proved) };
        let (messages, rooms) = (caused.messages, 1);
        let is_proved = !proved.is_empty();
        let sums = one.causes.entry(cause).or_default();
        sums.messages += messages;
        sums.rooms = rooms;
        if is_proved {
            (sums.proved_messages, sums.proved_rooms) = (sums.messages, rooms);
        }
    }
    one
}

/// What was told of each time, the earliest first.
fn in_order(mut told: Vec<(SimTime, String)>) -> Vec<String> {
    told.sort();
    told.iter().map(|(at, told)| format!("{at} {told}")).collect()
}

/// A scenario in which devices of the crate have the policy and the habits of a profile, but for whom they share with.
fn under(profile: &Profile, scenario: &Scenario) -> Scenario {
    let mut scenario = scenario.clone();
    for device in Casting::default().real(&scenario) {
        let device = &mut scenario.devices[device.index()];
        let (share, on_problem) = (device.policy.share, device.policy.on_problem);
        (device.policy, device.habits) = (profile.policy.clone(), profile.habits);
        (device.policy.share, device.policy.on_problem) = (share, on_problem);
    }
    scenario
}

/// Both run in a world in which delays do not depend on how many requests were made before: else one more request would give all that follow
/// other delays, and what differs by that alone would hide what differs for a reason.
const LUCK: Luck = Luck::ByOccasion;

/// What both write in a room.
struct Both {
    written: BTreeMap<Written, Vec<SimTime>>,
    modelled: BTreeMap<Written, Vec<SimTime>>,
    failures: [Failures; 2],
}

impl Both {
    /// `None` if the crate breaks down.
    fn of(scenario: &Scenario, store: StoreKind) -> Option<Self> {
        let real = SdkRooms::default().cast(Casting::default().stored_in(store));
        let real = real.with_luck(LUCK);
        let (mut written, mut failed) = (Rows::default(), Failures::default());
        real.simulate(scenario, ReadingName::Strict, &mut (&mut written, &mut failed));
        if !real.take_breakdowns().is_empty() {
            return None;
        }
        let (mut modelled, mut also_failed) = (Rows::default(), Failures::default());
        let clients = References.of_run(scenario, ReadingName::Strict);
        let mut world = World::with_choices(scenario, clients, LUCK.of(scenario.seed));
        world.run(&mut (&mut modelled, &mut also_failed));
        let (written, modelled) = (written.times(), modelled.times());
        Some(Self { written, modelled, failures: [failed, also_failed] })
    }

    fn differ(&self) -> bool {
        let counted = |times: &BTreeMap<Written, Vec<SimTime>>| -> Vec<(Written, usize)> {
            times.iter().map(|(row, times)| (*row, times.len())).collect()
        };
        counted(&self.written) != counted(&self.modelled)
    }
}

fn add(
    one: &mut Comparison,
    (row, surplus, only_real): (&Written, u64, bool),
    name: &str,
    scenario: &Scenario,
) {
    let (what, code) = row.kind();
    let differing = one.differences.entry(Difference { what, code, only_real });
    let differing = differing.or_insert_with(|| Differing {
        rooms: 1,
        messages: 0,
        smallest: (Size::of(scenario).total(), name.to_owned()),
        example: row.told(scenario),
        scenario: scenario.clone(),
    });
    differing.messages += surplus;
}

fn as_text(comparison: &Comparison) -> String {
    let mut text = format!(
        "{} rooms, in {} of them everything is equal; {} messages in common; {} rooms skipped\n",
        comparison.rooms, comparison.equal, comparison.shared, comparison.skipped
    );
    for (difference, differing) in &comparison.differences {
        let Difference { what, code, only_real } = difference;
        let who = if *only_real { "the crate only" } else { "the profile only" };
        let space = if code.is_empty() { "" } else { " " };
        text.push_str(&format!(
            "{what}{space}{code}, {who}: {} messages in {} rooms; smallest {} ({})\n",
            differing.messages, differing.rooms, differing.smallest.1, differing.example
        ));
    }
    for (cause, caused) in &comparison.causes {
        let Caused { messages, rooms, proved_messages, proved_rooms } = caused;
        text.push_str(&format!(
            "{}: {messages} messages in {rooms} rooms, proved for {proved_messages} in {proved_rooms}\n",
            cause.as_str()
        ));
    }
    text
}

fn as_json(comparison: &Comparison) -> Value {
    let difference = |(difference, differing): (&Difference, &Differing)| {
        json!({
            "what": difference.what,
            "code": difference.code,
            "who": if difference.only_real { "crate" } else { "profile" },
            "messages": differing.messages,
            "rooms": differing.rooms,
            "smallest": differing.smallest.1,
            "example": differing.example,
        })
    };
    json!({
        "rooms": comparison.rooms,
        "equal": comparison.equal,
        "messages_in_common": comparison.shared,
        "skipped": comparison.skipped,
        "by_room": comparison.by_room,
        "causes": comparison.causes.iter().map(|(cause, caused)| {
            (cause.as_str(), json!({
                "messages": caused.messages,
                "rooms": caused.rooms,
                "proved_messages": caused.proved_messages,
                "proved_rooms": caused.proved_rooms,
            }))
        }).collect::<BTreeMap<_, _>>(),
        "differences": comparison.differences.iter().map(difference).collect::<Vec<_>>(),
    })
}
