//! D-04 (sender, MUST; tracking the device list, warning box): an older answer does not take the place of a newer one. The same id
//! stands for answers of a server that leave a device out which was there (L11). Every reading agrees. It does not know flags that an
//! answer clears wrongly; those are judged with D-02.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, QueryOutcome};
use crate::trace::kind::{Kind, Kinds};

/// The judge of D-04.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NotOverwritten;

impl Judge for NotOverwritten {
    const HEARS: Kinds = Kinds::of(&[Kind::QueryEnd]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::QueryEnd { device, user, outcome: QueryOutcome::Applied { .. }, .. } =
            case.fact.kind
        else {
            return;
        };
        let view = case.view;
        let Some((start, newer)) = view.lists.applied(device, user) else { return };
        findings.met(Rule::D04);
        let fact = Some(case.fact.id);
        if newer.is_some() {
            findings.raise(Rule::D04, Party::Device(device), [Some(start), newer, fact]);
        }
        let [asked, home] = [view.cast.server_of(device), view.cast.server(user)];
        let left_out = view.cast.devices(user).iter().find_map(|listed| {
            let up = view.life.crypto(*listed).filter(|up| up.fact < start)?;
            // An asker's server that cannot reach the user's answers by what it has heard.
            let told = || view.lists.change_known(asked, user, up);
            if asked != home && told().is_none_or(|told| told > start) {
                return None;
            }
            let there = view.lists.entry(device, user, *listed).is_some();
            (!there && view.life.gone(*listed).is_none()).then_some(up.fact)
        });
        if left_out.is_some() {
            let server = Party::Server(view.cast.server(user));
            findings.raise(Rule::D04, server, [left_out, Some(start), fact]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, B2, BOB, HOME, Story, device};
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::Party;
    use crate::trace::fact::{FactKind, QueryOutcome};

    #[test]
    fn answers_in_the_order_of_their_queries_are_right() {
        let mut story = Story::begin();
        let older = story.ask(A1, BOB);
        let newer = story.ask(A1, BOB);
        story.answer((A1, BOB), older, &[B1]);
        story.answer((A1, BOB), newer, &[B1]);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::D04), 4);
    }

    #[test]
    fn an_older_answer_that_is_applied_after_a_newer_one_is_a_breach_of_who_asked() {
        let mut story = Story::begin();
        let older = story.ask(A1, BOB);
        let newer = story.ask(A1, BOB);
        story.answer((A1, BOB), newer, &[B1]);
        let mut right = story.clone();
        let end = story.answer((A1, BOB), older, &[B1]);
        assert_eq!(story.rules(), [(Rule::D04, device(A1))]);
        assert_eq!(story.judge().violations[0].witnesses[2], Some(end));
        let (device, user, outcome) = (A1, BOB, QueryOutcome::Overtaken);
        right.by(A1, FactKind::QueryEnd { device, user, query: older, outcome });
        assert_eq!(right.rules(), []);
    }

    #[test]
    fn an_answer_without_a_device_that_was_there_is_a_breach_of_its_server() {
        let mut story = Story::begin();
        let early = story.ask(A1, BOB);
        story.up(B2);
        story.answer((A1, BOB), early, &[B1]);
        assert_eq!(story.rules(), [], "it may be older than the device");
        let mut gone = story.clone();
        story.learn(A1, BOB, &[B1]);
        assert_eq!(story.rules(), [(Rule::D04, Party::Server(HOME))]);
        gone.at(HOME, FactKind::DeviceDeleted { device: B2 });
        gone.learn(A1, BOB, &[B1]);
        assert_eq!(gone.rules(), []);
    }
}
