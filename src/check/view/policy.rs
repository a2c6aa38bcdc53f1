//! What each device's user chose: whom to share with, whom to block or trust, what to report to whom.
//! It does not know what the device has learnt of others; trust is put together in `trust`.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::view::pairs::row;
use crate::ids::{DeviceId, FactId, SigningKey, UserId};
use crate::protocol::withheld::{CodeSet, WithheldCode};
use crate::scenario::policy::{SharePolicy, Target};

/// What the user of a device said of another user's identity since the last answer to a query for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// Verified.
    Verified,
    /// Taken back.
    Unverified,
}

/// What is reported to everybody.
#[derive(Debug, Clone, Copy)]
struct Reporting {
    codes: CodeSet,
    strangers: CodeSet,
}

/// What one device reports, and to whom.
#[derive(Debug, Clone, Default)]
struct Reports {
    everybody: Option<Reporting>,
    overrides: Vec<(Target, CodeSet)>,
}

impl Reports {
    /// What is reported to a device: the last setting for one of `targets`, or else what is reported to strangers or to everybody.
    fn to(&self, targets: [Target; 2], stranger: impl FnOnce() -> bool) -> Option<CodeSet> {
        let special = self.overrides.iter().rev().find(|(known, _)| targets.contains(known));
        if let Some((_, codes)) = special {
            return Some(*codes);
        }
        let reporting = self.everybody?;
        Some(if stranger() { reporting.strangers } else { reporting.codes })
    }
}

/// One device's choices.
#[derive(Debug, Clone, Default)]
struct Choices {
    share: Option<(SharePolicy, FactId)>,
    with_invited: bool,
    reports: Reports,
    /// What was reported before that, each until this fact; the latest last.
    reported: Vec<(FactId, Reports)>,
    blocked: BTreeMap<Target, FactId>,
    /// When a block of each target was last taken back.
    unblocked: BTreeMap<Target, FactId>,
    verified_devices: BTreeSet<DeviceId>,
    words: BTreeMap<UserId, Word>,
    /// Every choice, ascending, and whom it is about; everybody, if that is nobody.
    changes: Vec<(FactId, Option<Target>)>,
    learnt: Option<FactId>,
}

/// All choices.
#[derive(Debug, Clone, Default)]
pub(crate) struct Policies {
    devices: Vec<Choices>,
    /// The users with cross-signing keys; true while it is not known which device made the present ones in place of
    /// others.
    identities: BTreeMap<UserId, bool>,
    /// The users of whom it was observed which device made their keys.
    made: BTreeSet<UserId>,
    /// The master key of each user, and those that each device is known to have had, the present one last.
    masters: BTreeMap<UserId, SigningKey>,
    held: BTreeMap<DeviceId, Vec<SigningKey>>,
}

impl Policies {
    fn of(&self, device: DeviceId) -> Option<&Choices> {
        self.devices.get(device.index())
    }

    fn entry(&mut self, device: DeviceId, about: Option<Target>, fact: FactId) -> &mut Choices {
        let choices = row(&mut self.devices, device.index());
        choices.changes.push((fact, about));
        choices
    }

    /// Whom the device shares with from now on.
    pub(crate) fn share(
        &mut self,
        device: DeviceId,
        share: SharePolicy,
        with_invited: bool,
        fact: FactId,
    ) {
        let choices = self.entry(device, None, fact);
        // What is chosen once more has been in force since it was.
        if choices.share.is_none_or(|(known, _)| known != share) {
            choices.share = Some((share, fact));
        }
        choices.with_invited = with_invited;
    }

    /// What the device reports from now on. A setting for everybody takes the place of all earlier ones.
    pub(crate) fn report(
        &mut self,
        device: DeviceId,
        target: Option<Target>,
        (codes, strangers): (CodeSet, CodeSet),
        fact: FactId,
    ) {
        let choices = self.entry(device, target, fact);
        if choices.reports.everybody.is_some() {
            choices.reported.push((fact, choices.reports.clone()));
        }
        let reports = &mut choices.reports;
        match target {
            Some(target) => {
                reports.overrides.retain(|(known, _)| *known != target);
                reports.overrides.push((target, codes));
            }
            None => {
                reports.everybody = Some(Reporting { codes, strangers });
                reports.overrides.clear();
            }
        }
    }

    /// The device's user blocked a target.
    pub(crate) fn block(&mut self, device: DeviceId, target: Target, fact: FactId) {
        // Who is blocked already is blocked since then.
        self.entry(device, Some(target), fact).blocked.entry(target).or_insert(fact);
    }

    /// The device's user took a block back.
    pub(crate) fn unblock(&mut self, device: DeviceId, target: Target, fact: FactId) {
        let choices = self.entry(device, Some(target), fact);
        if choices.blocked.remove(&target).is_some() {
            choices.unblocked.insert(target, fact);
        }
    }

