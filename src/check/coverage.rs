//! What the judge was shown: which kinds of fact were recorded of which observer, in which log.
//! It does not know which rules need what; `needs` does.

use crate::check::cast::Cast;
use crate::ids::{DeviceId, ServerId};
use crate::trace::fact::Observer;
use crate::trace::kind::{Kind, Kinds};
use crate::trace::recorded::Recorded;

/// The logs that facts of an observer stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In none.
    Nowhere,
    /// In this one: its facts have an order.
    Log(usize),
    /// In more than one: their order is not known.
    Several,
}

/// What is recorded of one observer, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    kinds: Kinds,
    place: Place,
}

const NOTHING: Row = Row { kinds: Kinds::NONE, place: Place::Nowhere };

/// What the judge was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// `None` if everything was recorded, in one log.
    rows: Option<Rows>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rows {
    world: Row,
    servers: Vec<Row>,
    devices: Vec<Row>,
    /// By kind: up to two of those who should record it and do not, so that one is left when the other is not meant.
    lacking: Vec<[Option<Observer>; 2]>,
    /// Whether the facts stand in more than one log.
    separate: bool,
}

impl Coverage {
    /// Everything that anybody saw was recorded in one log: so it is with a simulated run.
    #[must_use]
    pub const fn everything() -> Self {
        Self { rows: None }
    }

    /// What these logs record; `None` is a log that has everything that anybody saw.
    #[must_use]
    pub fn of(cast: &Cast, logs: &[Option<&[Recorded]>]) -> Self {
        if matches!(logs, [None]) {
            return Self::everything();
        }
        let mut rows = Rows {
            world: NOTHING,
            servers: vec![NOTHING; cast.server_count()],
            devices: vec![NOTHING; cast.device_count()],
            lacking: Vec::new(),
            separate: logs.len() > 1,
        };
        for (log, recorded) in logs.iter().enumerate() {
            match recorded {
                None => rows.each(|row| row.add(Kinds::ALL, log)),
                Some(entries) => {
                    for entry in *entries {
                        if let Some(row) = rows.row_mut(entry.observer) {
                            row.add(entry.kinds, log);
                        }
                    }
                }
            }
        }
        rows.lacking = Kind::ALL.iter().map(|kind| rows.lacking(*kind)).collect();
        Self { rows: Some(rows) }
    }

    /// Whether everything that anybody saw was recorded, in one log.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.rows.is_none()
    }

    /// Whether facts of this kind were recorded of this observer.
    #[cfg(test)]
    fn records(&self, observer: Observer, kind: Kind) -> bool {
        self.rows.as_ref().is_none_or(|rows| rows.row(observer).kinds.contains(kind))
    }

    /// Which of these kinds were not recorded of this observer.
    pub(crate) fn missing_of(&self, observer: Observer, kinds: Kinds) -> Kinds {
        match &self.rows {
            None => Kinds::NONE,
            Some(rows) => kinds.without(rows.row(observer).kinds),
        }
    }

    /// One who should record facts of this kind and does not, other than `but`.
    pub(crate) fn lacking(&self, kind: Kind, but: Observer) -> Option<Observer> {
        let rows = self.rows.as_ref()?;
        rows.lacking[kind as usize].into_iter().flatten().find(|one| *one != but)
    }

    /// Two of these observers whose facts stand in different logs, so that their order is not known.
    pub(crate) fn unordered(&self, observers: &[Observer]) -> Option<[Observer; 2]> {
        let rows = self.rows.as_ref().filter(|rows| rows.separate)?;
        let mut first: Option<(Observer, Place)> = None;
        for observer in observers {
            let place = rows.row(*observer).place;
            match first {
                _ if place == Place::Nowhere => {}
                _ if place == Place::Several => return Some([*observer, *observer]),
                None => first = Some((*observer, place)),
                Some((other, known)) if known != place => return Some([other, *observer]),
                Some(_) => {}
            }
        }
        None
    }

    /// Whether facts stand in more than one log.
    pub(crate) fn is_separate(&self) -> bool {
        self.rows.as_ref().is_some_and(|rows| rows.separate)
    }
}

impl Row {
    fn add(&mut self, kinds: Kinds, log: usize) {
        if kinds.is_empty() {
            return;
        }
        self.kinds = self.kinds.or(kinds);
        self.place = match self.place {
            Place::Nowhere => Place::Log(log),
            Place::Log(known) if known == log => Place::Log(log),
            Place::Log(_) | Place::Several => Place::Several,
        };
    }
}

