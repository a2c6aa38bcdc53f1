//! Profiles in files: what a device is like that has one, and what is wrong with the file of one.
//! Which settings a profile has is not looked at but where it shows that they are taken.

use super::examples::good;
use crate::protocol::withheld::CodeSet;
use crate::scenario::file::{known_profile, read_profile, write};
use crate::scenario::habits::{Habits, MissingOlm, NoOlmDedup};
use crate::scenario::policy::{Policy, SharePolicy};
use crate::scenario::profile::ProfileName;

/// A file in which profiles and settings are said at every level.
const LAYERS: &str = r#"{
  "format": 1, "about": "Profiles.",
  "each_device": { "profile": "mautrix-go", "policy": { "share": "verified" }, "habits": { "targets_per_put": 7 } },
  "users": {
    "alice": { "devices": { "A1": {}, "A2": { "profile": "specification" } } },
    "bob": {
      "each_device": { "profile": "hydrogen", "habits": { "missing_olm": "retry" } },
      "devices": { "B1": {}, "B2": { "policy": { "report": "all" } }, "B3": { "profile": "trixnity" } }
    }
  }
}"#;

#[test]
fn the_nearest_profile_counts_and_what_is_said_comes_after_it() {
    let scenario = good(LAYERS);
    let [a1, a2, b1, b2, b3] = &scenario.devices[..] else { panic!("five devices") };
    let verified = |name: ProfileName| Policy {
        share: SharePolicy::Verified,
        ..known_profile(name).policy.clone()
    };
    let seven = |name: ProfileName| Habits { targets_per_put: 7, ..known_profile(name).habits };
    assert_eq!(a1.policy, verified(ProfileName::MautrixGo));
    assert_eq!(a1.habits, seven(ProfileName::MautrixGo));
    assert_eq!(
        (&a2.policy, a2.habits),
        (
            &Policy { share: SharePolicy::Verified, ..Policy::standard() },
            Habits { targets_per_put: 7, ..Habits::specification() },
        )
    );
    let retries = Habits { missing_olm: MissingOlm::Retry, ..seven(ProfileName::Hydrogen) };
    assert_eq!((&b1.policy, b1.habits), (&verified(ProfileName::Hydrogen), retries));
    assert_eq!((b2.policy.report.codes, b2.habits), (CodeSet::ALL, retries));
    let retries = Habits { missing_olm: MissingOlm::Retry, ..seven(ProfileName::Trixnity) };
    assert_eq!(b3.habits, retries);
}

#[test]
fn a_profile_is_written_as_what_it_amounts_to() {
    let scenario = good(LAYERS);
    let written = write(&scenario);
    assert!(!written.contains("profile"), "{written}");
    assert_eq!(scenario.devices[0].habits.no_olm_dedup, NoOlmDedup::NeverSent);
    assert!(written.contains("\"no_olm_dedup\": \"never_sent\""));
    assert_eq!(good(&written), scenario);
}

/// What is wrong with the file of a profile, as sentences.
fn problems(text: &str) -> Vec<String> {
    let problems = read_profile(text).expect_err("a file that is wrong");
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_wrong_with_a_profile_is_told_with_its_place_and_a_hint() {
    let text = r#"{
  "name": "mine", "version": "1", "sources": [2],
  "habits": { "missing_olm": "retri" }, "polcy": {}
}"#;
    let found = problems(text);
    for expected in
        ["without \"date\"", "the number 2", "did you mean \"retry\"?", "did you mean \"policy\"?"]
    {
        let count = found.iter().filter(|line| line.contains(expected)).count();
        assert_eq!(count, 1, "{expected} in {found:#?}");
    }
    assert_eq!(found.len(), 4, "{found:#?}");
    assert_eq!(problems("[").len(), 1);
}

#[test]
fn a_profile_that_says_nothing_is_the_specification() {
    let text = r#"{ "name": "mine", "version": "1", "date": "2026", "sources": [] }"#;
    let profile = read_profile(text).unwrap();
    assert_eq!((&profile.policy, profile.habits), (&Policy::standard(), Habits::specification()));
    assert!(profile.not_expressed.is_empty());
}
