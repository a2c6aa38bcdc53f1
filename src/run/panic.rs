//! Panics of what is run, caught and told by place and words instead of on the error stream.
//! It does not know what was run, nor whose doing a panic is.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

/// How much of a message is kept.
const CHARS: usize = 200;

/// A panic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panic {
    /// Its message, in one line.
    pub message: String,
    /// The file and the line in it; nothing if somebody else listens to panics.
    pub place: Option<String>,
}

impl Panic {
    /// Whether it is the same as another one, in a room where numbers may be others.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.kind() == other.kind()
    }

    /// What makes it the same as others: its place, and its words without the numbers.
    #[must_use]
    pub fn kind(&self) -> String {
        let place = self.place.as_deref().unwrap_or("-");
        format!("{place} {}", without_numbers(&self.message))
    }

    /// Place and message, in words.
    #[must_use]
    pub fn told(&self) -> String {
        match &self.place {
            Some(place) => format!("at {place}: {}", self.message),
            None => self.message.clone(),
        }
    }
}

/// What a message says whatever its numbers are.
fn without_numbers(message: &str) -> String {
    let mut said = String::new();
    for letter in message.chars() {
        match (letter.is_ascii_digit(), said.ends_with('0')) {
            (true, true) => {}
            (true, false) => said.push('0'),
            (false, _) => said.push(letter),
        }
    }
    said
}

thread_local! {
    /// Where the last panic of this thread was, while it is listened to.
    static LISTENING: Cell<Option<Option<String>>> = const { Cell::new(None) };
}

/// Does `run` and gives back its panic if it does not come to an end. What it shares with others must bear that.
///
/// # Errors
/// If it panics.
pub fn caught<T>(run: impl FnOnce() -> T) -> Result<T, Panic> {
    listen();
    let before = LISTENING.replace(Some(None));
    let ran = catch_unwind(AssertUnwindSafe(run));
    let place = LISTENING.replace(before).flatten();
    ran.map_err(|panic| Panic { message: message_of(&*panic), place })
}

/// Has panics that are listened to kept instead of printed. Making a room small runs into the same one many times.
fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            if LISTENING.take().is_some() {
                let place = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
                LISTENING.set(Some(place));
            } else {
                before(info);
            }
        }));
    });
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let line = text.and_then(|text| text.lines().next()).unwrap_or("without a message");
    line.chars().take(CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::caught;

    fn of(number: u32) -> super::Panic {
        caught(|| panic!("found {number} devices\nand more")).unwrap_err()
    }

    #[test]
    fn what_panics_is_told_by_place_and_first_line() {
        assert_eq!(caught(|| 3), Ok(3));
        let panic = of(12);
        assert_eq!(panic.message, "found 12 devices");
        assert!(panic.place.as_ref().is_some_and(|place| place.contains("panic.rs:")));
        assert!(panic.told().ends_with(": found 12 devices"));
    }

    #[test]
    fn numbers_make_no_difference_and_words_and_places_do() {
        assert!(of(3).is_same(&of(121)));
        let here = caught(|| panic!("found 3 devices")).unwrap_err();
        assert!(!here.is_same(&of(3)), "another place");
        let said = |words: &'static str| caught(|| panic!("{words}")).unwrap_err();
        assert!(!said("found a device").is_same(&said("found no device")));
    }

    #[test]
    fn a_panic_inside_of_one_that_is_caught_leaves_the_outer_one_alone() {
        let outer = caught(|| {
            let inner = of(1);
            panic!("after {}", inner.message)
        });
        let panic = outer.unwrap_err();
        assert_eq!(panic.message, "after found 1 devices");
        assert!(panic.place.is_some());
    }
}