impl Rows {
    fn each(&mut self, mut change: impl FnMut(&mut Row)) {
        change(&mut self.world);
        self.servers.iter_mut().chain(&mut self.devices).for_each(change);
    }

    fn row(&self, observer: Observer) -> Row {
        match observer {
            Observer::World => Some(&self.world),
            Observer::Server(server) => self.servers.get(server.index()),
            Observer::Device(device) => self.devices.get(device.index()),
        }
        .copied()
        .unwrap_or(NOTHING)
    }

    fn row_mut(&mut self, observer: Observer) -> Option<&mut Row> {
        match observer {
            Observer::World => Some(&mut self.world),
            Observer::Server(server) => self.servers.get_mut(server.index()),
            Observer::Device(device) => self.devices.get_mut(device.index()),
        }
    }

    /// Two who should record facts of this kind and do not.
    fn lacking(&self, kind: Kind) -> [Option<Observer>; 2] {
        use crate::trace::jsonl::Recorder;
        let lacks = |row: &Row| !row.kinds.contains(kind);
        let mut lacking: Box<dyn Iterator<Item = Observer> + '_> = match kind.recorder() {
            Recorder::World => Box::new(lacks(&self.world).then_some(Observer::World).into_iter()),
            Recorder::Server => Box::new(
                positions(&self.servers, lacks).map(|at| Observer::Server(ServerId::at(at))),
            ),
            Recorder::Device => Box::new(
                positions(&self.devices, lacks).map(|at| Observer::Device(DeviceId::at(at))),
            ),
        };
        [lacking.next(), lacking.next()]
    }
}

fn positions(rows: &[Row], is: impl Fn(&Row) -> bool) -> impl Iterator<Item = usize> {
    rows.iter().enumerate().filter(move |(_, row)| is(row)).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::Coverage;
    use crate::check::cast::Cast;
    use crate::ids::{DeviceId, ServerId, UserId};
    use crate::trace::fact::Observer;
    use crate::trace::kind::{Kind, Kinds};
    use crate::trace::recorded::Recorded;

    const A: Observer = Observer::Device(DeviceId::new(0));
    const B: Observer = Observer::Device(DeviceId::new(1));
    const S: Observer = Observer::Server(ServerId::new(0));

    fn cast() -> Cast {
        Cast::new([0, 1].map(UserId::new).to_vec(), [ServerId::new(0); 2].to_vec(), Vec::new())
    }

    fn recorded(observer: Observer, kinds: Kinds) -> Recorded {
        Recorded { observer, kinds }
    }

    #[test]
    fn a_log_that_does_not_say_what_it_has_has_everything() {
        let all = Coverage::of(&cast(), &[None]);
        assert!(all.is_complete() && all.records(A, Kind::Put));
        assert_eq!(all.lacking(Kind::Put, A), None);
        assert_eq!(all.unordered(&[A, B, S]), None);
    }

    #[test]
    fn what_is_not_listed_is_missing() {
        let puts = Kinds::of(&[Kind::Put, Kind::Enqueued]);
        let entries = [recorded(A, puts), recorded(S, puts)];
        let some = Coverage::of(&cast(), &[Some(&entries[..])]);
        assert!(some.records(A, Kind::Put) && !some.records(B, Kind::Put));
        assert_eq!(some.lacking(Kind::Put, A), Some(B));
        assert_eq!(some.lacking(Kind::Put, B), None, "there is nobody else");
        assert_eq!(some.lacking(Kind::Enqueued, A), None, "devices do not record it");
        assert_eq!(some.lacking(Kind::Listed, A), Some(S));
        assert_eq!(some.missing_of(B, puts), puts);
        assert_eq!(some.unordered(&[A, B, S]), None, "one log has one order");
    }

    #[test]
    fn the_order_of_separate_logs_is_not_known() {
        let [a, b] = [[recorded(A, Kinds::ALL)], [recorded(B, Kinds::ALL)]];
        let two = Coverage::of(&cast(), &[Some(&a[..]), Some(&b[..])]);
        assert!(two.is_separate());
        assert_eq!(two.unordered(&[A, B]), Some([A, B]));
        assert_eq!(two.unordered(&[A, S]), None, "what is nowhere has no order to be wrong");
        let both = Coverage::of(&cast(), &[Some(&a[..]), Some(&a[..])]);
        assert_eq!(both.unordered(&[A]), Some([A, A]));
    }
}
