//! What each rule asks for in a sentence, where it comes from and how it can be judged.
//! It does not know how a rule is judged; `check` does.

mod asking;
pub mod document;
pub mod judgement;
mod notice;
mod permission;
mod recipient;
mod sharing;
pub mod source;
mod transport;

use crate::rulebook::rule::Rule;
use crate::rulebook::text::judgement::Judgement;
use crate::rulebook::text::source::Source;

/// What is told of a rule.
#[derive(Debug, Clone, Copy)]
struct Entry {
    rule: Rule,
    text: &'static str,
    source: Source,
    judgement: Judgement,
}

/// Declares the entries of a few families: rule, text, places, judgement.
macro_rules! texts {
    (
        $(#[$doc:meta])* $vis:vis const $name:ident:
        $($rule:ident $text:literal [$($document:ident $section:literal),+] $judgement:expr,)*
    ) => {
        $(#[$doc])*
        $vis const $name: &[Entry] = &[$(Entry {
            rule: Rule::$rule,
            text: $text,
            source: $crate::rulebook::text::source::Source::of(&[
                $($crate::rulebook::text::source::Place {
                    document: $crate::rulebook::text::document::Document::$document,
                    section: $section,
                },)+
            ]),
            judgement: $judgement,
        },)*];
    };
}
use texts;

/// The entries of all families.
const FAMILIES: &[&[Entry]] = &[
    sharing::SHARING,
    notice::NOTICE,
    recipient::RECIPIENT,
    transport::TRANSPORT,
    asking::ASKING,
    permission::PERMISSION,
];

/// How many rules there are.
const RULES: usize = Rule::ALL.len();

/// One entry for each rule, at the rule's position. A rule that has none, or two, does not compile.
static BOOK: [Entry; RULES] = whole(FAMILIES);

const fn whole(families: &[&[Entry]]) -> [Entry; RULES] {
    let mut found: [Option<Entry>; RULES] = [None; RULES];
    let mut family = 0;
    while family < families.len() {
        let entries = families[family];
        let mut position = 0;
        while position < entries.len() {
            let entry = entries[position];
            assert!(found[entry.rule as usize].is_none(), "a rule has two texts");
            found[entry.rule as usize] = Some(entry);
            position += 1;
        }
        family += 1;
    }
    let mut book = [families[0][0]; RULES];
    let mut rule = 0;
    while rule < RULES {
        book[rule] = found[rule].expect("each rule has a text");
        rule += 1;
    }
    book
}

impl Rule {
    /// What must hold, or may, in one sentence in lower case without a full stop, of 110 letters at the most. No two are equal.
    #[must_use]
    pub fn text(self) -> &'static str {
        BOOK[self as usize].text
    }

    /// Where it comes from.
    #[must_use]
    pub fn source(self) -> Source {
        BOOK[self as usize].source
    }

    /// How facts decide it.
    #[must_use]
    pub fn judgement(self) -> Judgement {
        BOOK[self as usize].judgement
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::document::Document;
    use super::judgement::Judgement;
    use super::{FAMILIES, whole};
    use crate::rulebook::rule::{Level, Rule};

    /// What is wrong with the style of a sentence.
    fn complaints(text: &str) -> Vec<&'static str> {
        let words: Vec<&str> = text.split(' ').collect();
        let mut complaints = Vec::new();
        if !text.starts_with(|c: char| c.is_ascii_lowercase()) {
            complaints.push("does not start in lower case");
        }
        if text.ends_with(|c: char| !c.is_ascii_alphanumeric()) {
            complaints.push("ends in a stop");
        }
        if text.chars().count() > 110 {
            complaints.push("is too long");
        }
        if words.len() < 5 || words.iter().any(|word| word.is_empty()) {
            complaints.push("is no sentence of words with one blank between them");
        }
        if text.chars().any(|c| !c.is_ascii() || c.is_ascii_control() || "`\"".contains(c)) {
            complaints.push("has letters that are not plain");
        }
        if ["MUST", "SHOULD", "MAY", ". "].iter().any(|mark| text.contains(mark)) {
            complaints.push("is not one plain sentence");
        }
        let names_a_rule = |word: &str| Rule::from_id(word.trim_matches(',')).is_some();
        if words.iter().any(|word| names_a_rule(word)) {
            complaints.push("needs another rule to be understood");
        }
        complaints
    }

    #[test]
    fn each_rule_is_one_plain_sentence() {
        for rule in Rule::ALL {
            assert_eq!(complaints(rule.text()), [""; 0], "{}: {}", rule.id(), rule.text());
        }
    }

    #[test]
    fn a_sentence_in_another_style_is_seen() {
        let long = format!("a device is {}told", "not ".repeat(30));
        for (text, said) in [
            ("A key is given to nobody else", "does not start in lower case"),
            ("a key is given to nobody else.", "ends in a stop"),
            (long.as_str(), "is too long"),
            ("a key is given", "is no sentence of words with one blank between them"),
            (
                "a key is  given to nobody else",
                "is no sentence of words with one blank between them",
            ),
            ("a `key` is given to nobody else", "has letters that are not plain"),
            ("a key MUST go to nobody else", "is not one plain sentence"),
            ("as in K-01, a key is given", "needs another rule to be understood"),
        ] {
            assert_eq!(complaints(text), [said], "{text}");
        }
    }

    #[test]
    fn no_two_rules_have_the_same_text() {
        let texts: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.text()).collect();
        assert_eq!(texts.len(), Rule::ALL.len());
    }

    #[test]
    fn the_book_is_looked_up_by_rule_and_not_by_place() {
        for entry in FAMILIES.iter().flat_map(|family| family.iter()) {
            assert_eq!(entry.rule.text(), entry.text, "{:?}", entry.rule);
            assert_eq!(entry.rule.source(), entry.source, "{:?}", entry.rule);
            assert_eq!(entry.rule.judgement(), entry.judgement, "{:?}", entry.rule);
        }
    }

    #[test]
    fn a_rule_with_no_text_or_with_two_makes_no_book() {
        let two = [FAMILIES, &[&FAMILIES[0][..1]]].concat();
        for (families, what) in [(&FAMILIES[1..], "none"), (two.as_slice(), "two")] {
            assert!(std::panic::catch_unwind(|| whole(families)).is_err(), "{what}");
        }
    }

    #[test]
    fn a_rule_that_is_judged_through_others_names_rules_that_are_judged() {
        for rule in Rule::ALL {
            if let Judgement::Through(others) = rule.judgement() {
                assert!(!others.is_empty(), "{rule:?}");
                let distinct: BTreeSet<&Rule> = others.iter().collect();
                assert_eq!(distinct.len(), others.len(), "{rule:?}");
                for other in others {
                    assert!(other.judgement().is_judged(), "{rule:?} is judged through {other:?}");
                }
            }
        }
    }

    /// Permissions that end somewhere: what goes beyond them is a breach, of themselves or of the rules that they point to.
    const LIMITED: &[Rule] = &[
        Rule::W01,
        Rule::W11,
        Rule::W15,
        Rule::W23,
        Rule::N01,
        Rule::N04,
        Rule::N09,
        Rule::U09,
        Rule::U13,
        Rule::B01,
    ];

    #[test]
    fn permissions_raise_nothing_and_nothing_else_permits() {
        for rule in Rule::ALL {
            let allows = match rule.level() {
                Level::Permitted => true,
                Level::May => !LIMITED.contains(rule),
                Level::Must
                | Level::MustNot
                | Level::Should
                | Level::ShouldNot
                | Level::Implied => {
                    assert!(!LIMITED.contains(rule), "{rule:?} is no permission");
                    false
                }
            };
            assert_eq!(rule.judgement() == Judgement::Permits, allows, "{rule:?}");
        }
    }

    #[test]
    fn what_no_fact_can_show_is_a_short_list_with_reasons() {
        let undecidable: Vec<(Rule, &str)> = Rule::ALL
            .iter()
            .filter_map(|rule| match rule.judgement() {
                Judgement::Undecidable(reason) => Some((*rule, reason)),
                Judgement::AtTheFacts
                | Judgement::AtRest
                | Judgement::InVerdicts
                | Judgement::Through(_)
                | Judgement::Permits => None,
            })
            .collect();
        let rules: Vec<Rule> = undecidable.iter().map(|(rule, _)| *rule).collect();
        assert_eq!(rules, [Rule::V06, Rule::U03, Rule::T08, Rule::Q03, Rule::F02]);
        for (rule, reason) in undecidable {
            assert!(reason.split(' ').count() >= 8, "{rule:?}: {reason}");
        }
    }

    #[test]
    fn every_rule_has_a_place_and_every_document_has_a_rule() {
        let mut cited = BTreeSet::new();
        for rule in Rule::ALL {
            let places = rule.source().places();
            assert!(!places.is_empty(), "{rule:?}");
            let distinct: BTreeSet<_> = places.iter().collect();
            assert_eq!(distinct.len(), places.len(), "{rule:?}");
            assert!(places.iter().all(|place| !place.section.trim().is_empty()), "{rule:?}");
            cited.extend(places.iter().map(|place| place.document));
        }
        assert_eq!(cited.into_iter().collect::<Vec<_>>(), Document::ALL);
    }

    #[test]
    fn each_document_has_a_name_and_an_address_of_its_own() {
        for of in [Document::short, Document::title, Document::url] {
            let distinct: BTreeSet<&str> = Document::ALL.iter().map(|one| of(*one)).collect();
            assert_eq!(distinct.len(), Document::ALL.len());
        }
        for document in Document::ALL {
            assert!(document.url().starts_with("https://github.com/matrix-org/"), "{document:?}");
            let (_, commit) = document.version().split_once("commit ").expect("it has a commit");
            let commit = commit.split(',').next().expect("a split has a first part");
            assert!(document.url().contains(commit), "{document:?} is read at {commit}");
        }
    }

    #[test]
    fn a_source_is_printed_as_a_list_of_places() {
        assert_eq!(
            Rule::F04.source().to_string(),
            "MSC2399: Interaction with key sharing; spec, end-to-end encryption: Reporting that decryption keys are withheld"
        );
    }
}
