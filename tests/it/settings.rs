//! Settings of a device held against those that it has by default: each must show in some room.
//! What a setting means is not known here.

use withheld::rulebook::reading::Severity;
use withheld::rulebook::rule::Rule;
use withheld::scenario::model::{Device, Scenario};

use crate::room::{Room, in_file, scenario};

/// A room in which a setting shows.
pub(crate) enum Place {
    /// A file below `scenarios/`, without its ending.
    File(&'static str),
    /// The text of a scenario.
    Text(&'static str),
}

/// Who may be blamed for a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blame {
    /// The device that has it, for the rules of its row at least, and nobody else.
    This,
    /// Nobody: it is within the rules.
    Nobody,
}

/// Sets something on a device.
type Change = fn(&mut Device);

/// The values of a type of which there are few.
pub(crate) trait Few: Sized {
    /// All of them; `None` where there are too many.
    fn all() -> Option<Vec<Self>>;
}

impl Few for bool {
    fn all() -> Option<Vec<Self>> {
        Some(vec![false, true])
    }
}

/// Lists the variants of enums of settings. The `match` makes a variant that is not listed an error.
macro_rules! few {
    ($($kind:ident: $($variant:ident)*;)*) => {
        $(impl crate::settings::Few for $kind {
            fn all() -> Option<Vec<Self>> {
                let _complete = |one: Self| match one { $(Self::$variant => (),)* };
                Some(vec![$(Self::$variant),*])
            }
        })*
    };
}

/// Types with more values than can be tried.
macro_rules! many {
    ($($kind:ident)*) => {
        $(impl crate::settings::Few for $kind {
            fn all() -> Option<Vec<Self>> {
                None
            }
        })*
    };
}

/// Makes a test of every field of a struct of settings. A field without rows does not compile, and a value without a
/// row fails the test of its field.
macro_rules! settings {
    ($kind:ident $part:ident $default:ident ($blame:expr): $($field:ident { $($value:expr => $place:expr, $device:literal, [$($breaks:expr),*];)* })*) => {
        #[test]
        fn every_field_has_rows() {
            let $kind { $($field: _),* } = $kind::$default();
        }
        $(
            #[test]
            fn $field() {
                let usual = $kind::$default().$field;
                crate::settings::check_complete(&usual, &[$($value),*]);
                $(crate::settings::check_row(
                    &$place,
                    $device,
                    (|device| device.$part.$field = $kind::$default().$field, |device| device.$part.$field = $value),
                    ($blame, &[$($breaks),*]),
                );)*
            }
        )*
    };
}

pub(crate) use {few, many, settings};

/// Every value but the usual one has a row.
pub(crate) fn check_complete<T: Few + PartialEq + std::fmt::Debug>(usual: &T, rows: &[T]) {
    assert!(!rows.is_empty(), "a row at least");
    assert!(!rows.contains(usual), "the usual setting shows nothing");
    for value in T::all().into_iter().flatten().filter(|value| value != usual) {
        assert!(rows.contains(&value), "no row for {value:?}");
    }
}

/// Rules that a run breaks and nothing excuses, each once.
pub(crate) fn counted(room: &Room) -> Vec<(Rule, String)> {
    let counted = room.outcome.violations.iter().filter(|violation| {
        violation.severity == Severity::Violation && violation.injected.is_none()
    });
    let mut counted: Vec<_> =
        counted.map(|violation| (violation.rule, room.party(violation.party))).collect();
    counted.sort();
    counted.dedup();
    counted
}

/// The run with the setting differs from the one with the usual setting, which breaks no rule, and breaks these rules.
pub(crate) fn check_row(
    place: &Place,
    device: &str,
    (usual, set): (Change, Change),
    (blame, breaks): (Blame, &[(Rule, &str)]),
) {
    let of = match place {
        Place::File(name) => in_file(name),
        Place::Text(text) => scenario(text),
    };
    let run = |change: Change| -> Room {
        let mut changed: Scenario = of.clone();
        let mut devices = changed.devices.iter_mut();
        change(devices.find(|one| one.name == device).expect("a device of the room"));
        Room::run(changed)
    };
    let [usual, set] = [run(usual), run(set)];
    assert_ne!(usual.digest, set.digest, "the setting changes facts");
    assert_eq!(counted(&usual), [], "with the usual setting");
    let found = counted(&set);
    let is_blamed = |(_, party): &(Rule, String)| blame == Blame::This && party == device;
    assert!(found.iter().all(is_blamed), "somebody else is blamed: {found:?}");
    for (rule, party) in breaks {
        let expected = (*rule, (*party).to_owned());
        assert!(found.contains(&expected), "{} is not broken: {found:?}", rule.id());
    }
}
