//! Every profile that comes with the program: it is read, says where it was read, and differs from the specification in
//! what is recorded of some room.
//! Whether a profile is like the client of its name is not known here.

use std::fs;
use std::path::Path;

use withheld::scenario::file::{known_profile, profile_schema, read_profile, render};
use withheld::scenario::habits::Habits;
use withheld::scenario::policy::Policy;
use withheld::scenario::profile::ProfileName;

use crate::habits::rooms;
use crate::room::{Room, in_file, scenario};

/// Rooms in which profiles are held against the specification: a device without keys, a blocked one, a damaged message,
/// a key request, a session that is used often.
fn places() -> Vec<withheld::scenario::model::Scenario> {
    vec![
        in_file("no_olm/a_client_that_counts_by_session_repeats_m_no_olm"),
        in_file("policy/an_unblocked_device_reads_on_and_keeps_the_reason_for_the_past"),
        scenario(rooms::TWO_FAILURES),
        in_file("key_requests/a_reply_does_not_replace_the_senders_own_reason"),
    ]
}

/// The digests of these rooms if every device is like a profile.
fn digests(name: ProfileName) -> Vec<u64> {
    let profile = known_profile(name);
    let run = |mut room: withheld::scenario::model::Scenario| {
        for device in &mut room.devices {
            (device.policy, device.habits) = (profile.policy.clone(), profile.habits);
        }
        Room::run(room).digest
    };
    places().into_iter().map(run).collect()
}

fn text_of(name: ProfileName) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles");
    fs::read_to_string(root.join(name.as_str()).with_extension("json")).expect("a profile's file")
}

#[test]
fn every_profile_is_read_and_says_where_it_was_read() {
    let validator = jsonschema::validator_for(&profile_schema()).expect("the schema is one");
    for name in ProfileName::ALL {
        let text = text_of(*name);
        let read = read_profile(&text);
        let read =
            read.unwrap_or_else(|problems| panic!("{}", render(&problems, "profile", &text)));
        assert_eq!(read, *known_profile(*name), "the file is the one in the program");
        assert_eq!(read.name, name.as_str());
        assert!(!read.sources.is_empty() && read.sources[0].starts_with("https://"));
        assert!(!read.version.is_empty() && read.date.starts_with("20"));
        let json = serde_json::from_str(&text).expect("a profile is JSON");
        assert!(validator.is_valid(&json), "{}", name.as_str());
    }
}

#[test]
fn there_is_no_file_beside_the_profiles() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles");
    let mut found: Vec<String> = fs::read_dir(folder)
        .expect("the folder can be read")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    let mut expected: Vec<String> =
        ProfileName::ALL.iter().map(|name| format!("{}.json", name.as_str())).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn the_specification_is_the_standard_and_every_other_profile_differs_in_some_room() {
    let standard = known_profile(ProfileName::Specification);
    assert_eq!((&standard.policy, standard.habits), (&Policy::standard(), Habits::specification()));
    let usual = digests(ProfileName::Specification);
    for name in &ProfileName::ALL[1..] {
        assert_ne!(digests(*name), usual, "{}", name.as_str());
    }
}

#[test]
fn no_two_profiles_are_the_same() {
    let mut seen = Vec::new();
    for name in ProfileName::ALL {
        let profile = known_profile(*name);
        let settings = (&profile.policy, profile.habits);
        assert!(!seen.contains(&settings), "{}", name.as_str());
        seen.push(settings);
    }
}
