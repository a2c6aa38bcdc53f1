//! The documents that the rules come from, each given once with its title, its version and where to read it.
//! It does not know which rule comes from where; the entries of the rules say that.

/// Where the specification is read: the sources of its pages at one commit.
macro_rules! specification {
    ($path:literal) => {
        concat!(
            "https://github.com/matrix-org/matrix-spec/blob/d0ba2aaef801e0134a4e5c6054a2c2f41bb55531/",
            $path
        )
    };
}

/// Where the proposals are read, but for those that were taken out again.
macro_rules! proposal {
    ($path:literal) => {
        concat!(
            "https://github.com/matrix-org/matrix-spec-proposals/blob/",
            "82e3177050e684fd4839edcc6a61583262f31c99/proposals/",
            $path
        )
    };
}

/// The version of the specification that was read.
const UNSTABLE: &str = "unstable after v1.19, commit d0ba2aaef801, 2026-07-21";
/// The version of the collection of proposals that was read.
const PROPOSALS: &str = "commit 82e3177050e6, 2026-07-13";

/// Declares the documents: variant, short name, title, version, address.
macro_rules! documents {
    ($($variant:ident $short:literal $title:literal $version:ident $url:expr,)*) => {
        /// A document that rules are taken from, in the order of the list: the specification, then proposals by number.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Document {
            $(#[doc = concat!($title, ".")] $variant,)*
        }

        impl Document {
            /// All documents, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name by which a citation calls it, a few words; no two are equal.
            #[must_use]
            pub const fn short(self) -> &'static str {
                match self {
                    $(Self::$variant => $short,)*
                }
            }

            /// Its whole title.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$variant => $title,)*
                }
            }

            /// The version that was read, with its commit and date.
            #[must_use]
            pub const fn version(self) -> &'static str {
                match self {
                    $(Self::$variant => $version,)*
                }
            }

            /// The address of the very version that was read.
            #[must_use]
            pub const fn url(self) -> &'static str {
                match self {
                    $(Self::$variant => $url,)*
                }
            }
        }
    };
}

documents! {
    ClientServer "spec, client-server API" "Matrix Specification, Client-Server API" UNSTABLE
        specification!("content/client-server-api/_index.md"),
    EndToEnd "spec, end-to-end encryption" "Matrix Specification, Client-Server API: End-to-End Encryption" UNSTABLE
        specification!("content/client-server-api/modules/end_to_end_encryption.md"),
    SendToDevice "spec, send-to-device messaging" "Matrix Specification, Client-Server API: Send-to-Device messaging" UNSTABLE
        specification!("content/client-server-api/modules/send_to_device.md"),
    Visibility "spec, history visibility" "Matrix Specification, Client-Server API: Room History Visibility" UNSTABLE
        specification!("content/client-server-api/modules/history_visibility.md"),
    Events "spec, events" "Matrix Specification, schemas of events" UNSTABLE
        specification!("data/event-schemas/schema"),
    KeysApi "spec, key management API" "Matrix Specification, Client-Server API: endpoints for keys" UNSTABLE
        specification!("data/api/client-server/keys.yaml"),
    ToDeviceApi "spec, send-to-device API" "Matrix Specification, Client-Server API: endpoints for to-device messages" UNSTABLE
        specification!("data/api/client-server/to_device.yaml"),
    Bundle "spec, key bundle" "Matrix Specification, Client-Server API: format of a room key bundle" UNSTABLE
        specification!("data/api/client-server/definitions/room_key_bundle.yaml"),
    Federation "spec, server-server API" "Matrix Specification, Server-Server API" UNSTABLE
        specification!("content/server-server-api.md"),
    Olm "Olm" "Olm: A Cryptographic Ratchet" UNSTABLE
        specification!("content/olm-megolm/olm.md"),
    Megolm "Megolm" "Megolm group ratchet" UNSTABLE
        specification!("content/olm-megolm/megolm.md"),
    Msc1719 "MSC1719" "MSC1719: Olm unwedging" PROPOSALS
        proposal!("1719-olm_unwedging.md"),
    Msc2399 "MSC2399" "MSC2399: Reporting that decryption keys are withheld" PROPOSALS
        proposal!("2399-reporting-no-key-sent.md"),
    Msc2732 "MSC2732" "MSC2732: Olm fallback keys" PROPOSALS
        proposal!("2732-olm-fallback-keys.md"),
    Msc4147 "MSC4147" "MSC4147: Including device keys with Olm-encrypted to-device messages" PROPOSALS
        proposal!("4147-including-device-keys-with-olm-encrypted-events.md"),
    Msc4153 "MSC4153" "MSC4153: Exclude non-cross-signed devices" PROPOSALS
        proposal!("4153-invisible-crypto.md"),
    Msc4225 "MSC4225" "MSC4225: Specification of an order in which one-time-keys should be issued" PROPOSALS
        proposal!("4225-one-time-key-ordering.md"),
    Msc4268 "MSC4268" "MSC4268: Sharing room keys for past messages" PROPOSALS
        proposal!("4268-encrypted-history-sharing.md"),
}
