//! Rules U: the health of Olm channels.
//! It does not know the other families; each rule has a file of its own. U-01 is judged where a message shows it, in `explained`.

mod u02;
mod u05;
mod u07;
mod u08;
mod u11;

use crate::check::rules::family;

family! {
    /// The rules of this family.
    pub(crate) struct OlmHealth {
        hourly: u02::OncePerHour,
        not_wasted: u05::NotWasted,
        enough_kept: u07::EnoughKept,
        dummy: u08::EmptyDummy,
        discarded: u11::Discarded,
    }
}
