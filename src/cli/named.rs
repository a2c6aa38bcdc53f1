//! Names in arguments that nothing has: the error, which says what they may be instead.
//! It does not know what is named.

use crate::report::text::{grouped, safe};
use crate::scenario::nearest::{by_likeness, nearest};

use super::failure::Failure;

/// Of more names than this only some are told.
const ALL: usize = 20;
/// How many of them.
const SOME: usize = 12;

/// Where `name`, the value of a flag that asks for one of `what`, stands among `known`; the error says that it is of another `kind`, if it
/// is.
pub(super) fn place(
    (flag, what): (&str, &str),
    name: &str,
    kind: Option<&str>,
    known: &[&str],
) -> Result<usize, Failure> {
    known.iter().position(|known| *known == name).ok_or_else(|| {
        let kind = kind.map_or_else(String::new, |kind| format!(", {kind}"));
        unknown(&format!("{flag}: found \"{}\"{kind}", safe(name)), what, name, known)
    })
}

/// The error of a name that nothing has: what was found, and the names of `what` that there are, with the one that was probably
/// meant, or those first that are most like it.
pub(super) fn unknown(found: &str, what: &str, name: &str, known: &[&str]) -> Failure {
    let expected = if known.is_empty() {
        format!("nothing, as there are no {what}")
    } else {
        format!("one of the {what} {}", told(name, known))
    };
    let hint = nearest(name, known.iter().copied())
        .map_or_else(String::new, |near| format!("; did you mean \"{}\"?", safe(near)));
    Failure::usage(format!("{found}, expected {expected}{hint}"))
}

/// All names; of many those that are most like `name`, and how many more there are.
fn told(name: &str, known: &[&str]) -> String {
    let sorted = by_likeness(name, known.iter().copied());
    let shown = if sorted.len() > ALL { SOME } else { sorted.len() };
    let names: Vec<String> = sorted[..shown].iter().map(|name| safe(name)).collect();
    match &names[..] {
        names if shown < sorted.len() => {
            format!("{} and {} more", names.join(", "), grouped((sorted.len() - shown) as u64))
        }
        [names @ .., last] if !names.is_empty() => format!("{} and {last}", names.join(", ")),
        names => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::{place, unknown};

    #[test]
    fn few_names_are_told_all_and_of_many_those_that_are_most_alike() {
        let of =
            |name: &str, known: &[&str]| unknown("found it", "things", name, known).to_string();
        assert_eq!(of("a", &[]), "error: found it, expected nothing, as there are no things\n");
        assert_eq!(of("a", &["b"]), "error: found it, expected one of the things b\n");
        assert_eq!(
            of("hallo", &["moon", "hello"]),
            "error: found it, expected one of the things hello and moon; did you mean \"hello\"?\n"
        );
        let many: Vec<String> = (0..1_000).map(|number| format!("m{number}")).collect();
        let mut many: Vec<&str> = many.iter().map(String::as_str).collect();
        many.push("the_last_word");
        let told = of("word_of_mine", &many);
        assert!(
            told.starts_with("error: found it, expected one of the things the_last_word, m0, m1,")
        );
        assert!(told.ends_with(", m10 and 989 more\n"), "{told}");
    }

    #[test]
    fn a_known_name_has_its_place() {
        assert_eq!(place(("--flag", "things"), "b", None, &["a", "b"]).ok(), Some(1));
        let error = place(("--flag", "things"), "\u{1b}c", Some("a cat"), &["a", "b"]);
        let expected =
            "error: --flag: found \"\\u{1b}c\", a cat, expected one of the things a and b\n";
        assert_eq!(error.unwrap_err().to_string(), expected);
    }
}
