//! How the people, devices, rooms and texts of a scenario are spelled on the wire.
//! It does not know what is written with them.

use crate::ids::{DeviceId, RoomId, Sym, UserId};
use crate::protocol::spelling::Spelling;
use crate::scenario::model::Scenario;

impl Spelling for Scenario {
    fn user(&self, user: UserId) -> String {
        let server = self.users[user.index()].server;
        format!("@{}:{}", self.user_name(user).to_lowercase(), self.server_name(server))
    }

    fn owner(&self, device: DeviceId) -> UserId {
        self.user_of(device)
    }

    fn device_id(&self, device: DeviceId) -> String {
        self.devices[device.index()].device_id.clone()
    }

    /// The server is that of the first member; a room that nobody is in has none to be of.
    fn room(&self, room: RoomId) -> String {
        let first = self.rooms[room.index()].members.first();
        let server =
            first.map_or("", |(user, _)| self.server_name(self.users[user.index()].server));
        format!("!{}:{server}", self.room_name(room))
    }

    fn text(&self, text: Sym) -> String {
        self.strings.text(text).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use crate::ids::{DeviceId, RoomId, UserId};
    use crate::protocol::spelling::Spelling;
    use crate::protocol::withheld::WithheldCode;
    use crate::scenario::sample::room_of;

    #[test]
    fn names_of_files_become_ids_of_matrix() {
        let mut room = room_of(1, 0);
        room.users[1].name = "Bob".to_owned();
        assert_eq!(room.user(UserId::new(1)), "@bob:s1");
        assert_eq!(room.room(RoomId::new(0)), "!room:s1");
        assert_eq!(room.device_id(DeviceId::new(1)), "B1");
        assert_eq!(room.owner(DeviceId::new(1)), UserId::new(1));
        assert_eq!(room.text(WithheldCode::NoOlm.as_reason()), "m.no_olm");
    }
}
