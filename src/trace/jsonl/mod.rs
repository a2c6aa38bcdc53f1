//! A sink that writes every fact as one line of JSON as soon as it comes, with names in the place of ids.
//! It does not know where the lines go, nor what a fact means; `docs/trace-format.md` describes the lines.

mod line;
mod terms;

use std::io::{self, Write};

use crate::rulebook::reading::ReadingName;
use crate::scenario::model::Scenario;
use crate::trace::fact::{FACTS_VERSION, Fact, FactKind};
use crate::trace::sink::FactSink;

use self::line::{Line, Object, Term};

/// The version of the form of the lines; what the facts are is versioned by [`FACTS_VERSION`].
pub const TRACE_VERSION: u32 = 1;

/// Writes facts as lines of JSON. The first line is a header that names the cast.
///
/// A sink cannot fail, so the first error of the writer is kept, nothing is written after it, and
/// [`JsonLines::finish`] returns it.
#[derive(Debug)]
pub struct JsonLines<'a, W> {
    out: W,
    line: Line<'a>,
    failed: Option<io::Error>,
}

impl<'a, W: Write> JsonLines<'a, W> {
    /// Writes the header of a run of `scenario` under `reading` to `out`.
    pub fn begin(out: W, scenario: &'a Scenario, reading: ReadingName) -> Self {
        let mut lines = Self { out, line: Line::new(scenario), failed: None };
        header(&mut lines.line, scenario, reading);
        lines.end_line();
        lines
    }

    /// Flushes, and returns the writer.
    ///
    /// # Errors
    /// The first error that the writer returned since [`JsonLines::begin`].
    pub fn finish(mut self) -> io::Result<W> {
        match self.failed {
            Some(error) => Err(error),
            None => self.out.flush().map(|()| self.out),
        }
    }

    fn end_line(&mut self) {
        let Self { out, line, failed } = self;
        line.end(|text| {
            if failed.is_none() {
                *failed = out.write_all(text).err();
            }
        });
    }
}

impl<W: Write> FactSink for JsonLines<'_, W> {
    fn record(&mut self, fact: &Fact) {
        fact.put(&mut self.line);
        self.end_line();
    }
}

/// Writes one fact as a JSON object, as it stands in a line of a trace.
#[must_use]
pub fn fact_as_json(fact: &Fact, scenario: &Scenario) -> String {
    let mut line = Line::new(scenario);
    fact.put(&mut line);
    let mut text = String::new();
    line.end(|bytes| text.push_str(String::from_utf8_lossy(bytes).trim_end()));
    text
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

fn header(line: &mut Line<'_>, scenario: &Scenario, reading: ReadingName) {
    let bare = |name| Entry { name, of: None };
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
    });
}

impl Term for Fact {
    fn put(&self, line: &mut Line<'_>) {
        line.object(|object| {
            object.field("id", &self.id);
            object.field("at", &self.at);
            if self.clock != self.at {
                object.field("clock", &self.clock);
            }
            object.field("observer", &self.observer);
            object.field("fact", &fact_name(&self.kind));
            fields(&self.kind, object);
            object.array("causes", self.causes.iter());
        });
    }
}

/// The key of a field: its own name unless another is given.
macro_rules! key {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $key:literal) => {
        $key
    };
}

/// Declares the name of every kind of fact and writes its fields under their own names, or under the name behind
/// them: a row of a mailbox is a `to_device` in JSON, so that `message` is a room message everywhere.
macro_rules! kinds {
    ($($variant:ident $name:literal $(($single:ident))? $({ $($field:ident $($key:literal)?),* })?;)*) => {
        /// The name of a kind of fact in traces.
        #[must_use]
        pub const fn fact_name(kind: &FactKind) -> &'static str {
            match kind { $(FactKind::$variant { .. } => $name,)* }
        }

        /// All names, in the order of [`FactKind`].
        pub const FACT_NAMES: &[&str] = &[$($name,)*];

        fn fields(kind: &FactKind, object: &mut Object<'_, '_>) {
            match kind {
                $(FactKind::$variant $(($single))? $({ $($field),* })? => {
                    $(object.field(key!($single), $single);)?
                    $($(object.field(key!($field $($key)?), $field);)*)?
                })*
            }
        }
    };
}

kinds! {
    UserStep "user_step" (step);
    FaultStart "fault_start" (fault);
    FaultEnd "fault_end" (fault);
    RunEnd "run_end" (end);
    Member "member" { room, user, membership, seq };
    HistoryVisibility "history_visibility" { room, value, seq };
    Encryption "encryption" { room, rotation, seq };
    RoomSeen "room_seen" { device, room, seq, limited };
    MemberNotTold "member_not_told" { device, room, user };
    DeviceUp "device_up" { device, crypto };
    DeviceDeleted "device_deleted" { device };
    CrossSigned "cross_signed" { device };
    IdentitySet "identity_set" { user, master };
    IdentityMade "identity_made" { device, master };
    ListChangedAt "list_changed_at" { user };
    ListNote "list_note" { device, user, change };
    QueryStart "query_start" { device, user, query };
    QueryListed "query_listed" { device, query, listed, cross_signed };
    QueryEnd "query_end" { device, user, query, outcome };
    SharingSet "sharing_set" { device, share, with_invited };
    ReportingSet "reporting_set" { device, target, codes, strangers };
    VerifiedSet "verified_set" { device, target, verified };
    BlockedSet "blocked_set" { device, target, blocked };
    IdentityAcknowledged "identity_acknowledged" { device, user };
    OneTimeKeysUp "one_time_keys_up" { device, first, count };
    FallbackKeyUp "fallback_key_up" { device, key };
    UploadRefused "upload_refused" { device };
    Claim "claim" { device, target, claim };
    KeyHandedOut "key_handed_out" { target, key, fallback, claim };
    ClaimEnd "claim_end" { device, target, claim, outcome };
    KeyCounts "key_counts" { device, one_time, unused_fallback };
    PrivateKeyGone "private_key_gone" { device, key, why };
    OlmNew "olm_new" { device, peer, session, direction, why, key };
    OlmDropped "olm_dropped" { device, peer, session, why };
    OlmEncrypted "olm_encrypted" { device, peer, session, event, sender_keys, txn };
    OlmDecrypt "olm_decrypt" { device, peer, message "to_device", result };
    MegolmNew "megolm_new" { device, room, session };
    MegolmEncrypted "megolm_encrypted" { device, room, session, index, message };
    SendRefused "send_refused" { device, room, message, why };
    MessageAccepted "message_accepted" { room, message };
    MessageReceived "message_received" { device, message };
    KeyIn "key_in" { device, room, session, first, source, via };
    KeyRefused "key_refused" { device, session, first, via };
    KeyLost "key_lost" { device, session, why };
    Try "try" { device, message, result };
    Put "put" { device, txn, event_type, targets };
    PutTarget "put_target" { device, txn, recipient, content };
    PutAccepted "put_accepted" { device, txn };
    Enqueued "enqueued" { message "to_device", sender, recipient, txn, event_type, content };
    Lost "lost" { txn, recipient, message "to_device" };
    Listed "listed" { device, message "to_device" };
    Acknowledged "acknowledged" { device, message "to_device" };
    Processed "processed" { device, message "to_device", outcome };
    KeyRequested "key_requested" { device, session, request };
    RequestCancelled "request_cancelled" { device, request };
    LoggedOut "logged_out" { device };
    Crashed "crashed" { device };
    Restarted "restarted" { device };
    StoreRestored "store_restored" { device, snapshot };
    HealStart "heal_start" { first_probe };
}

#[cfg(test)]
mod tests;
