//! The table of a room: a row for each message, a column for each device, a verdict in each cell.
//! It does not explain a verdict; it condenses until the table fits the width that it is given.

use std::collections::BTreeMap;

use crate::check::outcome::{Outcome, Verdict};
use crate::ids::{DeviceId, MessageId, RoomId};
use crate::protocol::withheld::WithheldCode;
use crate::rulebook::leaf::Leaf;

use super::names::{Names, verdict};
use super::paint::{Paint, Tone};
use super::room::Layout;
use super::text::{fill, grouped, list, width};

/// Tables with more rows than this put equal neighbours into one row.
const ROWS_SHOWN_SINGLY: usize = 40;
/// Blanks between two columns.
const GAP: &str = "  ";

/// A cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    /// What became of the message.
    Is(Leaf, Option<WithheldCode>),
    /// The device sent it.
    Sent,
    /// There is no verdict: the user had not been in the room by the end.
    Empty,
}

impl Cell {
    fn text(self) -> String {
        match self {
            Self::Is(leaf, code) => verdict(leaf, code),
            Self::Sent => "(sent)".to_owned(),
            Self::Empty => "-".to_owned(),
        }
    }

    const fn tone(self) -> Tone {
        match self {
            Self::Is(leaf, _) => Tone::of_leaf(leaf),
            Self::Sent | Self::Empty => Tone::Dim,
        }
    }
}

/// The verdicts of one room as a matrix.
struct Grid {
    devices: Vec<DeviceId>,
    rows: Vec<(MessageId, Vec<Cell>)>,
}

impl Grid {
    fn of(names: &Names<'_>, outcome: &Outcome, room: RoomId) -> Self {
        let in_room = |one: &&Verdict| names.origin(one.message).is_some_and(|o| o.room == room);
        let mut position: BTreeMap<DeviceId, usize> =
            outcome.verdicts.iter().filter(in_room).map(|one| (one.device, 0)).collect();
        for (index, slot) in position.values_mut().enumerate() {
            *slot = index;
        }
        let mut rows: Vec<(MessageId, Vec<Cell>)> = Vec::new();
        for one in outcome.verdicts.iter().filter(in_room) {
            if rows.last().is_none_or(|(message, _)| *message != one.message) {
                let mut cells = vec![Cell::Empty; position.len()];
                let sender = names.origin(one.message).map(|origin| origin.sender);
                if let Some(own) = sender.and_then(|sender| position.get(&sender)) {
                    cells[*own] = Cell::Sent;
                }
                rows.push((one.message, cells));
            }
            let (_, cells) = rows.last_mut().expect("a row for the message was pushed");
            cells[position[&one.device]] = Cell::Is(one.leaf, one.code);
        }
        Self { devices: position.into_keys().collect(), rows }
    }

    /// Positions of devices with equal columns, each group by its first device.
    fn equal_columns(&self) -> Vec<Vec<usize>> {
        let mut groups: BTreeMap<Vec<Cell>, Vec<usize>> = BTreeMap::new();
        for position in 0..self.devices.len() {
            let column = self.rows.iter().map(|(_, cells)| cells[position]).collect();
            groups.entry(column).or_default().push(position);
        }
        let mut groups: Vec<_> = groups.into_values().collect();
        groups.sort();
        groups
    }

    /// Rows from the first to the last of each run of rows that are told by one.
    fn runs(&self, names: &Names<'_>) -> Vec<(usize, usize)> {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for (row, (message, cells)) in self.rows.iter().enumerate() {
            let sender = |message| names.origin(message).map(|origin| origin.sender);
            match runs.last_mut() {
                Some((first, last))
                    if self.rows.len() > ROWS_SHOWN_SINGLY
                        && self.rows[*first].1 == *cells
                        && sender(self.rows[*first].0) == sender(*message) =>
                {
                    *last = row;
                }
                Some(_) | None => runs.push((row, row)),
            }
        }
        runs
    }
}

/// A table of texts, each with its tone.
struct Sheet {
    lines: Vec<Vec<(String, Tone)>>,
}

impl Sheet {
    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = Vec::new();
        for line in &self.lines {
            widths.resize(widths.len().max(line.len()), 0);
            for (column, (text, _)) in line.iter().enumerate() {
                widths[column] = widths[column].max(width(text));
            }
        }
        widths
    }

    fn width(&self) -> usize {
        let widths = self.widths();
        widths.iter().sum::<usize>() + GAP.len() * widths.len()
    }

    fn print(&self, paint: Paint) -> String {
        let widths = self.widths();
        let mut printed = String::new();
        for line in &self.lines {
            for (column, (text, tone)) in line.iter().enumerate() {
                printed.push_str(GAP);
                paint.push(*tone, text, &mut printed);
                if column + 1 < line.len() {
                    printed.push_str(&fill(text, widths[column]));
                }
            }
            printed.push('\n');
        }
        printed
    }
}

