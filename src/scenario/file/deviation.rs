//! Settings that are not as they are where a file says nothing, one by one.
//! It does not know why a setting was chosen.

use serde_json::Value as Json;

use super::codec::{Changes, Codec};
use super::habits::{HabitsChanges, ServerHabitsChanges};
use super::policy::PolicyChanges;
use super::write::nothing;
use crate::scenario::habits::{Habits, ServerHabits};
use crate::scenario::policy::Policy;

/// A setting that is not the usual one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation<S> {
    /// Its name in files.
    pub name: &'static str,
    /// All settings, with this one as usual.
    pub without: S,
}

/// The habits of a client that are not as the specification wants them.
#[must_use]
pub fn habit_deviations(habits: &Habits) -> Vec<Deviation<Habits>> {
    each::<HabitsChanges>(&Habits::specification(), habits)
}

/// The habits of a server that are not as the specification wants them.
#[must_use]
pub fn server_habit_deviations(habits: &ServerHabits) -> Vec<Deviation<ServerHabits>> {
    each::<ServerHabitsChanges>(&ServerHabits::specification(), habits)
}

/// What was chosen that nobody would have chosen who never opened the settings.
#[must_use]
pub fn policy_deviations(policy: &Policy) -> Vec<Deviation<Policy>> {
    each::<PolicyChanges>(&Policy::standard(), policy)
}

/// The habits of a client that are not as the specification wants them, as `name=value` in the words of files.
#[must_use]
pub fn settings_of(habits: &Habits) -> Vec<String> {
    spelled::<HabitsChanges>(&Habits::specification(), habits)
}

/// The habits of a server that are not as the specification wants them, as `name=value` in the words of files.
#[must_use]
pub fn settings_of_server(habits: &ServerHabits) -> Vec<String> {
    spelled::<ServerHabitsChanges>(&ServerHabits::specification(), habits)
}

fn each<C: Changes>(base: &C::Model, settings: &C::Model) -> Vec<Deviation<C::Model>> {
    let all = C::one_by_one(base, settings).into_iter();
    all.map(|(name, without)| Deviation { name, without }).collect()
}

/// Habits name nobody, so that their words need no scenario.
fn spelled<C: Changes + Codec<Value = C>>(base: &C::Model, settings: &C::Model) -> Vec<String> {
    let changes = C::encode(&C::between(base, settings), &nothing());
    let told = changes.as_object().into_iter().flatten();
    let value = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    told.map(|(name, is)| format!("{name}={}", value(is))).collect()
}

#[cfg(test)]
mod tests {
    use super::{Deviation, settings_of_server};
    use super::{habit_deviations, policy_deviations, server_habit_deviations, settings_of};
    use crate::scenario::habits::{Habits, MailboxOrder, ServerHabits, WithheldDedup};
    use crate::scenario::policy::{Policy, SharePolicy};

    #[test]
    fn each_deviation_is_named_and_can_be_taken_back_alone() {
        let mut habits = Habits::specification();
        assert_eq!(habit_deviations(&habits), []);
        habits.withheld_dedup = WithheldDedup::ALL[1].0;
        habits.messages_over_limit = 3;
        let back = habit_deviations(&habits);
        let names: Vec<&str> = back.iter().map(|one| one.name).collect();
        assert_eq!(names, ["withheld_dedup", "messages_over_limit"]);
        assert_eq!(back[0].without, Habits { messages_over_limit: 3, ..Habits::specification() });
        let dedup = format!("withheld_dedup={}", WithheldDedup::ALL[1].1);
        assert_eq!(settings_of(&habits), [dedup.as_str(), "messages_over_limit=3"]);
    }

    #[test]
    fn servers_and_policies_have_deviations_too() {
        let mut habits = ServerHabits::specification();
        habits.mailbox = MailboxOrder::DropsRest;
        assert_eq!(settings_of_server(&habits), ["mailbox=drops_rest"]);
        let without = ServerHabits::specification();
        assert_eq!(server_habit_deviations(&habits), [Deviation { name: "mailbox", without }]);
        let mut policy = Policy::standard();
        policy.share = SharePolicy::Verified;
        let without = Policy::standard();
        assert_eq!(policy_deviations(&policy), [Deviation { name: "share", without }]);
    }
}
