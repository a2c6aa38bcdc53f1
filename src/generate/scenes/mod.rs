//! Scenes: small stories of which generated rooms are put together, each with what it is about.
//! It does not know in what order they are played, nor what else happens in the room.

mod history;
mod lists;
mod no_olm;
mod olm;
mod policy;
mod requests;
mod rotation;
mod transport;

use super::draft::{Couple, Draft};

/// Declares the scenes with the chapters of the rule book that they are about.
macro_rules! scenes {
    ($($(#[$doc:meta])* $scene:ident $chapters:literal $play:path,)*) => {
        /// A small story.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(super) enum Scene { $($(#[$doc])* $scene,)* }

        impl Scene {
            /// All scenes.
            pub(super) const ALL: &'static [Self] = &[$(Self::$scene,)*];

            /// The letters of the chapters whose rules it puts to the test.
            pub(super) const fn chapters(self) -> &'static str {
                match self {
                    $(Self::$scene => $chapters,)*
                }
            }

            /// Plans it from the draft's clock on, and moves the clock to its last moment.
            pub(super) fn play(self, draft: &mut Draft<'_, '_>, couple: Couple) {
                match self {
                    $(Self::$scene => $play(draft, couple),)*
                }
            }
        }
    };
}

scenes! {
    /// Messages, and nothing else.
    Chat "KRWPTN" rotation::chat,
    /// A block around messages, and perhaps its end.
    Block "WBRPOFH" policy::block,
    /// A block while the key is on its way to the server.
    BlockInTheQueue "WRKB" policy::block_in_the_queue,
    /// A device in two rooms is blocked, and then is not.
    TwoRooms "WNPO" policy::two_rooms,
    /// A share policy that leaves somebody out.
    Sharing "WVO" policy::sharing,
    /// An identity that changes.
    IdentityChange "VW" policy::identity_change,
    /// Reports that are switched off and on again.
    Reporting "OW" policy::reporting,
    /// All one-time keys of somebody are gone when they are needed.
    KeysRunOut "NCWK" no_olm::keys_run_out,
    /// A second epoch without an Olm session.
    SecondEpoch "N" no_olm::second_epoch,
    /// A device without keys opens an Olm session itself.
    OwnSession "NU" no_olm::own_session,
    /// Several devices claim keys of one at the same time.
    Rush "CNU" no_olm::rush,
    /// Claims fail for a while.
    ClaimsFail "NCKW" no_olm::claims_fail,
    /// A session reaches its number of messages or its age.
    Limit "RWK" rotation::limit,
    /// Somebody leaves, is removed or banned, and comes back.
    Leave "RWKDO" rotation::leave,
    /// A stay that a limited sync hides.
    HiddenStay "R" rotation::hidden_stay,
    /// Somebody joins between two messages.
    Join "KRWD" rotation::join,
    /// A session is thrown away.
    Discard "RWK" rotation::discard,
    /// Several devices send at the same moment.
    Together "KTUC" rotation::together,
    /// A device goes for good.
    Logout "RDKN" rotation::logout,
    /// A device comes while somebody sends.
    Login "DKRWN" lists::login,
    /// A device id comes back with other keys.
    SameId "NWD" lists::same_id,
    /// Two changes of a list during one slow query.
    TwoQueries "D" lists::two_queries,
    /// Signatures come and go.
    Signing "VD" lists::signing,
    /// Something happens to to-device messages.
    Mishap "TPUKF" transport::mishap,
    /// Answers are lost or requests are refused, and made again.
    Retry "TWNK" transport::retry,
    /// A server or a link is down.
    Outage "TNK" transport::outage,
    /// A device is away while much comes for it.
    Away "TP" transport::away,
    /// The sender stops in the middle of a message.
    SenderStops "KWNRT" transport::sender_stops,
    /// The recipient stops in the middle of a sync.
    RecipientStops "TUP" transport::recipient_stops,
    /// A store or a server becomes again what it was.
    GoesBack "TUWNKC" transport::goes_back,
    /// Olm messages are damaged, and the channel is repaired.
    Damage "UKP" olm::damage,
    /// Sessions are lost on one side.
    SessionsLost "UN" olm::sessions_lost,
    /// Olm sessions of both sides cross.
    Crossing "U" olm::crossing,
    /// A one-time key is gone when it is used.
    KeyForgotten "UC" olm::key_forgotten,
    /// A supply of keys is used up and refilled.
    Supply "C" olm::supply,
    /// A device asks others for a key.
    Ask "QFWP" requests::ask,
    /// A request is taken back before it is answered.
    TakenBack "Q" requests::taken_back,
    /// A part of a key is forwarded.
    PartOfAKey "FPWQ" requests::part_of_a_key,
    /// Two notices or two keys are about one session.
    TwoReasons "PWQ" requests::two_reasons,
    /// A notice that nobody decided to send.
    Forgery "PWN" requests::forgery,
    /// Somebody gives the past to who is invited.
    Invite "HKF" history::invite,
    /// History is opened and closed while messages are sent.
    Visibility "HRK" history::visibility,
    /// Keys go to the backup, and a new device fetches them.
    Backup "PHQ" history::backup,
}
