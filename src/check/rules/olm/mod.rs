//! Rules U: the health of Olm channels.
//! It does not know the other families; each rule has a file of its own, unless the first lines of another name it. Where a message
//! stays unread because of one of them, `explained` says so as well.

mod u01;
mod u02;
mod u04;
mod u05;
mod u06;
mod u07;
mod u08;
mod u09;
mod u10;
mod u11;
mod u13;

use crate::check::rules::family;

family! {
    /// The rules of this family.
    pub(crate) struct OlmHealth {
        recovered: u01::Recovered,
        hourly: u02::OncePerHour,
        best_chosen: u04::BestChosen,
        not_wasted: u05::NotWasted,
        its_session: u06::TriedOnItsSession,
        enough_kept: u07::EnoughKept,
        dummy: u08::EmptyDummy,
        oldest_first: u09::OldestFirst,
        two_at_most: u10::TwoAtMost,
        discarded: u11::Discarded,
        not_again: u13::NotAgain,
    }
}
