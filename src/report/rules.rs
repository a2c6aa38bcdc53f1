//! The rule book as a list: what each rule asks, where that stands, and how often it was met and broken.
//! It does not run anything; a survey is handed in.

use serde::Serialize;

use crate::rulebook::rule::{Actor, Level, Rule};
use crate::rulebook::text::judgement::Judgement;
use crate::run::survey::Survey;
use crate::scenario::mutant::Mutant;

use super::paint::{Paint, Tone};
use super::text::{count, fill, grouped, safe, wrap};

/// How many files are named with a rule.
const FILES: usize = 3;
/// Where the text of a rule begins.
const INDENT: usize = 6;

/// The list as text: a line of figures for each rule, its text, its source, and who shows it.
#[must_use]
pub fn rules_view(rules: &[Rule], survey: &Survey, columns: usize, paint: Paint) -> String {
    let rules_counted = count(rules.len() as u64, "rule");
    let mut text = if survey.runs > 0 {
        format!("{rules_counted}, {} of scenario files\n\n", count(survey.runs, "run"))
    } else {
        let unknown = "no scenario files were found, so how often each was met is not known (--scenarios PATH names some)";
        format!("{}\n\n", wrap(&format!("{rules_counted}; {unknown}"), columns, 0))
    };
    for rule in rules {
        one_rule(*rule, survey, (columns, paint), &mut text);
    }
    text.push_str(&totals(rules, survey));
    text
}

fn one_rule(rule: Rule, survey: &Survey, (columns, paint): (usize, Paint), text: &mut String) {
    let entry = survey.of(rule);
    let tone = if entry.broken > 0 { Tone::Bad } else { Tone::Heading };
    let head = format!("{}  {} {}", rule.id(), actor(rule.actor()), level(rule.level()));
    paint.push(tone, &head, text);
    let figures = figures(rule, survey);
    if !figures.is_empty() {
        text.push_str(&fill(&head, 30));
        text.push_str(&figures);
    }
    text.push('\n');
    let mut push = |line: String| {
        text.push_str(&" ".repeat(INDENT));
        text.push_str(&wrap(&line, columns.saturating_sub(INDENT), INDENT));
        text.push('\n');
    };
    push(rule.text().to_owned());
    push(format!("{}; {}", rule.source(), judgement(rule.judgement())));
    if !entry.files.is_empty() {
        let named: Vec<String> = entry.files.iter().take(FILES).map(|name| safe(name)).collect();
        let more = entry.files.len() - named.len();
        let more =
            if more > 0 { format!(" and {} more", grouped(more as u64)) } else { String::new() };
        push(format!("shown in {}{more}", named.join(", ")));
    }
    let mutants = mutants(rule);
    if !mutants.is_empty() {
        push(format!("catches {}", mutants.join(", ")));
    }
    text.push('\n');
}

/// The ids of the mutants that the rule must catch.
fn mutants(rule: Rule) -> Vec<&'static str> {
    let caught = Mutant::ALL.iter().filter(|mutant| mutant.caught_by().contains(&rule));
    caught.map(|mutant| mutant.id()).collect()
}

/// How often it was met and broken; nothing where nobody looked.
fn figures(rule: Rule, survey: &Survey) -> String {
    let entry = survey.of(rule);
    if !rule.judgement().is_judged() {
        return "is not judged by itself".to_owned();
    }
    if survey.runs == 0 {
        return String::new();
    }
    let mut parts = vec![format!("met {}", times(survey.met(rule)))];
    for (number, what) in [
        (entry.broken, "broken"),
        (entry.warned, "warned of"),
        (entry.injected, "broken by announced faults"),
    ] {
        if number > 0 {
            parts.push(format!("{what} {}", times(number)));
        }
    }
    parts.join(", ")
}

fn times(number: u64) -> String {
    match number {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        more => format!("{} times", grouped(more)),
    }
}

/// How many rules are judged, met and broken.
fn totals(rules: &[Rule], survey: &Survey) -> String {
    let number =
        |is: &dyn Fn(&Rule) -> bool| grouped(rules.iter().filter(|rule| is(rule)).count() as u64);
    let judged = |rule: &Rule| rule.judgement().is_judged();
    let looked = if survey.runs > 0 {
        format!(
            ", {} of them met, {} broken",
            number(&|rule| judged(rule) && survey.met(*rule) > 0),
            number(&|rule| survey.of(*rule).broken > 0),
        )
    } else {
        String::new()
    };
    format!(
        "{} judged{looked}; {} follow from others, {} permit, {} cannot be decided\n",
        number(&judged),
        number(&|rule| matches!(rule.judgement(), Judgement::Through(_))),
        number(&|rule| rule.judgement() == Judgement::Permits),
        number(&|rule| matches!(rule.judgement(), Judgement::Undecidable(_))),
    )
}

