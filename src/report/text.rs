//! Text for people: names made safe to print, columns as wide as they look, lists that do not run on.
//! It does not know what the names are names of.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

/// How many names a list holds before the rest is counted.
const NAMES_IN_A_LIST: usize = 4;

/// `text` without anything that could move the cursor, change the colour or turn the direction of writing: control and
/// format characters are shown by their code, for example `\u{1b}`.
#[must_use]
pub fn safe(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unseen(c) {
            write!(shown, "{}", c.escape_unicode()).expect("a String takes what is written");
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Whether a character is not seen and may act on what is: control characters, marks of direction, joiners, line
/// separators.
#[must_use]
pub fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// How many columns of a terminal `text` takes.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// The blanks that fill `text` up to `columns`.
#[must_use]
pub fn fill(text: &str, columns: usize) -> String {
    " ".repeat(columns.saturating_sub(width(text)))
}

/// `a`, `a and b`, `a, b and c`; of more than four the first three and how many more: `a, b, c and 7 more`.
#[must_use]
pub fn list<T: AsRef<str>>(names: &[T]) -> String {
    let shown = if names.len() > NAMES_IN_A_LIST { NAMES_IN_A_LIST - 1 } else { names.len() };
    let mut text = String::new();
    for (position, name) in names[..shown].iter().enumerate() {
        if position > 0 {
            text.push_str(if position + 1 == names.len() { " and " } else { ", " });
        }
        text.push_str(name.as_ref());
    }
    if shown < names.len() {
        text.push_str(&format!(" and {} more", grouped((names.len() - shown) as u64)));
    }
    text
}

/// `1 file`, `2 files`, `12,000 files`.
#[must_use]
pub fn count(number: u64, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {noun}{s}", grouped(number))
}

/// A number with a comma between thousands.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A line broken between words so that no line is longer than `columns`, continued lines indented by `indent`. A word
/// that is longer than a line stands alone.
#[must_use]
pub fn wrap(line: &str, columns: usize, indent: usize) -> String {
    let mut text = String::new();
    let mut used = 0;
    for word in line.split(' ') {
        let wide = width(word);
        if used > indent && used + 1 + wide > columns {
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            used = indent;
        } else if !text.is_empty() {
            text.push(' ');
            used += 1;
        }
        text.push_str(word);
        used += wide;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{count, fill, grouped, list, safe, width, wrap};

    #[test]
    fn names_from_outside_cannot_write_on_the_terminal() {
        assert_eq!(safe("bob's phone"), "bob's phone");
        assert_eq!(safe("\u{1b}[2Jx\r\n"), "\\u{1b}[2Jx\\u{d}\\u{a}");
        assert_eq!(safe("a\u{202e}b\u{200b}"), "a\\u{202e}b\\u{200b}");
        assert_eq!(safe("Größe 名前"), "Größe 名前");
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(width("名前"), 4);
        assert_eq!(fill("名前", 6), "  ");
        assert_eq!(fill("too long", 3), "");
    }

    #[test]
    fn a_list_counts_what_it_does_not_name() {
        assert_eq!(list::<&str>(&[]), "");
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b"]), "a and b");
        assert_eq!(list(&["a", "b", "c", "d"]), "a, b, c and d");
        assert_eq!(list(&["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
    }

    #[test]
    fn numbers_have_commas_and_nouns_a_plural() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(count(1, "file"), "1 file");
        assert_eq!(count(0, "file"), "0 files");
    }

    #[test]
    fn long_lines_break_between_words() {
        assert_eq!(wrap("one two three", 80, 2), "one two three");
        assert_eq!(wrap("one two three", 8, 2), "one two\n  three");
        assert_eq!(wrap("unbreakable word", 4, 2), "unbreakable\n  word");
    }
}
