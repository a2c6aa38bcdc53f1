//! One-time and fallback keys: how often each was handed out, and how its private part went.
//! It does not know which message was built on which key.

use crate::check::view::pairs::row;
use crate::ids::{FactId, KeyValue};
use crate::trace::fact::LossCause;

/// One key.
#[derive(Debug, Clone, Copy, Default)]
struct Key {
    handed_out: Option<FactId>,
    again: Option<FactId>,
    gone: Option<(LossCause, FactId)>,
}

/// All keys, by value.
#[derive(Debug, Clone, Default)]
pub(crate) struct OneTimeKeys {
    keys: Vec<Key>,
}

impl OneTimeKeys {
    /// A server handed the key out. A fallback key may be handed out any number of times.
    pub(crate) fn handed_out(&mut self, key: KeyValue, fallback: bool, fact: FactId) {
        let key = row(&mut self.keys, key.index());
        if !fallback {
            if key.handed_out.is_some() {
                key.again.get_or_insert(fact);
            }
            key.handed_out.get_or_insert(fact);
        }
    }

    /// The device no longer has the private part. The first reason is kept, because it is the one that matters to
    /// messages that were built on the key.
    pub(crate) fn gone(&mut self, key: KeyValue, why: LossCause, fact: FactId) {
        row(&mut self.keys, key.index()).gone.get_or_insert((why, fact));
    }

    /// The first time that a server handed out this one-time key.
    pub(crate) fn first_handed_out(&self, key: KeyValue) -> Option<FactId> {
        self.keys.get(key.index())?.handed_out
    }

    /// The second time that a server handed out this one-time key.
    pub(crate) fn handed_out_again(&self, key: KeyValue) -> Option<FactId> {
        self.keys.get(key.index())?.again
    }

    /// How the private part went.
    pub(crate) fn loss(&self, key: KeyValue) -> Option<(LossCause, FactId)> {
        self.keys.get(key.index())?.gone
    }
}

#[cfg(test)]
mod tests {
    use super::OneTimeKeys;
    use crate::ids::{FactId, KeyValue};
    use crate::trace::fact::LossCause;

    #[test]
    fn only_a_one_time_key_is_handed_out_once_too_often() {
        let mut keys = OneTimeKeys::default();
        let [one_time, fallback] = [KeyValue::new(1), KeyValue::new(2)];
        keys.handed_out(one_time, false, FactId::new(1));
        assert_eq!(keys.handed_out_again(one_time), None);
        keys.handed_out(one_time, false, FactId::new(2));
        keys.handed_out(one_time, false, FactId::new(3));
        assert_eq!(keys.handed_out_again(one_time), Some(FactId::new(2)));
        keys.handed_out(fallback, true, FactId::new(4));
        keys.handed_out(fallback, true, FactId::new(5));
        assert_eq!(keys.handed_out_again(fallback), None);
    }

    #[test]
    fn the_first_reason_of_a_loss_stays() {
        let mut keys = OneTimeKeys::default();
        keys.gone(KeyValue::new(1), LossCause::Used, FactId::new(1));
        keys.gone(KeyValue::new(1), LossCause::Rollback, FactId::new(2));
        assert_eq!(keys.loss(KeyValue::new(1)), Some((LossCause::Used, FactId::new(1))));
        assert_eq!(keys.loss(KeyValue::new(0)), None);
    }
}
