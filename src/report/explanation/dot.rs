//! One explanation as a graph for Graphviz: a node for each fact, an edge from each cause.
//! It does not lay anything out.

use crate::explain::slice::Link;
use crate::report::narrate;
use crate::report::text::{safe, wrap};

use super::{Explained, Teller};

/// Labels are broken into lines of so many columns.
const COLUMNS: usize = 36;

/// The first of the explanations in the language of Graphviz.
#[must_use]
pub fn dot(explained: &Explained<'_>) -> String {
    let teller = Teller::new(explained);
    let mut text = String::from("digraph explanation {\n");
    text.push_str("  node [shape=box, fontname=\"sans-serif\"];\n");
    if let Some(answer) = explained.why.answers.first() {
        let title = teller.head(answer).title;
        text.push_str(&format!("  label=\"{}\";\n  labelloc=t;\n", escaped(&title)));
        for link in &answer.slice.links {
            text.push_str(&node(&teller, link));
        }
        for link in &answer.slice.links {
            for cause in &link.causes {
                text.push_str(&format!("  f{} -> f{};\n", cause.raw(), link.fact.id.raw()));
            }
        }
        if answer.slice.left_out > 0 {
            let left_out = answer.slice.left_out;
            text.push_str(&format!(
                "  rest [shape=plaintext, label=\"{left_out} more, further away, left out\"];\n"
            ));
        }
    }
    text.push_str("}\n");
    text
}

fn node(teller: &Teller<'_>, link: &Link) -> String {
    let fact = &link.fact;
    let said = wrap(&narrate::clause(&teller.names, fact), COLUMNS, 0);
    let said: Vec<String> = said.lines().map(escaped).collect();
    let style = if link.is_witness { ", style=bold" } else { "" };
    format!(
        "  f{0} [label=\"#{0} at {1}\\n{2}\"{style}];\n",
        fact.id.raw(),
        fact.at,
        said.join("\\n")
    )
}

/// Text inside of double quotes.
fn escaped(text: &str) -> String {
    safe(text).replace('\\', "\\\\").replace('"', "\\\"")
}
