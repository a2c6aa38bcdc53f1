//! Whether a notice says what is so: the first of the rules on that which it breaks. It does not know what follows for
//! a message; it serves the decision tree, and the rules by themselves speak at the facts.

use crate::check::rules::{no_olm, withheld};
use crate::check::view::View;
use crate::check::view::notices::Notice;
use crate::rulebook::rule::Rule;

/// Whether a notice breaks the rule.
type IsBroken = fn(&View, &Notice) -> bool;

/// The rule that the notice breaks by not saying what is so; `None` if it is true.
pub(crate) fn untrue(view: &View, notice: &Notice) -> Option<Rule> {
    let about_session: &[(Rule, IsBroken)] = &[
        (Rule::W02, withheld::w02::is_broken),
        (Rule::W03, withheld::w03::has_no_code),
        (Rule::W04, withheld::w04::is_broken),
        (Rule::W20, withheld::w20::is_broken),
        (Rule::W12, withheld::w12::is_unasked),
        (Rule::W08, withheld::w08::is_broken),
        (Rule::W13, withheld::w13::is_unasked),
        (Rule::W14, withheld::w14::is_broken),
    ];
    let about_olm: &[(Rule, IsBroken)] = &[
        (Rule::W02, withheld::w02::is_broken),
        (Rule::N06, no_olm::n06::is_broken),
        (Rule::N10, no_olm::n10::is_broken),
        (Rule::N01, no_olm::n01::is_broken),
        (Rule::W21, withheld::w21::is_barred),
    ];
    let rules = if notice.is_no_olm() { about_olm } else { about_session };
    rules.iter().find(|(_, is_broken)| is_broken(view, notice)).map(|(rule, _)| *rule)
}
