//! Rules that are about the same harm, for whoever counts how often it was done.
//! It does not know who counts.

use crate::rulebook::rule::Rule;

/// Rules against telling somebody what they were told: spam.
pub const REPEATED: [Rule; 4] = [Rule::W09, Rule::W11, Rule::N02, Rule::N03];

/// Rules on who gets keys and from where on, and on replacing a session that somebody should no longer read: keys in wrong hands.
pub const WRONG_HANDS: [Rule; 16] = [
    Rule::K04,
    Rule::K05,
    Rule::K06,
    Rule::K07,
    Rule::K08,
    Rule::R03,
    Rule::R04,
    Rule::R05,
    Rule::R06,
    Rule::R07,
    Rule::B02,
    Rule::F08,
    Rule::Q05,
    Rule::H03,
    Rule::H04,
    Rule::H05,
];
