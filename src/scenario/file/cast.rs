//! The cast of a scenario: servers, users, devices and rooms, made of the records of a file.
//! It does not know what they will do.

use std::collections::{BTreeMap, BTreeSet};

use super::codec::{Changes, Codec, Reader, Slot};
use super::container::{At, Entry};
use super::document::{DeviceFile, Devices, EachDevice, Member, RoomFile, ServerFile, UserFile};
use super::habits::HabitsChanges;
use super::names::Named;
use super::policy::PolicyChanges;
use super::problem::{Span, quoted};
use super::profile::known_profile;
use crate::ids::{DeviceId, ServerId, UserId};
use crate::protocol::room::{HistoryVisibility, Membership, Rotation};
use crate::scenario::habits::{Habits, ServerHabits};
use crate::scenario::model::{Device, PublishedKeys, Room, Server, User};
use crate::scenario::policy::Policy;
use crate::scenario::profile::ProfileName;

/// What a device is like of which nothing is said.
#[derive(Debug, Clone)]
pub(super) struct Template {
    /// What keys it publishes.
    pub(super) keys: PublishedKeys,
    /// How many one-time keys it keeps on its server.
    pub(super) one_time_keys: u32,
    /// Whether it keeps a fallback key there.
    pub(super) fallback_key: bool,
    /// What its user chose.
    pub(super) policy: Policy,
    /// How its client is written.
    pub(super) habits: Habits,
}

impl Template {
    /// What a device is like in a file that says nothing about any.
    pub(super) fn standard() -> Self {
        Self {
            keys: PublishedKeys::Full,
            one_time_keys: 10,
            fallback_key: true,
            policy: Policy::standard(),
            habits: Habits::specification(),
        }
    }
}

/// What is said of devices so far, layer by layer.
#[derive(Debug, Clone)]
struct Layers {
    profile: Option<ProfileName>,
    policy: PolicyChanges,
    habits: HabitsChanges,
    /// What comes of it.
    template: Template,
}

impl Layers {
    /// Nothing is said.
    fn none() -> Self {
        Self {
            profile: None,
            policy: PolicyChanges::default(),
            habits: HabitsChanges::default(),
            template: Template::standard(),
        }
    }

    /// These layers with what `each` says about devices.
    fn with(&self, each: Option<&EachDevice>) -> Self {
        let mut layers = self.clone();
        let Some(each) = each else { return layers };
        let template = &mut layers.template;
        template.keys = each.keys.get().copied().unwrap_or(template.keys);
        template.one_time_keys =
            each.one_time_keys.get().copied().unwrap_or(template.one_time_keys);
        template.fallback_key = each.fallback_key.get().copied().unwrap_or(template.fallback_key);
        layers.profile = each.profile.get().copied().or(layers.profile);
        if let Some(policy) = each.policy.get() {
            layers.policy = layers.policy.and(policy);
        }
        if let Some(habits) = each.habits.get() {
            layers.habits = layers.habits.and(habits);
        }
        (layers.template.policy, layers.template.habits) = layers.settings(layers.profile);
        layers
    }

    /// Policy and habits under a profile: the standard, then the profile, then what is said.
    fn settings(&self, profile: Option<ProfileName>) -> (Policy, Habits) {
        let (mut policy, mut habits) = (Policy::standard(), Habits::specification());
        if let Some(name) = profile {
            let profile = known_profile(name);
            (policy, habits) = (profile.policy.clone(), profile.habits);
        }
        self.policy.apply(&mut policy);
        self.habits.apply(&mut habits);
        (policy, habits)
    }
}

/// The records from which the cast is made.
#[derive(Debug)]
pub(super) struct CastFiles {
    /// What every device is like.
    pub(super) each_device: Slot<EachDevice>,
    /// The servers.
    pub(super) servers: Slot<Vec<Entry<ServerFile>>>,
    /// The users.
    pub(super) users: Slot<Vec<Entry<UserFile>>>,
    /// The rooms.
    pub(super) rooms: Slot<Vec<Entry<RoomFile>>>,
}

/// Servers, users, devices and rooms by their ids.
#[derive(Debug)]
pub(super) struct Cast {
    pub(super) servers: Vec<Server>,
    pub(super) users: Vec<User>,
    pub(super) devices: Vec<Device>,
    pub(super) rooms: Vec<Room>,
    /// Whether the presence of devices is known as far as the file tells it.
    pub(super) presence_known: bool,
    /// Whether the members of rooms are known as far as the file tells them.
    pub(super) members_known: bool,
}

