//! W-07 (sender, MUST; specification, content of `m.room_key.withheld`): `algorithm` is `m.megolm.v1.aes-sha2`. Every
//! reading agrees. It does not know a field that is missing; W-03 judges that.

use crate::check::findings::Findings;
use crate::check::rules::notice::{Accepted, NoticeJudge};
use crate::rulebook::rule::Rule;

/// The judge of W-07.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct MegolmAlgorithm;

impl NoticeJudge for MegolmAlgorithm {
    fn accepted(&mut self, accepted: &Accepted<'_>, findings: &mut Findings) {
        let algorithm = accepted.notice.content.algorithm;
        if !algorithm.is_string() {
            return;
        }
        findings.met(Rule::W07);
        if algorithm.value().is_none() {
            accepted.raise(Rule::W07, findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, about, device, rules, s};
    use crate::protocol::withheld::{Algorithm, Field, SessionCode, WithheldContent};
    use crate::rulebook::reading::ReadingName;
    use crate::rulebook::rule::Rule;

    fn with(algorithm: Field<Algorithm>) -> Story {
        let mut story = Story::blocked();
        let content = about(A1, s(0), SessionCode::Blacklisted);
        story.tell((A1, B1), WithheldContent { algorithm, ..content });
        story
    }

    #[test]
    fn the_megolm_algorithm_is_right_and_any_other_a_breach_in_every_reading() {
        let right = with(Field::Is(Algorithm::MegolmV1));
        assert_eq!(right.rules(), []);
        assert_eq!(right.judge().marks.of(Rule::W07), 1);
        let mut story = Story::empty();
        let wrong = with(Field::Other(story.text("m.megolm.v2")));
        for reading in ReadingName::ALL {
            assert_eq!(rules(&wrong.judge_as(reading)), [(Rule::W07, device(A1))]);
        }
    }

    #[test]
    fn a_missing_algorithm_is_not_judged_here() {
        let story = with(Field::Absent);
        assert_eq!(story.judge().marks.of(Rule::W07), 0);
    }
}
