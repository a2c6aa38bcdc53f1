//! The first line of a log: which form it has, who is in it, what was announced, and who records what.
//! It does not know the facts that follow.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::ids::UserId;
use crate::rulebook::reading::ReadingName;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::scenario::model::Scenario;
use crate::scenario::nearest::nearest;
use crate::time::SimTime;
use crate::trace::announced::Announced;
use crate::trace::fact::{FACTS_VERSION, Observer};
use crate::trace::recorded::Recorded;

use super::TRACE_VERSION;
use super::cursor::{Fields, Reading, Value, object_of};
use super::form::{Definitions, Form, object_schema};
use super::line::{Line, Term};
use super::names::{Names, Table};
use crate::trace::kind::{Kind, Kinds};

/// What a header says besides names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// What the log is about.
    pub(super) about: String,
    /// The faults that were announced.
    pub(super) faults: Vec<Announced>,
    /// Who records what; `None` if everything is there that anybody saw.
    pub(super) observes: Option<Vec<Recorded>>,
}

/// A row of the header's tables: a name and what it belongs to.
struct Entry<'a> {
    name: &'a str,
    of: Option<(&'static str, &'a str)>,
}

impl Term for Entry<'_> {
    fn put(&self, line: &mut Line<'_>) {
        line.object(|object| {
            object.field("name", &self.name);
            if let Some((key, owner)) = &self.of {
                object.field(key, owner);
            }
        });
    }
}

impl Term for Party {
    fn put(&self, line: &mut Line<'_>) {
        observer_of(*self).put(line);
    }
}

const fn observer_of(party: Party) -> Observer {
    match party {
        Party::Device(device) => Observer::Device(device),
        Party::Server(server) => Observer::Server(server),
        Party::World => Observer::World,
    }
}

const fn party_of(observer: Observer) -> Party {
    match observer {
        Observer::Device(device) => Party::Device(device),
        Observer::Server(server) => Party::Server(server),
        Observer::World => Party::World,
    }
}

impl Term for Announced {
    fn put(&self, line: &mut Line<'_>) {
        line.object(|object| {
            object.field("fault", &self.name.as_str());
            object.field("from", &self.from);
            object.array("parties", self.parties.iter());
            object.array("excuses", self.excuses.iter().map(|rule| rule.id()));
            object.array("cuts_off", self.cuts_off.iter());
            object.array("parts", self.parts.iter());
        });
    }
}

/// Writes the header of a run.
pub(super) fn put_header(line: &mut Line<'_>, scenario: &Scenario, reading: ReadingName) {
    let bare = |name| Entry { name, of: None };
    let faults = Announced::all(scenario);
    line.object(|object| {
        object.field("trace_version", &TRACE_VERSION);
        object.field("facts_version", &FACTS_VERSION);
        object.field("about", &scenario.about.as_str());
        object.field("seed", &scenario.seed);
        object.field("reading", &reading.as_str());
        object.array("servers", scenario.servers.iter().map(|server| bare(server.name.as_str())));
        object.array(
            "users",
            scenario.users.iter().map(|user| Entry {
                name: &user.name,
                of: Some(("server", &scenario.servers[user.server.index()].name)),
            }),
        );
        object.array(
            "devices",
            scenario.devices.iter().map(|device| Entry {
                name: &device.name,
                of: Some(("user", scenario.user_name(device.user))),
            }),
        );
        object.array("rooms", scenario.rooms.iter().map(|room| bare(room.name.as_str())));
        object.array("messages", scenario.messages.iter().map(|name| bare(name.as_str())));
        object.array("faults", faults.iter());
    });
}

/// Names of kinds that are shorter than this may be anything.
const CLEAR: usize = 6;

/// The fields of a header.
const FIELDS: [&str; 12] = [
    "trace_version",
    "facts_version",
    "about",
    "seed",
    "reading",
    "servers",
    "users",
    "devices",
    "rooms",
    "messages",
    "faults",
    "observes",
];