impl Reader<'_> {
    /// Makes the cast.
    pub(super) fn make_cast(&mut self, files: &CastFiles) -> Cast {
        let mut cast = Cast {
            servers: self.make_servers(files.servers.get()),
            users: Vec::new(),
            devices: Vec::new(),
            rooms: Vec::new(),
            presence_known: !self.names.gaps.cast,
            members_known: !self.names.gaps.rooms && !files.rooms.is_bad(),
        };
        self.make_users(files, &mut cast);
        self.matrix_ids(&cast, files);
        self.device_ids(&cast, files);
        cast.rooms = self.make_rooms(files.rooms.get(), &mut cast.members_known);
        cast
    }

    fn make_servers(&self, files: Option<&Vec<Entry<ServerFile>>>) -> Vec<Server> {
        let mut by_name = BTreeMap::new();
        for entry in files.into_iter().flatten() {
            if let Some(file) = entry.value.get() {
                by_name.insert(entry.name.value.as_str(), file);
            }
        }
        let server = |name: &String| {
            let file = by_name.get(name.as_str());
            let number = |slot: fn(&ServerFile) -> &Slot<u32>, default| {
                file.and_then(|file| slot(file).get().copied()).unwrap_or(default)
            };
            let habits = file.and_then(|file| file.habits.get().copied());
            Server {
                name: name.clone(),
                batch_limit: number(|file| &file.batch_limit, 100),
                timeline_limit: number(|file| &file.timeline_limit, 20),
                edu_limit: number(|file| &file.edu_limit, 100),
                habits: habits.unwrap_or(ServerHabits::specification()),
            }
        };
        self.names.server_names.iter().map(server).collect()
    }

    /// Makes users and devices of those records whose names were declared; others had problems of their own.
    fn make_users(&mut self, files: &CastFiles, cast: &mut Cast) {
        let everywhere = Layers::none().with(files.each_device.get());
        let plain = UserFile { cross_signing: Slot::Is(true), ..UserFile::default() };
        let mut of_user: Vec<&UserFile> = vec![&plain; self.names.user_names.len()];
        for entry in files.users.get().into_iter().flatten() {
            let Some(file) = entry.value.get() else { continue };
            let (first, count) = match self.names.cast.get(&entry.name.value) {
                Some(Named::User(user)) => (*user, 1),
                Some(Named::Group(first, count)) => (*first, *count),
                Some(Named::Server(_) | Named::Device(_)) | None => continue,
            };
            of_user[first.index()..first.index() + count as usize].fill(file);
            self.check_group(file);
        }
        let mut names = self.names.device_names.iter().peekable();
        for (index, file) in of_user.into_iter().enumerate() {
            let user = UserId::at(index);
            let cross_signing = file.cross_signing.get().copied().unwrap_or(true);
            cast.users.push(User {
                name: self.names.user_name(user).to_owned(),
                server: file.server.get().copied().unwrap_or(ServerId::new(0)),
                cross_signing,
            });
            let layers = everywhere.with(file.each_device.get());
            let settings = named_devices(file);
            while let Some((name, _)) = names.next_if(|(_, owner)| *owner == user) {
                let file = settings.get(name.as_str()).and_then(|entry| entry.value.get());
                cast.presence_known &= !file.is_some_and(|file| file.present.is_bad());
                cast.devices.push(make_device(name, &cast.users[index], &layers, file));
                if let Some(device) = cast.devices.last_mut() {
                    device.user = user;
                }
            }
        }
    }

    /// A group of users gives its devices by number, because names would be those of one user only.
    fn check_group(&mut self, file: &UserFile) {
        if let (Some(count), Some(devices)) = (file.count.get(), file.devices.get())
            && let Devices::Named(_) = devices.value
        {
            let found = format!("names of devices for a group of {} users", count.value);
            self.problems.report(devices.span.head(), found, "a number of devices");
        }
    }

    /// Matrix ids are in lower case, so that names must differ in more than that.
    fn matrix_ids(&mut self, cast: &Cast, files: &CastFiles) {
        let entries = files.users.get().into_iter().flatten();
        let places: BTreeMap<&str, Span> =
            entries.map(|entry| (entry.name.value.as_str(), entry.name.span)).collect();
        let mut matrix_ids = BTreeSet::new();
        for user in &cast.users {
            let lower = user.name.to_lowercase();
            if !matrix_ids.insert((user.server, lower.clone())) {
                let place = places.get(user.name.as_str()).copied().unwrap_or_default();
                let found = format!("a second user with the Matrix id of {}", quoted(&lower));
                let expected = "a name that differs in more than upper and lower case";
                self.problems.report(place, found, expected);
            }
        }
    }

    /// Device ids of those of one user who are logged in at the start must be unique; who is cross-signed at the
    /// start needs a user with cross-signing keys.
    fn device_ids(&mut self, cast: &Cast, files: &CastFiles) {
        let mut device_ids: BTreeMap<(UserId, &str), &str> = BTreeMap::new();
        for entry in files.users.get().into_iter().flatten() {
            let Some(Named::User(user)) = self.names.cast.get(&entry.name.value).copied() else {
                continue;
            };
            let Some(file) = entry.value.get() else { continue };
            for (name, device) in named_devices(file) {
                let Some(Named::Device(id)) = self.names.cast.get(name).copied() else { continue };
                let place = device.value.get().and_then(|file| file.device_id.get());
                let place = place.map_or(device.name.span, |id| id.span);
                let made = &cast.devices[id.index()];
                if let Some(first) = device_ids.get(&(user, made.device_id.as_str()))
                    && made.present
                {
                    let id = quoted(&made.device_id);
                    let found = format!("the device id {id}, which {} has", quoted(first));
                    let expected = "device ids that differ, or \"present\": false";
                    self.problems.report(place, found, expected);
                } else if made.present {
                    device_ids.insert((user, &made.device_id), name);
                }
                self.can_be_signed(device, made, &cast.users[user.index()]);
            }
        }
    }

    fn can_be_signed(&mut self, entry: &Entry<DeviceFile>, device: &Device, user: &User) {
        let said = entry.value.get().and_then(|file| file.cross_signed.get());
        if let Some(said) = said
            && said.value
            && device.present
            && !user.cross_signing
        {
            let found = format!("a cross-signed device of {}", quoted(&user.name));
            let expected = "a user with cross-signing keys, or \"cross_signed\": false";
            self.problems.report(said.span, found, expected);
        }
    }

    fn make_rooms(&mut self, files: Option<&Vec<Entry<RoomFile>>>, known: &mut bool) -> Vec<Room> {
        let users = u32::try_from(self.names.user_names.len()).expect("users are limited");
        let everyone = [At {
            value: Slot::Is(((UserId::new(0), users), Membership::Join)),
            span: Span::default(),
        }];
        let mut rooms: Vec<Room> = Vec::new();
        let mut total = 0;
        for name in &self.names.room_names {
            rooms.push(Room {
                name: name.clone(),
                members: Vec::new(),
                history_visibility: Some(HistoryVisibility::Shared),
                rotation: Rotation::DEFAULT,
            });
        }
        let Some(files) = files else {
            for room in &mut rooms {
                room.members = self.make_members(&everyone, &mut total);
            }
            return rooms;
        };
        for entry in files {
            let Some(room) = self.names.rooms.get(&entry.name.value) else { continue };
            let Some(file) = entry.value.get() else {
                *known = false;
                continue;
            };
            let members = match &file.members {
                Slot::Missing => &everyone[..],
                Slot::Bad => &[],
                Slot::Is(members) => members,
            };
            *known &= !file.members.is_bad() && !members.iter().any(|member| member.value.is_bad());
            let room = &mut rooms[room.index()];
            room.members = self.make_members(members, &mut total);
            room.history_visibility = file.history_visibility.clone().or(room.history_visibility);
            room.rotation = file.rotation.clone().or(room.rotation);
        }
        rooms
    }

    fn make_members(
        &mut self,
        files: &[At<Slot<<Member as Codec>::Value>>],
        total: &mut usize,
    ) -> Vec<(UserId, Membership)> {
        let mut members = BTreeMap::new();
        for At { value, span } in files {
            let Some(((first, count), membership)) = value.get() else { continue };
            *total += *count as usize;
            let used = total.saturating_sub(1);
            if !self.room_for("memberships", used, self.limits.memberships, *span) {
                return Vec::new();
            }
            for number in 0..*count {
                let user = UserId::new(first.raw() + number);
                if members.insert(user, *membership).is_some() {
                    let found =
                        format!("a second membership of {}", quoted(self.names.user_name(user)));
                    self.problems.report(*span, found, "one membership for each user");
                }
            }
        }
        members.into_iter().collect()
    }
}