    /// The device's user trusts another device, or no longer.
    pub(crate) fn trust_device(
        &mut self,
        device: DeviceId,
        other: DeviceId,
        trusted: bool,
        fact: FactId,
    ) {
        let choices = self.entry(device, Some(Target::Device(other)), fact);
        if trusted {
            choices.verified_devices.insert(other);
        } else {
            choices.verified_devices.remove(&other);
        }
    }

    /// The device's user said something of another user's identity.
    pub(crate) fn word(&mut self, device: DeviceId, user: UserId, word: Word, fact: FactId) {
        self.entry(device, Some(Target::User(user)), fact).words.insert(user, word);
    }

    /// A verification by word is past.
    pub(crate) fn forget_verified(&mut self, device: DeviceId, user: UserId) {
        let choices = row(&mut self.devices, device.index());
        if choices.words.get(&user) == Some(&Word::Verified) {
            choices.words.remove(&user);
        }
    }

    /// All verifications by word rest on keys that the device no longer has; what was taken back stays so.
    pub(crate) fn forget_all_verified(&mut self, device: DeviceId, fact: FactId) {
        self.entry(device, None, fact).words.retain(|_, word| *word == Word::Unverified);
    }

    /// The user has new cross-signing keys.
    pub(crate) fn identity_set(&mut self, user: UserId, master: SigningKey) {
        self.masters.insert(user, master);
        let known = self.identities.contains_key(&user) && !self.made.contains(&user);
        self.identities.insert(user, known);
    }

    /// It was observed that a device of the user made its keys.
    pub(crate) fn identity_made(&mut self, user: UserId, device: DeviceId, master: SigningKey) {
        self.made.insert(user);
        self.held.entry(device).or_default().push(master);
    }

    /// A device has other keys of its user than before.
    pub(crate) fn identity_received(&mut self, device: DeviceId, master: SigningKey) {
        self.held.entry(device).or_default().push(master);
    }

    /// A device of the user is signed. True if other keys of the user's signed it before, and it is not known to have had these: the
    /// server may have got them long after the device had others again.
    pub(crate) fn is_signed_anew(&mut self, device: DeviceId, user: UserId) -> bool {
        let Some(master) = self.masters.get(&user).copied() else { return false };
        let held = self.held.entry(device).or_default();
        let is_new = !held.contains(&master);
        let had_others = !held.is_empty();
        if is_new {
            held.push(master);
        }
        is_new && had_others
    }

    /// Whether the device is known to have the present keys of its user.
    pub(crate) fn holds_present(&self, device: DeviceId, user: UserId) -> bool {
        let held = self.held.get(&device).and_then(|held| held.last());
        self.masters.get(&user).is_some_and(|master| held == Some(master))
    }

    /// Whether the keys that signed the device last are known, and are others than this.
    pub(crate) fn holds_other(&self, device: DeviceId, master: SigningKey) -> bool {
        self.held.get(&device).and_then(|held| held.last()).is_some_and(|held| *held != master)
    }

    /// A device of the user is signed. True if it is the one that made the user's keys in place of others: it alone
    /// has the new ones, and signs itself first.
    pub(crate) fn has_reset(&mut self, user: UserId) -> bool {
        self.identities.get_mut(&user).is_some_and(std::mem::take)
    }

    /// Whom the device shares with; everyone, if it never said.
    pub(crate) fn sharing(&self, device: DeviceId) -> (SharePolicy, Option<FactId>) {
        let share = self.of(device).and_then(|choices| choices.share);
        share.map_or((SharePolicy::Everyone, None), |(share, fact)| (share, Some(fact)))
    }

    /// Whether the device shares with invited users where the visibility allows it.
    pub(crate) fn with_invited(&self, device: DeviceId) -> bool {
        self.of(device).is_some_and(|choices| choices.with_invited)
    }

    /// The fact since which one of these targets has been blocked, the first of them if both are.
    pub(crate) fn blocked(&self, device: DeviceId, targets: [Target; 2]) -> Option<FactId> {
        let choices = self.of(device)?;
        if choices.blocked.is_empty() {
            return None;
        }
        targets.iter().filter_map(|target| choices.blocked.get(target)).min().copied()
    }

    /// Whether a block of one of these targets was taken back after `fact`.
    pub(crate) fn unblocked_after(
        &self,
        device: DeviceId,
        targets: [Target; 2],
        fact: FactId,
    ) -> bool {
        let unblocked = self.of(device).map(|choices| &choices.unblocked);
        unblocked.is_some_and(|unblocked| {
            targets.iter().any(|target| unblocked.get(target).is_some_and(|last| *last > fact))
        })
    }