/// The table of `room`, in at most `layout.columns` columns if that is possible at all: with a column for each device; or else
/// with one for all devices whose columns are equal; or else with the numbers of equal verdicts for each message.
/// Empty if no message was accepted in the room.
pub(super) fn table(names: &Names<'_>, outcome: &Outcome, room: RoomId, layout: Layout) -> String {
    let Layout { columns, paint } = layout;
    let grid = Grid::of(names, outcome, room);
    if grid.rows.is_empty() {
        return String::new();
    }
    let singly: Vec<Vec<usize>> = (0..grid.devices.len()).map(|one| vec![one]).collect();
    let full = sheet(names, &grid, &singly);
    if full.width() <= columns {
        return full.print(paint);
    }
    let groups = grid.equal_columns();
    let grouped = sheet(names, &grid, &groups);
    if grouped.width() <= columns {
        return grouped.print(paint) + &legend(names, &grid, &groups);
    }
    counts(names, &grid, paint)
}

fn device_names(names: &Names<'_>, grid: &Grid, group: &[usize]) -> Vec<String> {
    group.iter().map(|position| names.device(grid.devices[*position])).collect()
}

/// The name of a column: its first device and how many more there are.
fn column_name(names: &Names<'_>, grid: &Grid, group: &[usize]) -> String {
    let first = names.device(grid.devices[group[0]]);
    match group.len() {
        1 => first,
        more => format!("{first} +{}", grouped(more as u64 - 1)),
    }
}

/// The messages of a run of rows, and who sent them.
fn row_head(names: &Names<'_>, grid: &Grid, (first, last): (usize, usize)) -> [String; 2] {
    let message = |row: usize| names.message(grid.rows[row].0);
    let what = if first == last {
        message(first)
    } else {
        format!("{} .. {} ({})", message(first), message(last), grouped((last - first) as u64 + 1))
    };
    let from = names.origin(grid.rows[first].0).map(|origin| names.device(origin.sender));
    [what, from.unwrap_or_default()]
}

fn sheet(names: &Names<'_>, grid: &Grid, groups: &[Vec<usize>]) -> Sheet {
    let heading = |text: String| (text, Tone::Heading);
    let mut head = vec![heading("message".to_owned()), heading("from".to_owned())];
    head.extend(groups.iter().map(|group| heading(column_name(names, grid, group))));
    let mut lines = vec![head];
    for run in grid.runs(names) {
        let [what, from] = row_head(names, grid, run);
        let mut line = vec![(what, Tone::Heading), (from, Tone::Dim)];
        line.extend(groups.iter().map(|group| {
            let cell = grid.rows[run.0].1[group[0]];
            (cell.text(), cell.tone())
        }));
        lines.push(line);
    }
    Sheet { lines }
}

/// Which devices the columns of several stand for.
fn legend(names: &Names<'_>, grid: &Grid, groups: &[Vec<usize>]) -> String {
    let mut text = String::new();
    for group in groups.iter().filter(|group| group.len() > 1) {
        let all = list(&device_names(names, grid, group));
        text.push_str(&format!("{GAP}{}: {all}\n", column_name(names, grid, group)));
    }
    text
}

fn counts(names: &Names<'_>, grid: &Grid, paint: Paint) -> String {
    let heading = |text: &str| (text.to_owned(), Tone::Heading);
    let mut lines = vec![vec![heading("message"), heading("from"), heading("devices by verdict")]];
    for run in grid.runs(names) {
        let [what, from] = row_head(names, grid, run);
        let mut tally: BTreeMap<Cell, u64> = BTreeMap::new();
        for cell in &grid.rows[run.0].1 {
            *tally.entry(*cell).or_default() += 1;
        }
        let mut line = vec![(what, Tone::Heading), (from, Tone::Dim)];
        let told = tally.iter().filter(|(cell, _)| **cell != Cell::Sent);
        let told: Vec<String> =
            told.map(|(cell, number)| format!("{} {}", grouped(*number), cell.text())).collect();
        let worst = tally.keys().map(|cell| cell.tone()).max().unwrap_or(Tone::Dim);
        line.push((told.join(", "), worst));
        lines.push(line);
    }
    Sheet { lines }.print(paint)
}

#[cfg(test)]
mod tests {
    use super::table;
    use crate::check::outcome::Outcome;
    use crate::ids::{DeviceId, MessageId, RoomId};
    use crate::report::names::Names;
    use crate::report::paint::Paint;
    use crate::report::room::Layout;
    use crate::report::sample::{blocked, outcome_of};
    use crate::rulebook::leaf::Leaf;
    use crate::scenario::model::Scenario;
    use crate::scenario::sample::room_of;
    use crate::scenario::step::Step;

    fn printed(scenario: &Scenario, outcome: &Outcome, columns: usize) -> String {
        table(
            &Names::of(scenario),
            outcome,
            RoomId::new(0),
            Layout { columns, paint: Paint::Plain },
        )
    }

