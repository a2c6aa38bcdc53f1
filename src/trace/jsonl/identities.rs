//! The form of everything that is named: the cast, messages and texts by name, whatever else comes up by a number or a text.
//! It does not know which names there are; `names` does.

use serde_json::{Value as Json, json};

use crate::ids::{
    BundleId, ClaimId, DeviceId, FactId, FaultId, KeyValue, MegolmSessionId, MessageId,
    OlmSessionId, QueryId, RequestId, RoomId, ServerId, SigningKey, Sym, ToDeviceId, TxnId, UserId,
};
use crate::scenario::policy::Target;
use crate::time::SimTime;
use crate::trace::fact::Observer;

use super::cursor::{Reading, Value};
use super::form::{
    Definitions, Form, defined, either, object_schema, shape_described, shape_pattern, shape_put,
    shape_read, shapes,
};
use super::line::{Line, Term};
use super::names::{Names, Numbered};

/// Ids that have a name: how it is written, how it is read, what it is called.
macro_rules! named {
    ($($id:ident $write:ident $read:ident $definition:literal $about:literal;)*) => {$(
        impl Term for $id {
            fn put(&self, line: &mut Line<'_>) {
                line.string(line.names().$write(*self));
            }
        }

        impl Form for $id {
            fn read(value: Value<'_>, names: &mut Names) -> Reading<Self> {
                names.$read(value)
            }

            fn schema(definitions: &mut Definitions) -> Json {
                defined($definition, definitions, |_| {
                    json!({ "type": "string", "description": $about })
                })
            }
        }
    )*};
}

named! {
    ServerId server_name server "server" "The name of a server of the header.";
    UserId user_name user "user" "The name of a user of the header.";
    DeviceId device_name device "device" "The name of a device of the header.";
    RoomId room_name room "room" "The name of a room of the header.";
    MessageId message_name message "message" "The name of a message: one room event with content.";
}

impl Term for Sym {
    fn put(&self, line: &mut Line<'_>) {
        line.string(line.names().strings.text(*self));
    }
}

impl Form for Sym {
    fn read(value: Value<'_>, names: &mut Names) -> Reading<Self> {
        names.text(value)
    }

    fn schema(_: &mut Definitions) -> Json {
        json!({ "type": "string" })
    }
}

/// Ids that come up line by line.
macro_rules! numbered {
    ($($id:ident $kind:ident $definition:literal;)*) => {$(
        impl Term for $id {
            fn put(&self, line: &mut Line<'_>) {
                self.raw().put(line);
            }
        }

        impl Form for $id {
            fn read(value: Value<'_>, names: &mut Names) -> Reading<Self> {
                names.numbered(Numbered::$kind, value).map(Self::new)
            }

            fn schema(definitions: &mut Definitions) -> Json {
                defined($definition, definitions, |_| json!({
                    "description": concat!("The id of ", $definition, ": texts or numbers, one way in all lines."),
                    "anyOf": [{ "type": "string" }, { "type": "integer", "minimum": 0, "maximum": u32::MAX }],
                }))
            }
        }
    )*};
}

numbered! {
    BundleId Bundle "bundle";
    ClaimId Claim "claim";
    KeyValue Key "one_time_key";
    MegolmSessionId MegolmSession "megolm_session";
    OlmSessionId OlmSession "olm_session";
    QueryId Query "query";
    RequestId Request "key_request_id";
    SigningKey SigningKey "signing_key";
    ToDeviceId ToDevice "to_device_message";
    TxnId Txn "transaction";
}

impl Term for FactId {
    fn put(&self, line: &mut Line<'_>) {
        self.raw().put(line);
    }
}

impl Form for FactId {
    fn read(value: Value<'_>, _: &mut Names) -> Reading<Self> {
        const EXPECTED: &str = "the id of a fact, a whole number below 2^32";
        let number = value.number(EXPECTED)?;
        u32::try_from(number).map(Self::new).map_err(|_| value.unexpected(EXPECTED))
    }

    fn schema(_: &mut Definitions) -> Json {
        json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX })
    }
}

impl Term for FaultId {
    fn put(&self, line: &mut Line<'_>) {
        self.raw().put(line);
    }
}

impl Form for FaultId {
    fn read(value: Value<'_>, names: &mut Names) -> Reading<Self> {
        let expected = || match names.faults {
            0 => "no fault, since the header announces none".to_owned(),
            some => format!("the position of a fault that the header announces, below {some}"),
        };
        let number = value.number(&expected())?;
        match u32::try_from(number) {
            Ok(id) if (id as usize) < names.faults => Ok(Self::new(id)),
            Ok(_) | Err(_) => Err(value.unexpected(&expected())),
        }
    }

    fn schema(definitions: &mut Definitions) -> Json {
        defined("fault", definitions, |_| {
            json!({
                "description": "A fault by its position in the list of the header, counted from 0.",
                "type": "integer", "minimum": 0, "maximum": u32::MAX,
            })
        })
    }
}

impl Term for SimTime {
    /// Milliseconds.
    fn put(&self, line: &mut Line<'_>) {
        self.as_ms().put(line);
    }
}

impl Form for SimTime {
    fn read(value: Value<'_>, _: &mut Names) -> Reading<Self> {
        value.number("a time in whole milliseconds").map(Self::from_ms)
    }

    fn schema(definitions: &mut Definitions) -> Json {
        defined(
            "time",
            definitions,
            |_| json!({ "description": "Milliseconds.", "type": "integer", "minimum": 0 }),
        )
    }
}

shapes! {
    Target in "target" {
        User [holds user "user" UserId];
        Device [holds device "device" DeviceId];
    }
    Observer in "observer" {
        World [word "world"];
        Server [holds server "server" ServerId];
        Device [holds device "device" DeviceId];
    }
}
