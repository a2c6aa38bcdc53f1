//! The private keys that an account has, as its pickle tells.
//! It does not know what becomes of them.

use std::collections::{BTreeMap, BTreeSet};

use matrix_sdk_crypto::Account;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Noted;
use super::writing::written;

/// What of a pickled account tells which private keys it has.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Keys {
    pickle: AccountKeys,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AccountKeys {
    one_time_keys: OneTimeKeys,
    fallback_keys: FallbackKeys,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OneTimeKeys {
    private_keys: BTreeMap<String, IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FallbackKeys {
    fallback_key: Option<FallbackKey>,
    previous_fallback_key: Option<FallbackKey>,
}

#[derive(Deserialize)]
struct FallbackKey {
    key_id: u64,
}

/// The numbers of the one-time and fallback keys whose private parts an account has.
#[derive(Debug, Default)]
pub(super) struct PrivateKeys {
    one_time: BTreeSet<u64>,
    fallback: BTreeSet<u64>,
}

impl PrivateKeys {
    /// Those of an account.
    pub(super) fn of(account: &Account) -> Self {
        let pickle = written(&account.pickle()).unwrap_or_default();
        let AccountKeys { one_time_keys, fallback_keys } =
            serde_json::from_str::<Keys>(&pickle).unwrap_or_default().pickle;
        let one_time = one_time_keys.private_keys.keys().filter_map(|id| id.parse().ok());
        let fallback = [fallback_keys.fallback_key, fallback_keys.previous_fallback_key];
        let fallback = fallback.into_iter().flatten().map(|key| key.key_id);
        Self { one_time: one_time.collect(), fallback: fallback.collect() }
    }

    /// Those of these that others do not have.
    pub(super) fn gone_in(&self, others: &Self) -> Vec<Noted> {
        let one_time = self.one_time.difference(&others.one_time).copied();
        let fallback = self.fallback.difference(&others.fallback).copied();
        one_time.map(Noted::OneTimeKeyGone).chain(fallback.map(Noted::FallbackKeyGone)).collect()
    }
}
