//! What a handler may do to the world while it deals with one input: record facts and ask for requests to be sent.
//! It does not decide anything; requests leave after the store has been written.

use crate::client::reference::store::Store;
use crate::client::{Because, Context, Out, RequestNo};
use crate::ids::FactId;
use crate::protocol::api::Request;
use crate::protocol::bundle::Media;
use crate::protocol::entropy::Entropy;
use crate::time::SimTime;
use crate::trace::fact::{Causes, FactKind};

/// The hands of a handler.
pub(super) struct Io<'a> {
    /// The device's own clock.
    pub(super) clock: SimTime,
    /// The fact that made that clock wrong.
    pub(super) clock_set: Option<FactId>,
    /// The fact that led to the input.
    pub(super) cause: Option<FactId>,
    /// Fresh values.
    pub(super) entropy: &'a mut Entropy,
    /// Where history bundles are kept.
    pub(super) media: &'a mut Media,
    out: &'a mut Out<Store>,
    requests: Vec<(RequestNo, Request, Because)>,
    dirty: bool,
}

impl<'a> Io<'a> {
    /// Hands for one input.
    pub(super) fn new(context: &'a mut Context<'_>, out: &'a mut Out<Store>) -> Self {
        Self {
            clock: context.clock,
            clock_set: context.clock_set,
            cause: context.cause,
            entropy: context.entropy,
            media: context.media,
            out,
            requests: Vec::new(),
            dirty: false,
        }
    }

    /// Records a fact.
    pub(super) fn fact(&mut self, kind: FactKind, causes: Causes) -> FactId {
        self.out.fact(kind, causes)
    }

    /// Records a fact that the input itself made happen.
    pub(super) fn fact_of_input(&mut self, kind: FactKind) -> FactId {
        let causes = Causes::of([self.cause]);
        self.out.fact(kind, causes)
    }

    /// Sends a request once the store has been written.
    pub(super) fn request(
        &mut self,
        number: RequestNo,
        request: Request,
        because: impl Into<Because>,
    ) {
        self.requests.push((number, request, because.into()));
    }

    /// The store has changed and must be written before anything leaves.
    pub(super) const fn touch(&mut self) {
        self.dirty = true;
    }

    /// Writes the store now, as `copy` gives it. Facts recorded before are durable then.
    pub(super) fn persist_early(&mut self, copy: impl FnOnce() -> Store) {
        self.out.persist(copy);
    }

    /// Writes the store if it has changed, then lets the requests go.
    pub(super) fn finish(self, store: &Store) {
        if self.dirty {
            self.out.persist(|| store.clone());
        }
        for (number, request, because) in self.requests {
            self.out.request(number, request, because);
        }
    }
}
