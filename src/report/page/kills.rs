//! The kill matrix of mutants as it is read from what `withheld mutants --json` printed.
//! It does not run mutants, and takes nothing that it was not told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::report::text::safe;

/// The mutants, with the rules that each of them broke.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kills {
    format_version: u32,
    seed: u64,
    cases: u64,
    mutants: Vec<Mutant>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Mutant {
    mutant: String,
    setting: String,
    what: String,
    named: Vec<String>,
    caught_by: Option<String>,
    cases: u64,
    broken: BTreeMap<String, u64>,
}

impl Kills {
    /// Reads what was printed.
    ///
    /// # Errors
    /// If it is something else.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut read: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if read.format_version != 1 {
            return Err(format!("found format_version {}, expected 1", read.format_version));
        }
        for one in &mut read.mutants {
            for text in [&mut one.mutant, &mut one.setting, &mut one.what] {
                *text = safe(text);
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::Kills;

    #[test]
    fn what_is_something_else_is_refused() {
        let printed = |version| {
            format!(
                r#"{{"format_version":{version},"seed":0,"cases":9,"mutants":[{{"mutant":"X05","setting":"a\u202e",
                "what":"","named":["W-09"],"caught_by":null,"cases":9,"microseconds":1,"broken":{{"W-09":3}}}}],"summary":{{}}}}"#
            )
        };
        let read = Kills::read(printed(1).as_bytes()).unwrap();
        assert_eq!(read.mutants[0].setting, "a\\u{202e}");
        assert_eq!(read.mutants[0].broken["W-09"], 3);
        assert!(Kills::read(printed(2).as_bytes()).is_err());
        assert!(Kills::read(b"{}").is_err());
    }
}