    #[test]
    fn a_small_room_has_a_column_for_each_device() {
        let scenario = room_of(2, 2);
        let outcome = outcome_of(&scenario, blocked);
        let expected = "  message  from  B1                       B2\n\
                        \x20 m1       A1    withheld(m.blacklisted)  delivered\n\
                        \x20 m2       A1    withheld(m.blacklisted)  delivered\n";
        assert_eq!(printed(&scenario, &outcome, 80), expected);
    }

    #[test]
    fn columns_line_up_under_wide_names() {
        let mut scenario = room_of(2, 1);
        scenario.devices[1].name = "名前名前名前".to_owned();
        let outcome = outcome_of(&scenario, |_, _| Leaf::Delivered);
        let expected = "  message  from  名前名前名前  B2\n\
                        \x20 m1       A1    delivered     delivered\n";
        assert_eq!(printed(&scenario, &outcome, 80), expected);
    }

    #[test]
    fn equal_columns_become_one_where_the_width_does_not_do() {
        let scenario = room_of(600, 2);
        let outcome = outcome_of(&scenario, blocked);
        let expected = "  message  from  B1                       B2 +598\n\
                        \x20 m1       A1    withheld(m.blacklisted)  delivered\n\
                        \x20 m2       A1    withheld(m.blacklisted)  delivered\n\
                        \x20 B2 +598: B2, B3, B4 and 596 more\n";
        assert_eq!(printed(&scenario, &outcome, 80), expected);
    }

    #[test]
    fn verdicts_are_counted_where_too_many_columns_differ() {
        let scenario = room_of(20, 20);
        let outcome =
            outcome_of(
                &scenario,
                |message, device| {
                    if message < device { Leaf::Delivered } else { Leaf::Withheld }
                },
            );
        let text = printed(&scenario, &outcome, 80);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "  message  from  devices by verdict");
        assert_eq!(lines[1], "  m1       A1    19 delivered, 1 withheld(m.blacklisted)");
        assert_eq!(lines[20], "  m20      A1    20 withheld(m.blacklisted)");
        assert_eq!(lines.len(), 21);
    }

    #[test]
    fn equal_neighbours_of_a_long_table_become_one_row() {
        let scenario = room_of(1, 100);
        let outcome =
            outcome_of(
                &scenario,
                |message, _| {
                    if message == 50 { Leaf::Wedged } else { Leaf::Delivered }
                },
            );
        let expected = "  message           from  B1\n\
                        \x20 m1 .. m49 (49)    A1    delivered\n\
                        \x20 m50               A1    wedged\n\
                        \x20 m51 .. m100 (50)  A1    delivered\n";
        assert_eq!(printed(&scenario, &outcome, 80), expected);
    }

    #[test]
    fn a_device_that_also_sends_shows_which_messages_are_its_own() {
        let mut scenario = room_of(2, 2);
        if let Step::Send { device, .. } = &mut scenario.timeline[1].step {
            *device = DeviceId::new(1);
        }
        let mut outcome = outcome_of(&scenario, |_, _| Leaf::Delivered);
        outcome
            .verdicts
            .retain(|one| !(one.message == MessageId::new(1) && one.device == DeviceId::new(1)));
        let expected = "  message  from  B1         B2\n\
                        \x20 m1       A1    delivered  delivered\n\
                        \x20 m2       B1    (sent)     delivered\n";
        assert_eq!(printed(&scenario, &outcome, 80), expected);
    }

    #[test]
    fn a_device_without_a_verdict_for_a_message_has_an_empty_cell() {
        let scenario = room_of(2, 2);
        let mut outcome = outcome_of(&scenario, |_, _| Leaf::Delivered);
        outcome.verdicts.remove(0);
        let expected = "  message  from  B1         B2\n\
                        \x20 m1       A1    -          delivered\n\
                        \x20 m2       A1    delivered  delivered\n";
        assert_eq!(printed(&scenario, &outcome, 80), expected);
    }

    #[test]
    fn a_room_without_accepted_messages_has_no_table() {
        let scenario = room_of(2, 0);
        let outcome = outcome_of(&scenario, blocked);
        assert_eq!(printed(&scenario, &outcome, 80), "");
    }

    #[test]
    fn colour_does_not_move_the_columns() {
        let scenario = room_of(2, 1);
        let outcome = outcome_of(&scenario, blocked);
        let names = Names::of(&scenario);
        let coloured =
            table(&names, &outcome, RoomId::new(0), Layout { columns: 80, paint: Paint::Colour });
        let uncoloured: Vec<&str> = coloured
            .split('\u{1b}')
            .map(|part| {
                part.split_once('m').filter(|_| part.starts_with('[')).map_or(part, |x| x.1)
            })
            .collect();
        assert_ne!(coloured, uncoloured.concat());
        assert_eq!(uncoloured.concat(), printed(&scenario, &outcome, 80));
    }
}
