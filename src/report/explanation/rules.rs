//! The rules that bear on a verdict, whether they were kept or broken.
//! It does not know who broke one.

use crate::rulebook::leaf::Leaf;
use crate::rulebook::rule::Rule;

/// The rules that decide about a leaf, the most telling first.
pub(super) const fn rules_of(leaf: Leaf) -> &'static [Rule] {
    match leaf {
        Leaf::Delivered | Leaf::Pending | Leaf::SenderGone => &[Rule::K01],
        Leaf::NotAMember | Leaf::InvitedOnly => &[Rule::K04, Rule::W17],
        Leaf::DeviceNewer => &[Rule::K04],
        Leaf::NonCryptographic => &[Rule::K09],
        Leaf::Gone | Leaf::MembershipNotSeen | Leaf::Unknown => &[],
        Leaf::ExplanationLost => &[Rule::T01],
        Leaf::OptedOut => &[Rule::O01],
        Leaf::Unaware => &[Rule::K03, Rule::D02],
        Leaf::StaleList => &[Rule::D03],
        Leaf::NoteNeverSent => &[Rule::D07],
        Leaf::WrongList => &[Rule::D04],
        Leaf::Withheld => &[Rule::W01, Rule::P02],
        Leaf::Unexplained => &[Rule::K01, Rule::W01, Rule::N01],
        Leaf::FalseExplanation => &[Rule::W08],
        Leaf::NoOlm => &[Rule::N01, Rule::P04],
        Leaf::StandingNoOlm => &[Rule::N02],
        Leaf::Wedged => &[Rule::U01],
        Leaf::KeyExpired => &[Rule::U09, Rule::U10],
        Leaf::Rejected => &[Rule::U11],
        Leaf::LostAtRecipient => &[Rule::T11],
        Leaf::StorageLoss => &[],
        Leaf::PartialRestore => &[Rule::F10],
        Leaf::ForwardedWithheld => &[Rule::F05, Rule::F09],
        Leaf::HistoryNotShared => &[Rule::H03],
        Leaf::NotDisplayed => &[Rule::V03],
        Leaf::InvalidMessage => &[Rule::P15],
        Leaf::NoticeNotUsed => &[Rule::P02],
        Leaf::NoOlmNotUsed => &[Rule::P04],
        Leaf::SharedTooLate => &[Rule::K01],
        Leaf::NotUnwedged => &[Rule::U01],
        Leaf::KeyHandedOutTwice => &[Rule::C01],
        Leaf::DroppedEarly => &[Rule::U05, Rule::U07],
        Leaf::Overwritten => &[Rule::P14],
    }
}
