//! Who takes facts as they come.
//! A sink does not know whether the run that it watches is simulated, replayed or real.

use std::hash::Hash;

use crate::engine::digest::Digest;
use crate::trace::fact::{Fact, FactKind};

/// Takes facts in the order of their ids.
pub trait FactSink {
    /// Takes the next fact.
    fn record(&mut self, fact: &Fact);
}

impl<S: FactSink + ?Sized> FactSink for &mut S {
    fn record(&mut self, fact: &Fact) {
        (**self).record(fact);
    }
}

/// No sink: facts are not looked at.
impl FactSink for () {
    fn record(&mut self, _: &Fact) {}
}

/// Two sinks side by side.
impl<A: FactSink, B: FactSink> FactSink for (A, B) {
    fn record(&mut self, fact: &Fact) {
        self.0.record(fact);
        self.1.record(fact);
    }
}

/// A sink that may be there.
impl<S: FactSink> FactSink for Option<S> {
    fn record(&mut self, fact: &Fact) {
        if let Some(sink) = self {
            sink.record(fact);
        }
    }
}

/// Keeps all facts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    facts: Vec<Fact>,
}

impl Trace {
    /// The facts, by id.
    #[must_use]
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// The facts of one kind, as picked by `pick`.
    pub fn pick<T>(&self, pick: impl Fn(&FactKind) -> Option<T>) -> impl Iterator<Item = T> {
        self.facts.iter().filter_map(move |fact| pick(&fact.kind))
    }
}

impl FactSink for Trace {
    fn record(&mut self, fact: &Fact) {
        self.facts.push(*fact);
    }
}

/// Keeps a digest of all facts and their number: what two equal runs have in common.
#[derive(Debug, Clone, Default)]
pub struct FactDigest {
    digest: Digest,
    count: u64,
}

impl FactDigest {
    /// The digest of what came so far.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.digest.value()
    }

    /// How many facts came so far.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }
}

impl FactSink for FactDigest {
    fn record(&mut self, fact: &Fact) {
        fact.hash(&mut self.digest);
        self.count += 1;
    }
}
