//! The page of a survey: the table of rules, where the time went, and each finding, whose room has a page of its own beside it.
//! It does not judge anything; the rooms of findings are run once more to be drawn.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use withheld::report::explanation::Explained;
use withheld::report::page::{ANSWERS, Pictured, run_page};
use withheld::report::text::safe;
use withheld::rulebook::rule::Rule;
use withheld::run::judged::{Judging, run_one};
use withheld::run::why::widely_explained;
use withheld::store::atomic::AtomicFile;
use withheld::trace::sink::Trace;

use crate::casting::Casting;
use crate::glue::{NotTheCrate, not_the_crate};
use crate::role::Role;
use crate::simulator::SdkRooms;

use super::report::{CLIENT, Finding, Told, text};
use super::survey::Standing;

/// Nothing on the page does anything but show itself.
const HEAD: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
    <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n\
    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
    <meta name=\"color-scheme\" content=\"light dark\">\n\
    <style>html { color-scheme: light dark } body { font: 15px/1.5 system-ui, sans-serif; max-width: 75em; margin: 2em auto; padding: 0 1em }\n\
    table { border-collapse: collapse } td, th { border: 1px solid #8886; padding: .2em .6em; text-align: left; vertical-align: top }\n\
    td.number { text-align: right; font-variant-numeric: tabular-nums }\n\
    .broken { background: #d3302f33 } .warned { background: #f9a82533 } .held { background: #2e7d3226 }\n\
    pre { overflow-x: auto; padding: .6em; background: #8881 }\n\
    .summary { white-space: pre-wrap } tbody th { white-space: nowrap } .wide { overflow-x: auto }\n\
    @media print { html { color-scheme: light; font-size: 80% } body { max-width: none; margin: 0; font-size: 12px }\n\
    pre { white-space: pre-wrap; overflow-wrap: anywhere } tr { break-inside: avoid; print-color-adjust: exact }\n\
    h2, h3 { break-after: avoid } .wide { overflow: visible } }</style>\n";

/// Text inside of an element or an attribute.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in safe(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// The folder with the pages of rooms: beside the file, under its name.
fn folder(path: &Path) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}-rooms"))
}

/// Writes the page and those of its findings.
///
/// # Errors
/// The first error of the file system.
pub fn write(path: &Path, told: &Told<'_>) -> io::Result<()> {
    let rooms = folder(path);
    if !told.findings.is_empty() {
        fs::create_dir_all(&rooms)?;
    }
    for finding in told.findings {
        let mut file = AtomicFile::create(&rooms.join(format!("{}.html", finding.slug())))?;
        room_page(&mut file, finding)?;
        file.commit()?;
    }
    let name = rooms.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut file = AtomicFile::create(path)?;
    file.write_all(page(told, &name).as_bytes())?;
    file.commit()
}

/// The page of a finding's room, as it runs with the glue that `matrix-sdk` is.
fn room_page(out: &mut dyn Write, finding: &Finding) -> io::Result<()> {
    let casting = Casting::in_role(finding.role).stored_in(finding.store);
    let simulator = SdkRooms::default().cast(casting);
    let mut trace = Trace::default();
    let report = run_one(&simulator, &finding.scenario, Judging::STRICT, &mut trace);
    let why = widely_explained(&finding.scenario, report, trace, ANSWERS);
    let name = format!("{}.json", finding.slug());
    let replay = format!("withheld-matrix-sdk run {name}{}", finding.flags());
    let more = format!("withheld-matrix-sdk explain {name}");
    let explained = Explained { path: &name, scenario: &finding.scenario, why: &why, more: &more };
    run_page(out, &Pictured { explained, replay: &replay })
}

fn page(told: &Told<'_>, rooms: &str) -> String {
    let mut page = HEAD.to_owned();
    let _ =
        write!(page, "<title>{CLIENT} - withheld</title>\n</head>\n<body>\n<h1>{CLIENT}</h1>\n");
    let summary = text(&Told { findings: &[], ..*told });
    let _ = writeln!(page, "<pre class=\"summary\">{}</pre>", escaped_lines(&summary));
    page.push_str("<h2>What it broke</h2>\n");
    for finding in told.findings {
        finding_section(&mut page, finding, rooms);
    }
    page.push_str("<h2>Rule by rule</h2>\n");
    table(&mut page, told);
    page.push_str("</body>\n</html>\n");
    page
}

fn finding_section(page: &mut String, finding: &Finding, rooms: &str) {
    let slug = finding.slug();
    let _ = write!(
        page,
        "<h3 id=\"{slug}\">{}</h3>\n<p>{}</p>\n<p>In {} room{} ({}); the smallest was made of {}; {}. \
         <a href=\"{}/{slug}.html\">The room</a></p>\n<details><summary>As a file</summary><pre>{}</pre></details>\n",
        finding.breach.rule.id(),
        escaped(finding.breach.rule.text()),
        finding.count,
        if finding.count == 1 { "" } else { "s" },
        escaped(&finding.in_roles()),
        escaped(&finding.first),
        escaped(&finding.whose()),
        escaped(rooms),
        escaped_lines(&withheld::scenario::file::write_brief(&finding.scenario)),
    );
}

/// Text of several lines.
fn escaped_lines(text: &str) -> String {
    text.lines().map(escaped).collect::<Vec<_>>().join("\n")
}

fn table(page: &mut String, told: &Told<'_>) {
    let survey = told.survey;
    page.push_str(
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Rule by rule\">\n\
         <table aria-label=\"Rule by rule\"><thead><tr>",
    );
    let roles = Role::ALL.iter().map(|role| format!("as {}", role.as_str()));
    let columns = ["rule", "what it wants", "standing"].map(str::to_owned).into_iter().chain(roles);
    let columns = columns.chain(["applied", "why it is not judged"].map(str::to_owned));
    for column in columns {
        let _ = write!(page, "<th scope=\"col\">{column}</th>");
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for rule in Rule::ALL {
        let why = match not_the_crate(*rule) {
            Some(NotTheCrate::Glue(why) | NotTheCrate::Hidden(why)) => why,
            None => "",
        };
        let standing = survey.standing(*rule);
        let class = match standing {
            Standing::Broken => "broken",
            Standing::Warned => "warned",
            Standing::Held => "held",
            Standing::Glue | Standing::NotDecidable | Standing::OfOthers | Standing::NotReached => {
                "other"
            }
        };
        let _ = write!(
            page,
            "<tr class=\"{class}\"><th scope=\"row\">{}</th><td>{}</td><td>{}</td>",
            rule.id(),
            escaped(rule.text()),
            standing.as_str()
        );
        for role in Role::ALL {
            let _ = write!(page, "<td>{}</td>", survey.standing_in(*rule, role).as_str());
        }
        let _ = writeln!(
            page,
            "<td class=\"number\">{}</td><td>{}</td></tr>",
            survey.met(*rule),
            escaped(why)
        );
    }
    page.push_str("</tbody></table>\n</div>\n");
}
