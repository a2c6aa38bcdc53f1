//! Searches in generated rooms for what a scenario itself tells: candidates are valid and new, hints and limits do what they should.
//! Nothing is run here.

use withheld::engine::choices::Seeded;
use withheld::generate;
use withheld::generate::plan::Plan;
use withheld::ids::{MessageId, RoomId};
use withheld::minimise::Minimiser;
use withheld::minimise::history::Fate;
use withheld::minimise::relevant::Relevant;
use withheld::minimise::size::Size;
use withheld::scenario::file;
use withheld::scenario::limits::Limits;
use withheld::scenario::model::Scenario;
use withheld::scenario::step::Step;

fn generated(seed: u64) -> Scenario {
    generate::scenario(&Plan::default(), &mut Seeded::new(seed))
}

/// The end of a search for what is wanted.
fn searched(mut minimiser: Minimiser, wanted: impl Fn(&Scenario) -> bool) -> Minimiser {
    assert!(wanted(minimiser.best()));
    while let Some(candidate) = minimiser.propose() {
        let is_wanted = wanted(&candidate);
        minimiser.answer(is_wanted);
    }
    minimiser
}

fn minimised(scenario: Scenario, wanted: impl Fn(&Scenario) -> bool) -> Scenario {
    searched(Minimiser::new(scenario), wanted).best().clone()
}

#[test]
fn every_candidate_is_read_as_it_is_written_and_none_comes_twice() {
    for seed in 0..40 {
        let mut minimiser = Minimiser::new(generated(seed));
        let mut seen: Vec<Scenario> = Vec::new();
        let mut turn = seed;
        while let Some(candidate) = minimiser.propose() {
            let read = file::read(&file::write(&candidate), &Limits::FILES);
            assert_eq!(read.as_ref(), Ok(&candidate));
            assert!(!seen.contains(&candidate), "seed {seed}");
            seen.push(candidate);
            turn = turn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695);
            minimiser.answer(turn >> 33 & 3 == 0);
        }
        let invalid = minimiser.history().iter().filter(|one| one.fate == Fate::Invalid);
        let invalid: Vec<&str> = invalid.map(|one| &*one.what).collect();
        assert!(invalid.len() * 10 <= seen.len(), "seed {seed}: {invalid:?}");
    }
}

#[test]
fn what_is_always_wanted_becomes_a_device_that_does_nothing() {
    for seed in 0..20 {
        let expected = Size { devices: 1, users: 1, servers: 1, rooms: 1, ..Size::default() };
        assert_eq!(Size::of(&minimised(generated(seed), |_| true)), expected, "seed {seed}");
    }
}

#[test]
fn a_hint_is_tried_first_and_a_wrong_one_does_no_harm() {
    let scenario = generated(7);
    let last = scenario.messages.len() - 1;
    let sender = scenario.timeline.iter().rev().find_map(|timed| {
        if let Step::Send { device, .. } = timed.step { Some(device) } else { None }
    });
    let wanted = |scenario: &Scenario| !scenario.messages.is_empty();
    let place = scenario.timeline.iter().position(
        |timed| matches!(timed.step, Step::Send { message, .. } if message == MessageId::at(last)),
    );
    let relevant = Relevant {
        devices: sender.into_iter().collect(),
        rooms: (0..scenario.rooms.len()).map(RoomId::at).collect(),
        steps: place.into_iter().collect(),
        before_heal: true,
        ..Relevant::default()
    };
    let mut good = Minimiser::new(scenario.clone()).with_hint(relevant);
    let first = good.propose().expect("the hint is a candidate");
    assert_eq!((first.devices.len(), first.messages.len()), (1, 1));
    let good = searched(good, wanted);
    let wrong = searched(Minimiser::new(scenario.clone()).with_hint(Relevant::default()), wanted);
    let without = searched(Minimiser::new(scenario), wanted);
    assert_eq!(good.best(), wrong.best());
    assert_eq!(good.best(), without.best());
    assert!(good.proposed() < without.proposed());
}

#[test]
fn a_limit_ends_the_search_and_says_so() {
    let minimiser = searched(Minimiser::new(generated(3)).with_limit(5), |scenario| {
        !scenario.timeline.is_empty()
    });
    assert_eq!((minimiser.proposed(), minimiser.is_done()), (5, false));
}
