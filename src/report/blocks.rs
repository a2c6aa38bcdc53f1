//! Cells of a table put together to blocks: the same messages at several devices are told once.
//! It does not know what the cells have in common beyond that.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{DeviceId, MessageId};

use super::names::Names;
use super::text::{count, list};

/// With more blocks than this, not every pair of device and message is spelled out.
const BLOCKS: usize = 8;

/// Each of these messages at each of these devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block<T> {
    /// At least one, ascending.
    pub(super) messages: Vec<MessageId>,
    /// At least one, ascending.
    pub(super) devices: Vec<DeviceId>,
    /// How many cells, if not every message at every device is meant.
    only: Option<u64>,
    /// What came with the cells, by device, then by message.
    pub(super) carried: Vec<T>,
}

/// Puts cells together: devices with the same messages make a block. If there would be too many blocks, there is one that
/// says how many cells it has.
pub(super) fn blocks<T: Copy>(cells: &[(MessageId, DeviceId, T)]) -> Vec<Block<T>> {
    let mut by_device: BTreeMap<DeviceId, (Vec<MessageId>, Vec<T>)> = BTreeMap::new();
    for (message, device, carried) in cells {
        let entry = by_device.entry(*device).or_default();
        entry.0.push(*message);
        entry.1.push(*carried);
    }
    let mut blocks: BTreeMap<Vec<MessageId>, Block<T>> = BTreeMap::new();
    for (device, (messages, carried)) in by_device {
        let block = blocks.entry(messages).or_insert_with_key(|messages| Block {
            messages: messages.clone(),
            devices: Vec::new(),
            only: None,
            carried: Vec::new(),
        });
        block.devices.push(device);
        block.carried.extend(carried);
    }
    if blocks.len() <= BLOCKS {
        return blocks.into_values().collect();
    }
    let messages: BTreeSet<MessageId> = cells.iter().map(|cell| cell.0).collect();
    let devices: BTreeSet<DeviceId> = cells.iter().map(|cell| cell.1).collect();
    vec![Block {
        messages: messages.into_iter().collect(),
        devices: devices.into_iter().collect(),
        only: Some(cells.len() as u64),
        carried: cells.iter().map(|cell| cell.2).collect(),
    }]
}

impl<T> Block<T> {
    /// Its devices as a list.
    pub(super) fn devices(&self, names: &Names<'_>) -> String {
        let devices: Vec<String> = self.devices.iter().map(|one| names.device(*one)).collect();
        list(&devices)
    }

    /// Its messages as a list, which begins with `some of` where not each is meant at each device.
    pub(super) fn messages(&self, names: &Names<'_>) -> String {
        let messages: Vec<String> = self.messages.iter().map(|one| names.message(*one)).collect();
        let some_of = if self.only.is_some() { "some of " } else { "" };
        format!("{some_of}{}", list(&messages))
    }

    /// ` (820 cells)` where not each message is meant at each device.
    pub(super) fn remark(&self) -> String {
        self.only.map_or_else(String::new, |only| format!(" ({})", count(only, "cell")))
    }
}

#[cfg(test)]
mod tests {
    use super::blocks;
    use crate::ids::{DeviceId, MessageId};
    use crate::report::names::Names;
    use crate::scenario::sample::room_of;

    /// Blocks as text, with what came along.
    fn told(cells: &[(u32, u32)]) -> Vec<String> {
        let scenario = room_of(20, 20);
        let names = Names::of(&scenario);
        let cells: Vec<(MessageId, DeviceId, u32)> = cells
            .iter()
            .map(|(m, d)| (MessageId::new(m - 1), DeviceId::new(*d), 100 * m + d))
            .collect();
        let tell = |block: super::Block<u32>| {
            let (messages, devices) = (block.messages(&names), block.devices(&names));
            format!("{messages} at {devices}{}: {:?}", block.remark(), block.carried)
        };
        blocks(&cells).into_iter().map(tell).collect()
    }

    #[test]
    fn devices_with_the_same_messages_make_a_block() {
        assert_eq!(told(&[]), [""; 0]);
        assert_eq!(
            told(&[(1, 1), (1, 2), (2, 1), (2, 2), (2, 3)]),
            ["m1 and m2 at B1 and B2: [101, 201, 102, 202]", "m2 at B3: [203]"]
        );
    }

    #[test]
    fn too_many_blocks_become_one_that_counts_its_cells() {
        let eight: Vec<(u32, u32)> = (1..=8).map(|one| (one, one)).collect();
        assert_eq!(told(&eight).len(), 8);
        let nine: Vec<(u32, u32)> = (1..=9).map(|one| (one, one)).collect();
        let told = told(&nine);
        assert_eq!(told.len(), 1);
        let start = "some of m1, m2, m3 and 6 more at B1, B2, B3 and 6 more (9 cells): [101, ";
        assert!(told[0].starts_with(start), "{told:?}");
    }
}