/// Reads a header, whose names join those of other logs: what has one name in two of them is the same.
pub(super) fn read_header(line: &str, names: &mut Names) -> Reading<Header> {
    let mut fields = object_of(line)?;
    version(&mut fields, "trace_version", TRACE_VERSION)?;
    version(&mut fields, "facts_version", FACTS_VERSION)?;
    fields.no_slips(&FIELDS)?;
    let about = match fields.find("about") {
        Some(about) => about.string("a text")?.into_owned(),
        None => String::new(),
    };
    declared(rows(&mut fields, "servers")?, &mut names.servers)?;
    let mut once = BTreeSet::new();
    for user in rows(&mut fields, "users")? {
        let server = owner(user, "server")?;
        let server = names.server(server)?;
        let known = declare(&mut names.users, user, &mut once)?;
        belongs(known, user, (&mut names.homes, server))?;
    }
    once.clear();
    for device in rows(&mut fields, "devices")? {
        let user = owner(device, "user")?;
        let user: UserId = names.user(user)?;
        let known = declare(&mut names.devices, device, &mut once)?;
        belongs(known, device, (&mut names.owners, user))?;
    }
    declared(rows(&mut fields, "rooms")?, &mut names.rooms)?;
    if fields.find("messages").is_some() {
        declared(rows(&mut fields, "messages")?, &mut names.messages)?;
    }
    let faults = faults(&mut fields, names)?;
    names.faults += faults.len();
    let observes = fields.find("observes").map(|value| observes(value, names)).transpose()?;
    Ok(Header { about, faults, observes })
}

fn version(fields: &mut Fields<'_>, key: &'static str, ours: u32) -> Reading<()> {
    let value = fields.need(key)?;
    let expected = format!("{ours}, the version that this program knows");
    match value.number(&expected)? {
        found if found == u64::from(ours) => Ok(()),
        _ => Err(value.unexpected(&expected)),
    }
}

fn rows<'t>(fields: &mut Fields<'t>, key: &'static str) -> Reading<Vec<Value<'t>>> {
    fields.need(key)?.array("a list of objects with a `name`")
}

/// Declares the name of a row: its id, and whether it is new. Two rows of one header are never the same thing, so no name comes twice
/// in `once`; but two logs may declare one thing each.
fn declare(table: &mut Table, row: Value<'_>, once: &mut BTreeSet<u32>) -> Reading<(u32, bool)> {
    let name = row.object("an object with a `name`")?.need("name")?;
    let (id, is_new) = table.add(&name.string("a name")?);
    if !once.insert(id) {
        return Err(name.unexpected("each name once"));
    }
    Ok((id, is_new))
}

/// Declares rows that belong to nothing.
fn declared(rows: Vec<Value<'_>>, table: &mut Table) -> Reading<()> {
    let mut once = BTreeSet::new();
    rows.into_iter().try_for_each(|row| declare(table, row, &mut once).map(|_| ()))
}

fn owner<'t>(row: Value<'t>, key: &'static str) -> Reading<Value<'t>> {
    row.object("an object with a `name`")?.need(key)
}

/// Notes what a new thing belongs to; a known one must belong to the same.
fn belongs<T: Copy + PartialEq>(
    (id, new): (u32, bool),
    row: Value<'_>,
    (owners, owner): (&mut Vec<T>, T),
) -> Reading<()> {
    if new {
        owners.push(owner);
    } else if owners[id as usize] != owner {
        return Err(row.unexpected("one owner for each name, the same everywhere"));
    }
    Ok(())
}

