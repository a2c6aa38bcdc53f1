//! What is measured of a run: the names of the figures, their units, and the figures of one run.
//! It does not know how a figure is come by.

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// Things.
    Count,
    /// Bytes.
    Bytes,
    /// Milliseconds of virtual time.
    Milliseconds,
    /// Parts of a thousand.
    Permille,
    /// Messages times seconds of virtual time.
    MessageSeconds,
}

impl Unit {
    /// The name in data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Bytes => "bytes",
            Self::Milliseconds => "ms",
            Self::Permille => "permille",
            Self::MessageSeconds => "message_seconds",
        }
    }
}

/// Declares the measures with their names in data, their units and what they are.
macro_rules! measures {
    ($($(#[doc = $doc:literal])+ $variant:ident $name:literal $unit:ident,)*) => {
        /// Something that is measured of every run.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Measure { $($(#[doc = $doc])+ $variant,)* }

        impl Measure {
            /// All measures.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in data.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it is, in words.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim(),)* }
            }

            /// What its figures count.
            #[must_use]
            pub const fn unit(self) -> Unit {
                match self { $(Self::$variant => Unit::$unit,)* }
            }
        }
    };
}

measures! {
    /// To-device messages that the sender's server accepted, one for each device that a request names.
    Messages "messages" Count,
    /// Room keys among them.
    Keys "keys" Count,
    /// Forwarded room keys among them.
    ForwardedKeys "forwarded_keys" Count,
    /// Withheld notices among them, of any code and type.
    Notices "notices" Count,
    /// Notices with the code `m.blacklisted`.
    Blacklisted "notices_blacklisted" Count,
    /// Notices with the code `m.unverified`.
    Unverified "notices_unverified" Count,
    /// Notices with the code `m.unauthorised`.
    Unauthorised "notices_unauthorised" Count,
    /// Notices with the code `m.unavailable`.
    Unavailable "notices_unavailable" Count,
    /// Notices with the code `m.no_olm`.
    NoOlm "notices_no_olm" Count,
    /// Notices with the code `m.history_not_shared`.
    HistoryNotShared "notices_history_not_shared" Count,
    /// Notices without a code that is known.
    OtherNotices "notices_other" Count,
    /// `m.dummy` among the messages: what a new Olm session is announced with.
    Dummies "dummies" Count,
    /// Key requests and cancellations among the messages.
    KeyRequests "key_requests" Count,
    /// Other messages, such as those that tell of a history bundle.
    OtherMessages "messages_other" Count,
    /// Bytes of the JSON bodies of all sendToDevice requests, repetitions included.
    Bytes "bytes" Bytes,
    /// Bytes of the contents of notices in them.
    NoticeBytes "notice_bytes" Bytes,
    /// All requests but syncs.
    Requests "requests" Count,
    /// sendToDevice requests, repetitions included.
    SendToDevice "requests_send_to_device" Count,
    /// keys/claim requests, each for any number of devices.
    ClaimRequests "requests_claim" Count,
    /// keys/query requests, each for any number of users.
    QueryRequests "requests_query" Count,
    /// Sync requests: a to-device message ends the wait of one.
    Syncs "requests_sync" Count,
    /// Claims: devices for which a one-time key was asked, each time.
    Claims "claims" Count,
    /// One-time keys that were handed out to who claimed them.
    OneTimeKeys "one_time_keys" Count,
    /// How often a fallback key was handed out to who claimed it.
    FallbackKeys "fallback_keys" Count,
    /// The most messages that ever waited in one mailbox.
    MailboxMax "mailbox_max" Count,
    /// The median over devices of the most messages that ever waited in the mailbox.
    MailboxP50 "mailbox_p50" Count,
    /// The 99th percentile over devices of the most messages that ever waited in the mailbox.
    MailboxP99 "mailbox_p99" Count,
    /// How long messages waited in mailboxes, all together.
    MailboxWait "mailbox_wait" MessageSeconds,
    /// Messages at devices that are members' when it is sent and that the sender knows of.
    Cells "cells" Count,
    /// Cells in which the message was decrypted in the end.
    Decrypted "decrypted" Count,
    /// Cells in which it was not, and the device showed why in the end.
    Explained "explained" Count,
    /// Cells in which it was not, and the device could not say why.
    Unexplained "unexplained" Count,
    /// Cells that were not decided when the run ended.
    Pending "pending" Count,
    /// Explained cells among those in which the message was not decrypted; nothing if it was in all.
    ExplainedShare "explained_share" Permille,
    /// The median of the time from the arrival of a message at a device to its explanation.
    ExplainP50 "explain_p50" Milliseconds,
    /// The 99th percentile of the time from the arrival of a message at a device to its explanation.
    ExplainP99 "explain_p99" Milliseconds,
    /// The median of the time from the arrival of a message at a device to its decryption.
    DecryptP50 "decrypt_p50" Milliseconds,
    /// The 99th percentile of the time from the arrival of a message at a device to its decryption.
    DecryptP99 "decrypt_p99" Milliseconds,
    /// Breaches of the rules against telling again what was told: W-09, W-11, N-02, N-03.
    Spam "spam" Count,
    /// Breaches of the rules on who gets keys, and from where on.
    WrongHands "wrong_hands" Count,
    /// Other breaches that count against somebody.
    OtherBreaches "other_breaches" Count,
    /// Messages decrypted at devices that the sender's user had not verified when it was sent.
    UnverifiedReaders "unverified_readers" Count,
    /// Messages that were never sent.
    Unsent "unsent" Count,
}

/// The figures of one run; a measure without a value has none to be taken of that run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    values: [Option<u64>; Measure::ALL.len()],
}

impl Default for Figures {
    fn default() -> Self {
        Self { values: [None; Measure::ALL.len()] }
    }
}

impl Figures {
    /// The figure of a measure.
    #[must_use]
    pub const fn get(&self, measure: Measure) -> Option<u64> {
        self.values[measure as usize]
    }

    /// Sets a figure.
    pub(super) const fn set(&mut self, measure: Measure, value: u64) {
        self.values[measure as usize] = Some(value);
    }
}

/// The value below which `percent` of a hundred of these sorted values lie, by nearest rank; `None` without values.
pub(super) fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Measure, percentile};

    #[test]
    fn measures_have_names_of_their_own_and_say_what_they_are() {
        let names: BTreeSet<&str> = Measure::ALL.iter().map(|measure| measure.as_str()).collect();
        assert_eq!(names.len(), Measure::ALL.len());
        for measure in Measure::ALL {
            assert!(measure.about().ends_with('.'), "{}", measure.as_str());
        }
    }

    #[test]
    fn every_measure_is_documented() {
        let page = include_str!("../../docs/overhead.md");
        for measure in Measure::ALL {
            let (name, unit) = (measure.as_str(), measure.unit().as_str());
            let line = format!("| `{name}` | {unit} | {} |\n", measure.about());
            assert!(page.contains(&line), "docs/overhead.md lacks {line}");
        }
    }

    #[test]
    fn a_percentile_is_a_value_that_was_there() {
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!(percentile(&hundred, 50), Some(50));
        assert_eq!(percentile(&hundred, 99), Some(99));
        assert_eq!(percentile(&[7], 50), Some(7));
        assert_eq!(percentile(&[7, 9], 50), Some(7));
        assert_eq!(percentile(&[7, 9], 99), Some(9));
        assert_eq!(percentile(&[], 50), None);
    }
}