fn actor(actor: Actor) -> &'static str {
    match actor {
        Actor::Sender => "sender",
        Actor::Recipient => "recipient",
        Actor::Server => "server",
        Actor::Both => "both",
        Actor::Checker => "judge",
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Must => "MUST",
        Level::MustNot => "MUST NOT",
        Level::Should => "SHOULD",
        Level::ShouldNot => "SHOULD NOT",
        Level::May => "MAY",
        Level::Implied => "implied",
        Level::Permitted => "permitted",
    }
}

/// How a rule is decided.
fn judgement(judgement: Judgement) -> String {
    match judgement {
        Judgement::AtTheFacts => "judged at the fact that breaks it".to_owned(),
        Judgement::AtRest => "judged when everything has come to rest".to_owned(),
        Judgement::InVerdicts => "judged by what became of each message at each device".to_owned(),
        Judgement::Through(rules) => {
            let ids: Vec<&str> = rules.iter().map(|rule| rule.id()).collect();
            format!("judged through {}", ids.join(", "))
        }
        Judgement::Permits => "permits, and raises nothing".to_owned(),
        Judgement::Undecidable(why) => format!("not decided by facts: {why}"),
    }
}

/// The list as data.
#[derive(Debug, Serialize)]
pub struct RulesDocument<'a> {
    format_version: u32,
    runs: u64,
    rules: Vec<RuleEntry<'a>>,
}

#[derive(Debug, Serialize)]
struct RuleEntry<'a> {
    rule: &'static str,
    actor: &'static str,
    level: &'static str,
    text: &'static str,
    source: String,
    judgement: String,
    judged: bool,
    met: u64,
    broken: u64,
    warned: u64,
    injected: u64,
    mutants: Vec<&'static str>,
    files: &'a [String],
}

/// The list as data, for a JSON writer.
#[must_use]
pub fn rules_document<'a>(rules: &[Rule], survey: &'a Survey) -> RulesDocument<'a> {
    let entry = |rule: &Rule| {
        let rule = *rule;
        let known = survey.of(rule);
        RuleEntry {
            rule: rule.id(),
            actor: actor(rule.actor()),
            level: level(rule.level()),
            text: rule.text(),
            source: rule.source().to_string(),
            judgement: judgement(rule.judgement()),
            judged: rule.judgement().is_judged(),
            met: survey.met(rule),
            broken: known.broken,
            warned: known.warned,
            injected: known.injected,
            mutants: mutants(rule),
            files: &known.files,
        }
    };
    RulesDocument { format_version: 1, runs: survey.runs, rules: rules.iter().map(entry).collect() }
}

#[cfg(test)]
mod tests {
    use super::{rules_document, rules_view};
    use crate::check::outcome::Outcome;
    use crate::report::paint::Paint;
    use crate::rulebook::rule::Rule;
    use crate::run::survey::Survey;
    use crate::scenario::sample::room_of;
    use crate::trace::fact::RunEnd;

    #[test]
    fn every_rule_is_listed_with_its_text_and_source() {
        let text = rules_view(Rule::ALL, &Survey::default(), 100, Paint::Plain);
        for rule in Rule::ALL {
            assert!(text.contains(&format!("{}  ", rule.id())), "{} is missing", rule.id());
        }
        assert!(text.lines().all(|line| line.chars().count() <= 100));
    }

    #[test]
    fn a_rule_counts_as_never_met_only_where_somebody_looked() {
        let unseen = rules_view(&[Rule::W09, Rule::V06], &Survey::default(), 200, Paint::Plain);
        assert!(
            unseen.starts_with("2 rules; no scenario files were found, so how often"),
            "{unseen}"
        );
        assert!(unseen.contains("\nW-09  sender SHOULD\n"), "{unseen}");
        assert!(!unseen.contains("never"), "{unseen}");
        assert!(
            unseen.ends_with("\n1 judged; 0 follow from others, 0 permit, 1 cannot be decided\n")
        );
        let mut looked = Survey::default();
        looked.add("a.json", &room_of(1, 1), &Outcome::empty(RunEnd::Quiescent));
        let seen = rules_view(&[Rule::W09], &looked, 200, Paint::Plain);
        assert!(seen.starts_with("1 rule, 1 run of scenario files\n"), "{seen}");
        assert!(seen.contains("W-09  sender SHOULD           met never\n"), "{seen}");
        assert!(seen.contains("1 judged, 0 of them met, 0 broken;"), "{seen}");
    }

    #[test]
    fn the_same_stands_in_the_data() {
        let survey = Survey::default();
        let document = rules_document(&[Rule::W09, Rule::V06], &survey);
        let json = serde_json::to_value(document).unwrap();
        assert_eq!(json["rules"][0]["rule"], "W-09");
        assert_eq!(json["rules"][0]["judged"], true);
        assert_eq!(json["rules"][0]["mutants"][0], "X01");
        assert_eq!(json["rules"][1]["judged"], false);
        assert_eq!(json["rules"][1]["met"], 0);
    }
}