    /// Whether the device's user trusts the other device itself.
    pub(crate) fn trusts_device(&self, device: DeviceId, other: DeviceId) -> bool {
        self.of(device).is_some_and(|choices| choices.verified_devices.contains(&other))
    }

    /// The last word of the device's user on another user's identity.
    pub(crate) fn last_word(&self, device: DeviceId, user: UserId) -> Option<Word> {
        self.of(device)?.words.get(&user).copied()
    }

    /// What the device reports to a device: the last setting for one of `targets`, or else what it reports to
    /// strangers or to everybody. `None` if it never said.
    pub(crate) fn reports(
        &self,
        device: DeviceId,
        targets: [Target; 2],
        stranger: impl FnOnce() -> bool,
    ) -> Option<CodeSet> {
        self.of(device)?.reports.to(targets, stranger)
    }

    /// Whether at any instant from `from` to `until`, or to now, the device did not report the code to a device with these `targets`.
    pub(crate) fn was_silent(
        &self,
        device: DeviceId,
        (targets, stranger): ([Target; 2], bool),
        code: WithheldCode,
        (from, until): (FactId, Option<FactId>),
    ) -> bool {
        let Some(choices) = self.of(device) else { return false };
        let is_silent = |reports: &Reports| {
            reports.to(targets, || stranger).is_some_and(|codes| !codes.contains(code))
        };
        let mut since = None;
        for (end, reports) in &choices.reported {
            if *end > from && since <= until.or(since) && is_silent(reports) {
                return true;
            }
            since = Some(*end);
        }
        since <= until.or(since) && is_silent(&choices.reports)
    }

    /// The device learnt something of others that its choices apply to.
    pub(crate) fn has_learnt(&mut self, device: DeviceId, fact: FactId) {
        row(&mut self.devices, device.index()).learnt = Some(fact);
    }

    /// When the device last learnt something of others.
    pub(crate) fn learnt(&self, device: DeviceId) -> Option<FactId> {
        self.of(device)?.learnt
    }

    /// The device's choices after `fact`, ascending, and whom each is about; everybody, if that is nobody.
    pub(crate) fn changes_after(
        &self,
        device: DeviceId,
        fact: FactId,
    ) -> &[(FactId, Option<Target>)] {
        let changes = self.of(device).map_or(&[][..], |choices| &choices.changes);
        &changes[changes.partition_point(|(changed, _)| *changed <= fact)..]
    }
}

#[cfg(test)]
mod tests {
    use super::{Policies, Word};
    use crate::ids::{DeviceId, FactId, SigningKey, UserId};
    use crate::protocol::withheld::CodeSet;
    use crate::scenario::policy::Target;

    const A: DeviceId = DeviceId::new(0);
    const B: DeviceId = DeviceId::new(1);
    const TARGETS: [Target; 2] = [Target::User(UserId::new(1)), Target::Device(B)];

    #[test]
    fn the_last_report_setting_that_fits_wins() {
        let mut policies = Policies::default();
        assert_eq!(policies.reports(A, TARGETS, || true), None);
        let [all, none] = [CodeSet::ALL, CodeSet::NONE];
        policies.report(A, None, (all, none), FactId::new(0));
        assert_eq!(policies.reports(A, TARGETS, || true), Some(none));
        assert_eq!(policies.reports(A, TARGETS, || false), Some(all));
        policies.report(A, Some(Target::Device(B)), (none, none), FactId::new(1));
        policies.report(A, Some(Target::User(UserId::new(1))), (all, all), FactId::new(2));
        assert_eq!(policies.reports(A, TARGETS, || true), Some(all));
        policies.report(A, Some(Target::Device(B)), (none, none), FactId::new(3));
        assert_eq!(policies.reports(A, TARGETS, || false), Some(none));
        policies.report(A, None, (all, all), FactId::new(4));
        assert_eq!(policies.reports(A, TARGETS, || true), Some(all));
    }

    #[test]
    fn whoever_was_silent_for_an_instant_was_silent_in_every_span_that_holds_it() {
        use crate::protocol::withheld::WithheldCode;
        let mut policies = Policies::default();
        let to_b = Some(Target::Device(B));
        let [all, none] = [CodeSet::ALL, CodeSet::NONE];
        policies.report(A, None, (all, none), FactId::new(0));
        policies.report(A, to_b, (none, none), FactId::new(10));
        policies.report(A, to_b, (all, all), FactId::new(20));
        let was_silent = |stranger, from, until: Option<u32>| {
            let span = (FactId::new(from), until.map(FactId::new));
            policies.was_silent(A, (TARGETS, stranger), WithheldCode::NoOlm, span)
        };
        assert!(was_silent(false, 5, Some(10)));
        assert!(was_silent(false, 15, Some(16)));
        assert!(was_silent(false, 5, None));
        assert!(!was_silent(false, 5, Some(9)));
        assert!(!was_silent(false, 20, None));
        assert!(was_silent(true, 5, Some(9)));
        assert!(!was_silent(true, 20, Some(30)));
        policies.report(A, None, (none, none), FactId::new(30));
        let present = |from, until: Option<u32>| {
            let span = (FactId::new(from), until.map(FactId::new));
            policies.was_silent(A, (TARGETS, false), WithheldCode::NoOlm, span)
        };
        assert!(present(25, None) && present(31, Some(32)));
        assert!(!present(20, Some(29)));
    }

