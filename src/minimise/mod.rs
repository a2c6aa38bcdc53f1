//! Smaller scenarios out of a larger one, until none of them is still wanted.
//! It does not know why a scenario is wanted: whoever asks runs each candidate and says so.
//!
//! A search goes from the coarse to the fine: what is known to be relevant alone, then everything usual at once, then halves
//! of what is left, then every single thing (`single`), again and again until a whole round of these changes nothing. So the result
//! withstands every single removal, merge, reset and shortening that there is, and each of these was tried on it.

mod candidate;
mod cut;
pub mod edit;
pub mod history;
pub mod names;
pub mod relevant;
mod renumber;
mod repair;
pub mod reset;
mod sentence;
mod shorten;
mod single;
pub mod size;
pub mod times;

#[cfg(test)]
mod tests;

use crate::ids::{DeviceId, FaultId};
use crate::scenario::model::Scenario;

use self::candidate::{Checked, Tried, as_read};
use self::edit::{Edit, Extent, Merge, Part};
use self::history::{Attempt, Fate};
use self::names::Renamed;
use self::relevant::Relevant;
use self::reset::Reset;
use self::size::Size;
use self::times::Times;

/// How many candidates are proposed at the most, if nothing else is said.
pub const LIMIT: usize = 2_000;

/// A search for the smallest scenario that is still wanted. Ask for a candidate with [`Minimiser::propose`], say with
/// [`Minimiser::answer`] whether it is wanted, and so on until there is none.
#[derive(Debug, Clone)]
pub struct Minimiser {
    best: Scenario,
    relevant: Relevant,
    stage: Stage,
    pending: Option<(Edit, Scenario)>,
    tried: Tried,
    history: Vec<Attempt>,
    renamed: Vec<Renamed>,
    proposed: usize,
    limit: usize,
}

/// Where a search stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    /// What is relevant alone; the next extent.
    Jump(usize),
    /// Much at once; the next of the list, and whether a jump was kept.
    Batch { next: usize, jumped: bool },
    /// Parts in lists: the kind, how many at once, from which place on.
    Chunks { kind: usize, size: usize, from: usize },
    /// Single things: all of them, the next one, and whether any was kept in this round.
    Singles { edits: Vec<Edit>, next: usize, changed: bool },
    /// Names.
    Names,
    /// Nothing is left to try.
    Done,
    /// Something is, and the limit does not allow it.
    Cut,
}

/// The extents of a jump, the boldest first.
const JUMPS: [Extent; 3] = [Extent::Barest, Extent::Bare, Extent::Relevant];

/// Lists of parts that are halved before they are gone through one by one.
const LISTS: [fn(&Scenario) -> Vec<Part>; 3] = [
    |scenario| (0..Size::of(scenario).steps).map(Part::Step).collect(),
    |scenario| (0..scenario.devices.len()).map(|index| Part::Device(DeviceId::at(index))).collect(),
    |scenario| (0..scenario.faults.len()).map(|index| Part::Fault(FaultId::at(index))).collect(),
];

/// Lists that are not longer are gone through one by one at once.
const SHORT: usize = 4;

impl Minimiser {
    /// A search that begins with `scenario`, which is wanted.
    #[must_use]
    pub fn new(scenario: Scenario) -> Self {
        let mut tried = Tried::default();
        tried.note(&scenario);
        Self {
            best: scenario,
            relevant: Relevant::default(),
            stage: Stage::Batch { next: 0, jumped: false },
            pending: None,
            tried,
            history: Vec::new(),
            renamed: Vec::new(),
            proposed: 0,
            limit: LIMIT,
        }
    }

    /// The same search, which begins with what is known to be relevant of the scenario.
    #[must_use]
    pub fn with_hint(self, relevant: Relevant) -> Self {
        Self { relevant, stage: Stage::Jump(0), ..self }
    }

