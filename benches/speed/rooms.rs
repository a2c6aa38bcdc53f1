//! The rooms that are measured: a large one, those of `scenarios/`, and generated ones.
//! It does not know what is measured in them.

use std::fs;
use std::path::{Path, PathBuf};

use withheld::engine::choices::Seeded;
use withheld::generate;
use withheld::generate::plan::Plan;
use withheld::scenario::file;
use withheld::scenario::limits::Limits;
use withheld::scenario::model::Scenario;

/// Two devices send fifty messages each; one of three devices of a tenth of the users is blocked by one of them.
const LARGE: &str = r#"{
    "format": 1,
    "about": "200 users with 3 devices each, 100 messages, a few devices blocked",
    "users": { "crowd": { "count": 200, "devices": 3 } },
    "timeline": [
        { "at": "1s", "do": "block", "device": "crowd1.1", "target": "crowd7" },
        { "at": "1s", "do": "block", "device": "crowd1.1", "target": "crowd9.2" },
        { "at": "2s", "do": "send_many", "from": "crowd1.1", "message": "a", "count": 50, "every": "1s" },
        { "at": "1m", "do": "send_many", "from": "crowd2.1", "message": "b", "count": 50, "every": "1s" }
    ]
}"#;

/// The most devices of a small room.
const SMALL: usize = 24;

/// How many rooms are generated.
const GENERATED: u64 = 300;

/// 600 devices and 100 messages.
pub(crate) fn large() -> Scenario {
    file::read(LARGE, &Limits::FILES).expect("the scenario is well formed")
}

/// The texts of all scenario files of this repository.
pub(crate) fn texts() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    files_below(&folder).into_iter().map(|path| fs::read_to_string(path).expect("a text")).collect()
}

/// All scenarios of this repository with few devices.
pub(crate) fn small() -> Vec<Scenario> {
    let texts = texts();
    let read = |text: &String| file::read(text, &Limits::FILES).expect("it is well formed");
    texts.iter().map(read).filter(|scenario| scenario.devices.len() <= SMALL).collect()
}

/// The first rooms that the generator makes when nothing else is asked of it.
pub(crate) fn generated() -> Vec<Scenario> {
    let plan = Plan::default();
    (0..GENERATED).map(|seed| generate::scenario(&plan, &mut Seeded::new(seed))).collect()
}

/// All scenario files below a folder, in the order of their names.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    paths.sort();
    let below = |path: PathBuf| if path.is_dir() { files_below(&path) } else { vec![path] };
    let files = paths.into_iter().flat_map(below);
    files.filter(|path| path.extension().is_some_and(|end| end == "json")).collect()
}