    #[test]
    fn a_block_of_the_user_blocks_the_device_until_it_is_taken_back() {
        let mut policies = Policies::default();
        policies.block(A, Target::User(UserId::new(1)), FactId::new(5));
        assert_eq!(policies.blocked(A, TARGETS), Some(FactId::new(5)));
        policies.unblock(A, Target::Device(B), FactId::new(6));
        assert_eq!(policies.blocked(A, TARGETS), Some(FactId::new(5)));
        policies.unblock(A, Target::User(UserId::new(1)), FactId::new(7));
        assert_eq!(policies.blocked(A, TARGETS), None);
        let [user, device] = TARGETS;
        let changes = policies.changes_after(A, FactId::new(5));
        assert_eq!(changes, [(FactId::new(6), Some(device)), (FactId::new(7), Some(user))]);
    }

    #[test]
    fn who_is_blocked_in_two_ways_or_twice_is_blocked_since_the_first() {
        let mut policies = Policies::default();
        let [user, device] = TARGETS;
        policies.block(A, device, FactId::new(5));
        policies.block(A, user, FactId::new(6));
        policies.block(A, device, FactId::new(7));
        assert_eq!(policies.blocked(A, TARGETS), Some(FactId::new(5)));
        policies.unblock(A, device, FactId::new(8));
        assert_eq!(policies.blocked(A, TARGETS), Some(FactId::new(6)));
    }

    #[test]
    fn with_new_keys_of_its_own_a_device_has_verified_nobody_and_what_it_took_back_stays_so() {
        let (device, fact) = (DeviceId::new(0), FactId::new);
        let [bob, carol] = [UserId::new(1), UserId::new(2)];
        let mut policies = Policies::default();
        policies.word(device, bob, Word::Verified, fact(1));
        policies.word(device, carol, Word::Unverified, fact(2));
        policies.forget_all_verified(device, fact(3));
        assert_eq!(policies.last_word(device, bob), None);
        assert_eq!(policies.last_word(device, carol), Some(Word::Unverified));
        assert_eq!(policies.changes_after(device, fact(2)), [(fact(3), None)]);
    }

    #[test]
    fn keys_in_place_of_others_that_nobody_saw_being_made_are_shown_by_the_first_signature() {
        let user = UserId::new(1);
        let [maker, other] = [DeviceId::new(0), DeviceId::new(1)];
        let [old, new] = [SigningKey::new(1), SigningKey::new(2)];
        let mut policies = Policies::default();
        policies.identity_set(user, old);
        assert!(!policies.has_reset(user), "these are its first keys");
        assert!(!policies.is_signed_anew(other, user));
        assert!(!policies.holds_other(other, old) && policies.holds_other(other, new));
        assert!(!policies.holds_other(maker, new), "nobody knows what it holds to");
        policies.identity_set(user, new);
        let mut seen = policies.clone();
        assert!(policies.has_reset(user) && !policies.has_reset(user), "the first alone");
        assert!(policies.is_signed_anew(other, user) && !policies.is_signed_anew(other, user));
        seen.identity_made(user, maker, new);
        seen.identity_set(user, old);
        assert!(!seen.has_reset(user), "it was seen who made them");
        assert!(seen.is_signed_anew(maker, user), "it held to its own");
    }

    #[test]
    fn a_second_word_on_reports_to_a_target_takes_the_place_of_the_first_and_of_no_other() {
        let device = DeviceId::new(0);
        let [bob, carol] = [1, 2].map(|user| Target::User(UserId::new(user)));
        let other = Target::Device(DeviceId::new(9));
        let mut policies = Policies::default();
        for (number, (target, codes)) in
            [(bob, CodeSet::NONE), (carol, CodeSet::NONE), (bob, CodeSet::ALL)]
                .into_iter()
                .enumerate()
        {
            policies.report(device, Some(target), (codes, codes), FactId::at(number));
        }
        let told = |target| policies.reports(device, [other, target], || false);
        assert_eq!(told(bob), Some(CodeSet::ALL));
        assert_eq!(told(carol), Some(CodeSet::NONE));
    }
}