    /// The same search, which ends after so many candidates, found or not.
    #[must_use]
    pub fn with_limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    /// The next candidate: valid, smaller than [`Minimiser::best`], and none that was proposed before. `None` if there is
    /// nothing left to try.
    pub fn propose(&mut self) -> Option<Scenario> {
        if let Some((_, scenario)) = &self.pending {
            return Some(scenario.clone());
        }
        loop {
            let edit = self.next()?;
            let Some(draft) = edit.apply(&self.best, &self.relevant) else { continue };
            let checked = match edit {
                // To the search a name is no difference.
                Edit::Names => match as_read(&draft) {
                    Some(read) if read != self.best => Checked::New(Box::new(read)),
                    Some(_) => Checked::Known,
                    None => Checked::Invalid,
                },
                Edit::Keep(_)
                | Edit::Remove(_)
                | Edit::Merge(_)
                | Edit::Reset(_)
                | Edit::OneTimeKeys(..)
                | Edit::RotationMessages(..)
                | Edit::RotationPeriod(..)
                | Edit::Join(..)
                | Edit::Shorten(..)
                | Edit::ShortenAll
                | Edit::Times(_) => self.tried.check(&draft),
            };
            match checked {
                Checked::Known => {}
                Checked::Invalid => self.note(&edit, &draft, Fate::Invalid),
                // Other names make nothing smaller: without them the search is still at its end.
                Checked::New(_) if self.proposed >= self.limit => {
                    if edit != Edit::Names {
                        self.stage = Stage::Cut;
                    }
                    return None;
                }
                Checked::New(scenario) => {
                    self.proposed += 1;
                    self.pending = Some((edit, (*scenario).clone()));
                    return Some(*scenario);
                }
            }
        }
    }

    /// Whether the candidate that was proposed last is wanted.
    pub fn answer(&mut self, wanted: bool) {
        let Some((edit, scenario)) = self.pending.take() else { return };
        self.note(&edit, &scenario, if wanted { Fate::Kept } else { Fate::Dropped });
        if wanted {
            if edit == Edit::Names {
                self.renamed = names::changed(&self.best, &scenario);
            }
            self.best = scenario;
            self.advance_kept(&edit);
        }
    }

    /// The smallest scenario so far that is wanted.
    #[must_use]
    pub const fn best(&self) -> &Scenario {
        &self.best
    }

    /// What was tried so far, in order.
    #[must_use]
    pub fn history(&self) -> &[Attempt] {
        &self.history
    }

    /// What has another name by now than in the scenario that the search began with.
    #[must_use]
    pub fn renamed(&self) -> &[Renamed] {
        &self.renamed
    }

    /// How many candidates were proposed so far.
    #[must_use]
    pub const fn proposed(&self) -> usize {
        self.proposed
    }

