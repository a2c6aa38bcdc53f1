//! The reference client with something around it: what a client does that is wrong in one point.
//! It does not know in which.

use withheld::client::reference::Reference;
use withheld::client::{Client, Context, Input, Out};
use withheld::ids::DeviceId;
use withheld::rulebook::reading::ReadingName;
use withheld::run::clients::{Clients, References};
use withheld::scenario::model::Scenario;

type Durable = <Reference as Client>::Durable;

/// What is done with an input in place of handing it on.
pub(crate) type Handle = fn(&mut Reference, &Input<'_>, &mut Context<'_>, &mut Out<Durable>);

/// One such client.
pub(crate) struct Wrapped {
    inner: Reference,
    handle: Handle,
}

impl Client for Wrapped {
    type Durable = Durable;

    fn handle(&mut self, input: &Input<'_>, context: &mut Context<'_>, out: &mut Out<Durable>) {
        (self.handle)(&mut self.inner, input, context, out);
    }

    fn snapshot(&self) -> Durable {
        self.inner.snapshot()
    }

    fn restore(&mut self, durable: Durable) {
        self.inner.restore(durable);
    }
}

/// Such clients on all devices.
pub(crate) struct Wrapping(pub(crate) Handle);

impl Clients for Wrapping {
    type Client = Wrapped;

    fn of_run(&self, scenario: &Scenario, reading: ReadingName) -> impl FnMut(DeviceId) -> Wrapped {
        let handle = self.0;
        let mut of_run = References.of_run(scenario, reading);
        move |device| Wrapped { inner: of_run(device), handle }
    }
}