/// The devices of a user that have a name in the file.
fn named_devices(file: &UserFile) -> BTreeMap<&str, &Entry<DeviceFile>> {
    match file.devices.get().map(|devices| &devices.value) {
        Some(Devices::Named(devices)) => {
            devices.iter().map(|entry| (entry.name.value.as_str(), entry)).collect()
        }
        Some(Devices::Count(_)) | None => BTreeMap::new(),
    }
}

/// A device of `user` (whose id is put in by the caller) with what its own record says about it.
fn make_device(name: &str, user: &User, layers: &Layers, file: Option<&DeviceFile>) -> Device {
    let template = &layers.template;
    let plain = DeviceFile::plain();
    let file = file.unwrap_or(&plain);
    let (policy, habits) = match file.profile.get() {
        Some(profile) => layers.settings(Some(*profile)),
        None => (template.policy.clone(), template.habits),
    };
    let mut device = Device {
        name: name.to_owned(),
        device_id: file.device_id.get().map_or_else(|| name.to_owned(), |id| id.value.clone()),
        user: UserId::new(0),
        present: file.present.get().copied().unwrap_or(true),
        keys: file.keys.get().copied().unwrap_or(template.keys),
        cross_signed: file.cross_signed.get().map_or(user.cross_signing, |said| said.value),
        one_time_keys: file.one_time_keys.get().copied().unwrap_or(template.one_time_keys),
        fallback_key: file.fallback_key.get().copied().unwrap_or(template.fallback_key),
        policy,
        habits,
    };
    if let Some(policy) = file.policy.get() {
        policy.apply(&mut device.policy);
    }
    if let Some(habits) = file.habits.get() {
        habits.apply(&mut device.habits);
    }
    device
}

/// The devices of every user, as ranges of device ids: devices are numbered user by user.
pub(super) fn devices_by_user(devices: &[Device], users: usize) -> Vec<Vec<DeviceId>> {
    let mut of_user = vec![Vec::new(); users];
    for (index, device) in devices.iter().enumerate() {
        of_user[device.user.index()].push(DeviceId::at(index));
    }
    of_user
}