fn faults(fields: &mut Fields<'_>, names: &mut Names) -> Reading<Vec<Announced>> {
    let Some(list) = fields.find("faults") else { return Ok(Vec::new()) };
    let mut faults = Vec::new();
    for fault in list.array("a list of announced faults")? {
        let mut fault = fault.object("an object with `fault`, `from`, `parties` and `excuses`")?;
        let name = fault.need("fault")?.string("what the fault is called")?.into_owned();
        let from = SimTime::read(fault.need("from")?, names)?;
        let parties = parties_of(fault.need("parties")?, names)?;
        let mut excuses = Vec::new();
        for rule in fault.need("excuses")?.array("a list of rules")? {
            const EXPECTED: &str = "the id of a rule, such as \"W-09\"";
            let id = rule.string(EXPECTED)?;
            excuses.push(Rule::from_id(&id).ok_or_else(|| rule.unexpected(EXPECTED))?);
        }
        // Whoever is made faulty may be cut off, unless the header tells more.
        let cuts_off = match fault.find("cuts_off") {
            Some(list) => parties_of(list, names)?,
            None => parties.clone(),
        };
        let parts = match fault.find("parts") {
            Some(list) => parties_of(list, names)?,
            None => parties.clone(),
        };
        faults.push(Announced { name, from, parties, excuses, cuts_off, parts });
    }
    Ok(faults)
}

fn parties_of(list: Value<'_>, names: &mut Names) -> Reading<Vec<Party>> {
    let parties = list.array("a list of parties")?.into_iter();
    parties.map(|party| Observer::read(party, names).map(party_of)).collect()
}

fn observes(value: Value<'_>, names: &mut Names) -> Reading<Vec<Recorded>> {
    const EXPECTED: &str = "\"all\" or a list of kinds of facts";
    let mut all = Vec::new();
    for entry in value.array("a list of objects with `observer` and `facts`")? {
        let mut entry = entry.object("an object with `observer` and `facts`")?;
        let observer = Observer::read(entry.need("observer")?, names)?;
        let listed = entry.need("facts")?;
        if listed.raw() == "\"all\"" {
            all.push(Recorded { observer, kinds: Kinds::ALL });
            continue;
        }
        let mut facts = Kinds::NONE;
        for kind in listed.array(EXPECTED)? {
            let text = kind.string("the name of a kind of fact")?;
            // A kind that only later programs know is no kind that is judged here.
            match Kind::from_name(&text) {
                Some(name) => facts = facts.or(Kinds::of(&[name])),
                None => no_slip(kind, &text)?,
            }
        }
        all.push(Recorded { observer, kinds: facts });
    }
    Ok(all)
}

/// An error for the name of a kind that is not known and looks like one that is, misspelt.
pub(super) fn no_slip(value: Value<'_>, name: &str) -> Reading<()> {
    // A short one is as near to many.
    let name = if name.len() < CLEAR { "" } else { name };
    match nearest(name, Kind::ALL.iter().map(|kind| kind.as_str())) {
        Some(meant) => Err(value.unexpected(&format!("a kind of fact, such as `{meant}`"))),
        None => Ok(()),
    }
}

/// The schema of a header.
pub(super) fn header_schema(definitions: &mut Definitions) -> Json {
    let text = || json!({ "type": "string" });
    let list = |items: Json| json!({ "type": "array", "items": items });
    let row = |owner: Option<&'static str>| {
        let owner = owner.map(|owner| (owner, text(), true));
        object_schema([("name", text(), true)].into_iter().chain(owner).collect())
    };
    let rules: Vec<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
    let party = Observer::schema(definitions);
    let fault = object_schema(vec![
        ("fault", text(), true),
        ("from", SimTime::schema(definitions), true),
        ("parties", list(party.clone()), true),
        ("excuses", list(json!({ "enum": rules })), true),
        ("cuts_off", list(party.clone()), false),
        ("parts", list(party.clone()), false),
    ]);
    let kinds = json!({ "anyOf": [{ "const": "all" }, list(text())] });
    let observes = object_schema(vec![("observer", party, true), ("facts", kinds, true)]);
    object_schema(vec![
        ("trace_version", json!({ "const": TRACE_VERSION }), true),
        ("facts_version", json!({ "const": FACTS_VERSION }), true),
        ("about", text(), false),
        ("servers", list(row(None)), true),
        ("users", list(row(Some("server"))), true),
        ("devices", list(row(Some("user"))), true),
        ("rooms", list(row(None)), true),
        ("messages", list(row(None)), false),
        ("faults", list(fault), false),
        ("observes", list(observes), false),
    ])
}