    /// Whether nothing is left to try: the best withstands every single removal and shortening.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    fn note(&mut self, edit: &Edit, result: &Scenario, fate: Fate) {
        let what = edit.sentence(&self.best);
        self.history.push(Attempt { edit: edit.clone(), what, fate, size: Size::of(result) });
    }

    /// The next thing to try.
    fn next(&mut self) -> Option<Edit> {
        loop {
            let stage = std::mem::replace(&mut self.stage, Stage::Done);
            match stage {
                Stage::Jump(next) => {
                    if let Some(extent) = JUMPS.get(next) {
                        self.stage = Stage::Jump(next + 1);
                        return Some(Edit::Keep(*extent));
                    }
                    self.stage = Stage::Batch { next: 0, jumped: false };
                }
                Stage::Batch { next, jumped } => {
                    if let Some(edit) = batch(jumped).into_iter().nth(next) {
                        self.stage = Stage::Batch { next: next + 1, jumped };
                        return Some(edit);
                    }
                    self.relevant = Relevant::default();
                    self.stage = Stage::Chunks { kind: 0, size: usize::MAX, from: 0 };
                }
                Stage::Chunks { kind, size, from } => {
                    if let Some(edit) = self.chunk(kind, size, from) {
                        return Some(edit);
                    }
                }
                Stage::Singles { edits, next, changed } => {
                    if let Some(edit) = edits.get(next).cloned() {
                        self.stage = Stage::Singles { edits, next: next + 1, changed };
                        return Some(edit);
                    }
                    self.stage = if changed { self.singles() } else { Stage::Names };
                }
                Stage::Names => return Some(Edit::Names),
                Stage::Done => return None,
                Stage::Cut => {
                    self.stage = Stage::Cut;
                    return None;
                }
            }
        }
    }

    /// A round of single things from the beginning.
    fn singles(&self) -> Stage {
        Stage::Singles { edits: single::all(&self.best), next: 0, changed: false }
    }

    /// The next parts that may go together, if there are some; the stage is the next one in either case.
    fn chunk(&mut self, kind: usize, size: usize, from: usize) -> Option<Edit> {
        let Some(list) = LISTS.get(kind) else {
            self.stage = self.singles();
            return None;
        };
        let parts = list(&self.best);
        let size = size.min(parts.len().div_ceil(2));
        if parts.len() <= SHORT || size < 2 {
            self.stage = Stage::Chunks { kind: kind + 1, size: usize::MAX, from: 0 };
            return None;
        }
        // From the end, because what comes later rests on what comes first.
        let Some(end) = parts.len().checked_sub(from).filter(|end| *end > 0) else {
            self.stage = Stage::Chunks { kind, size: size / 2, from: 0 };
            return None;
        };
        self.stage = Stage::Chunks { kind, size, from: from + size };
        Some(Edit::Remove(parts[end.saturating_sub(size)..end].to_vec()))
    }

    /// What comes next after this was kept.
    fn advance_kept(&mut self, edit: &Edit) {
        match &mut self.stage {
            Stage::Jump(_) => {
                let jumped = *edit != Edit::Keep(Extent::Relevant);
                self.stage = Stage::Batch { next: 0, jumped };
            }
            // What was behind the parts that went is in their place now.
            Stage::Chunks { size, from, .. } => *from = from.saturating_sub(*size),
            Stage::Singles { edits, next, changed } => {
                *edits = single::all(&self.best);
                *next = next.saturating_sub(1);
                *changed = true;
            }
            Stage::Batch { .. } | Stage::Names | Stage::Done | Stage::Cut => {}
        }
    }
}

/// Every valid scenario that is one step smaller than this one: a part less, two parts as one, a setting usual, a fault shorter,
/// times closer together. A smallest scenario is one of which none of these is wanted.
#[must_use]
pub fn smaller_by_one(scenario: &Scenario) -> Vec<(Edit, Scenario)> {
    let relevant = Relevant::default();
    let mut tried = Tried::default();
    tried.note(scenario);
    let valid = |edit: Edit| {
        let draft = edit.apply(scenario, &relevant)?;
        match tried.check(&draft) {
            Checked::New(smaller) => Some((edit, *smaller)),
            Checked::Known | Checked::Invalid => None,
        }
    };
    single::all(scenario).into_iter().filter_map(valid).collect()
}

/// The scenario after these edits, one after the other, as its file is read. `None` if one of them makes no sense, or no file can say what
/// comes of them.
#[must_use]
pub fn edited(scenario: &Scenario, edits: &[Edit]) -> Option<Scenario> {
    let relevant = Relevant::default();
    let draft =
        edits.iter().try_fold(scenario.clone(), |draft, edit| edit.apply(&draft, &relevant));
    as_read(&draft?)
}

/// What is tried at once. After a bold jump most of it has been done.
fn batch(jumped: bool) -> Vec<Edit> {
    let mut edits = Vec::new();
    if !jumped {
        edits.push(Edit::Reset(Reset::All));
    }
    edits.extend([
        Edit::Reset(Reset::Chance),
        Edit::Reset(Reset::Expectations),
        Edit::Remove(vec![Part::Heal]),
        Edit::Merge(Merge::AllServers),
        Edit::ShortenAll,
        Edit::Times(Times::Even),
        Edit::Times(Times::Round),
    ]);
    edits
}
