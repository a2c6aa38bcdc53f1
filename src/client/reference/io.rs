//! What a handler may do to the world while it deals with one input: record facts and ask for requests to be sent.
//! It does not decide anything; requests leave after the store has been written.

use crate::client::reference::store::Store;
use crate::client::{Because, Context, Out, RequestNo};
use crate::ids::FactId;
use crate::protocol::api::Request;
use crate::trace::fact::{Causes, FactKind};

/// The hands of a handler.
pub(super) struct Io<'a, 'c> {
    /// What came with the input.
    pub(super) given: &'a mut Context<'c>,
    out: &'a mut Out<Store>,
    dirty: bool,
}

impl<'a, 'c> Io<'a, 'c> {
    /// Hands for one input.
    pub(super) const fn new(given: &'a mut Context<'c>, out: &'a mut Out<Store>) -> Self {
        Self { given, out, dirty: false }
    }

    /// Records a fact.
    pub(super) fn fact(&mut self, kind: FactKind, causes: Causes) -> FactId {
        self.out.fact(kind, causes)
    }

    /// Records a fact that the input itself made happen.
    pub(super) fn fact_of_input(&mut self, kind: FactKind) -> FactId {
        let causes = Causes::of([self.given.cause]);
        self.out.fact(kind, causes)
    }

    /// Sends a request once the store has been written.
    pub(super) fn request(
        &mut self,
        number: RequestNo,
        request: Request,
        because: impl Into<Because>,
    ) {
        self.out.request_last(number, request, because.into());
    }

    /// The store has changed and must be written before anything leaves.
    pub(super) const fn touch(&mut self) {
        self.dirty = true;
    }

    /// Writes the store now, as `copy` gives it. Facts recorded before are durable then.
    pub(super) fn persist_early(&mut self, copy: impl FnOnce() -> Store) {
        self.out.persist(copy);
    }

    /// Writes the store if it has changed; the requests go behind that.
    pub(super) fn finish(self, store: &Store) {
        if self.dirty {
            self.out.persist(|| store.clone());
        }
    }
}
