//! A word of a command line, quoted so that a shell reads it as it is.
//! It does not know what the word means.

use std::fmt::Write;

use crate::report::text::is_unseen;

/// `word` for a shell: as it is if it holds nothing that a shell looks at, in single quotes otherwise. Characters that
/// are not seen are spelled by their bytes, which needs the `$''` of bash, zsh and POSIX since 2024.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    if !word.chars().any(is_unseen) {
        return format!("'{}'", word.replace('\'', "'\\''"));
    }
    let mut spelled = String::from("$'");
    for c in word.chars() {
        match c {
            c if is_unseen(c) => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    write!(spelled, "\\x{byte:02x}").expect("a String takes what is written");
                }
            }
            '\'' | '\\' => spelled.extend(['\\', c]),
            c => spelled.push(c),
        }
    }
    spelled + "'"
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn only_what_needs_quotes_gets_them() {
        assert_eq!(quoted("scenarios/no_olm/x-1.json"), "scenarios/no_olm/x-1.json");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("a\u{1b}'\u{202e}\\b"), "$'a\\x1b\\'\\xe2\\x80\\xae\\\\b'");
        assert_eq!(quoted("it's; rm $x"), "'it'\\''s; rm $x'");
    }
}
