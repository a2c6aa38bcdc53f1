//! A homeserver: registers that are blind to each other, and the services that answer requests from them.
//! It does not know time, delays, faults or whether anyone can be reached; it never looks into a to-device content.

pub mod account;
pub mod backup;
pub mod device_lists;
pub mod federation;
pub mod foreseen;
pub mod key_service;
pub mod log;
pub mod mailbox;
pub mod one_time_keys;
pub mod residents;
pub mod room;
pub mod room_service;
pub mod rooms;
pub mod sync_service;
pub mod to_device_service;
pub mod transactions;

use std::collections::BTreeMap;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::homeserver::account::Account;
use crate::homeserver::backup::Backup;
use crate::homeserver::device_lists::DeviceLists;
use crate::homeserver::federation::{Federation, Pdu};
use crate::homeserver::foreseen::Foreseen;
use crate::homeserver::log::FactLog;
use crate::homeserver::residents::Residents;
use crate::homeserver::rooms::Rooms;
use crate::homeserver::transactions::Transactions;
use crate::ids::{DeviceId, RoomId, ServerId, UserId};
use crate::protocol::api::SyncResponse;
use crate::protocol::provenance::Provenance;
use crate::trace::fact::{Causes, FactKind};

/// One homeserver.
#[derive(Debug, Clone)]
pub struct Homeserver {
    id: ServerId,
    residents: Arc<Residents>,
    accounts: Vec<Account>,
    live: Vec<SmallVec<[DeviceId; 4]>>,
    lists: DeviceLists,
    rooms: Rooms,
    /// Of room messages, and of to-device messages.
    messages: Transactions,
    puts: Transactions,
    backups: Vec<Backup>,
    federation: Federation,
    touched: Vec<DeviceId>,
    early: BTreeMap<RoomId, Vec<Pdu>>,
    /// Answers that were read: memory for the next ones, and nothing that anything depends on.
    #[expect(clippy::vec_box, reason = "what is kept is the memory of the boxes")]
    spare: Vec<Box<SyncResponse>>,
}

impl Homeserver {
    /// An empty server in a world of so many servers, of which this is foreseen.
    #[must_use]
    pub fn new(
        id: ServerId,
        residents: &Arc<Residents>,
        servers: usize,
        foreseen: &Arc<Foreseen>,
    ) -> Self {
        let users = residents.users_at(id).len();
        Self {
            id,
            residents: Arc::clone(residents),
            accounts: vec![Account::default(); residents.devices_at(id).len()],
            live: vec![SmallVec::new(); users],
            lists: DeviceLists::new(users),
            rooms: Rooms::new(id, Arc::clone(residents), Arc::clone(foreseen)),
            messages: Transactions::with_memory(foreseen.messages(id)),
            puts: Transactions::default(),
            backups: vec![Backup::default(); users],
            federation: Federation::new(servers),
            touched: Vec::new(),
            early: BTreeMap::new(),
            spare: Vec::new(),
        }
    }

    /// The server's rooms.
    #[must_use]
    pub const fn rooms(&self) -> &Rooms {
        &self.rooms
    }

    /// The server's rooms, to set them up.
    pub const fn rooms_mut(&mut self) -> &mut Rooms {
        &mut self.rooms
    }

    /// What the server publishes of its users.
    #[must_use]
    pub const fn lists(&self) -> &DeviceLists {
        &self.lists
    }

    /// The queues for other servers.
    pub const fn federation(&mut self) -> &mut Federation {
        &mut self.federation
    }

    /// The key backup of one of the server's users.
    pub fn backup(&mut self, user: UserId) -> &mut Backup {
        &mut self.backups[self.residents.user_seat(user)]
    }

    /// The account of one of the server's devices.
    #[must_use]
    pub fn account(&self, device: DeviceId) -> &Account {
        &self.accounts[self.residents.device_seat(device)]
    }

    /// The account of one of the server's devices, to change it.
    pub fn account_mut(&mut self, device: DeviceId) -> &mut Account {
        &mut self.accounts[self.residents.device_seat(device)]
    }

    /// The identity that now has the device id of this one.
    #[must_use]
    pub fn holder(&self, device: DeviceId) -> Option<DeviceId> {
        self.account(self.residents.address(device)).holder
    }

    /// Whether the device is logged in.
    #[must_use]
    pub fn is_live(&self, device: DeviceId) -> bool {
        self.holder(device) == Some(device)
    }

    /// Takes the devices that there may be something new for since this was last called; with repetitions.
    pub fn take_touched(&mut self, into: &mut Vec<DeviceId>) {
        into.append(&mut self.touched);
    }

    /// Copies of all accounts, for a server that will be restored to them.
    #[must_use]
    pub fn copy_accounts(&self) -> Vec<Account> {
        self.accounts.clone()
    }

    /// The server's one-time keys and mailboxes become what they were in the copies; what was put into a mailbox since
    /// then is lost.
    pub fn restore_accounts(&mut self, copies: &[Account], causes: Causes, log: &mut impl FactLog) {
        let devices = self.residents.devices_at(self.id);
        for ((account, copy), &device) in self.accounts.iter_mut().zip(copies).zip(devices) {
            let by = Provenance(causes.iter().next());
            for lost in account.mailbox.restore(&copy.mailbox, by) {
                let kind =
                    FactKind::Lost { txn: lost.txn, recipient: device, message: Some(lost.id) };
                log.record(kind, lost.written.0.into_iter().fold(causes, Causes::and));
            }
            account.restored = by;
            account.keys = copy.keys.brought_back(&account.keys, account.restored);
            account.keys_cause = account.restored;
            self.touched.push(device);
        }
    }

    /// Notes that there may be something new for the devices of these users.
    fn touch_users(&mut self, users: &[UserId]) {
        for user in users {
            let devices = &self.live[self.residents.user_seat(*user)];
            self.touched.extend_from_slice(devices);
        }
    }
}
