//! Which kinds of fact each rule is decided by, of whom, and whether their order matters: what was not recorded leaves a rule
//! undecided. It does not know how a rule is judged; what is said here follows the column *decided by* of the rule book.

use crate::rulebook::rule::Rule;
use crate::trace::kind::{Kind, Kinds};

/// What a rule is decided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// Kinds of fact about the party that it binds: recorded by the device itself, or by its server.
    pub own: Kinds,
    /// Kinds of fact about those whom the party deals with: recorded by the other devices, or by their servers.
    pub others: Kinds,
    /// Whether the order of what several observers saw matters.
    pub order: Order,
}

/// What a rule needs to know of the order of facts of several observers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// No more than what ids tell that both observers name.
    ByIds,
    /// Which came first, also where no id tells: the facts must stand in one log.
    OneLog,
}

/// Joins sets of kinds.
macro_rules! kinds {
    ($($set:ident)*) => { Kinds::NONE$(.or($set))* };
}

/// Names a set of kinds.
macro_rules! sets {
    ($($(#[doc = $doc:literal])+ $name:ident = [$($kind:ident)*];)*) => {
        $($(#[doc = $doc])+ pub(crate) const $name: Kinds = Kinds::of(&[$(Kind::$kind),*]);)*
    };
}

sets! {
    /// How a to-device message leaves: put together, accepted, put into a mailbox.
    SENT = [Put PutTarget PutAccepted Enqueued];
    /// What is put into a mailbox.
    MAILBOX = [Enqueued];
    /// What was inside of what was sent.
    INSIDE = [OlmEncrypted];
    /// What a device made and encrypted for rooms.
    MEGOLM = [MegolmNew MegolmEncrypted];
    /// What servers accepted for rooms.
    ACCEPTED = [MessageAccepted];
    /// Rooms on servers, and how much of them devices have seen.
    ROOMS = [Member HistoryVisibility RoomSeen MemberNotTold];
    /// The settings of rooms.
    SETTINGS = [Encryption RoomSeen];
    /// Device lists as devices know them.
    LISTS = [ListNote QueryStart QueryListed QueryEnd];
    /// The devices that there are, and what makes them trusted.
    DEVICES = [DeviceUp DeviceDeleted CrossSigned IdentitySet IdentityMade IdentityReceived];
    /// Devices that are no more.
    DELETIONS = [DeviceDeleted];
    /// What users chose.
    CHOICES = [SharingSet ReportingSet VerifiedSet BlockedSet];
    /// Changed identities that users accepted.
    ACCEPTANCE = [IdentityAcknowledged];
    /// One-time keys that devices ask for and get.
    CLAIMS = [Claim ClaimEnd];
    /// One-time keys that servers hand out.
    HANDED = [KeyHandedOut];
    /// One-time keys that servers have.
    UPLOADS = [OneTimeKeysUp FallbackKeyUp UploadRefused ServerRestored];
    /// What devices are told of their keys.
    COUNTS = [KeyCounts];
    /// Private keys that devices no longer have.
    GONE = [PrivateKeyGone];
    /// Olm sessions.
    OLM = [OlmNew OlmDropped];
    /// Olm messages that arrive.
    OPENED = [OlmDecrypt];
    /// How a to-device message arrives.
    ARRIVED = [Listed Acknowledged Processed Lost];
    /// What devices did with to-device messages.
    PROCESSED = [Processed];
    /// Room keys in stores.
    KEYS = [KeyIn KeyRefused KeyLost];
    /// Messages at those who read them.
    READ = [MessageReceived Try];
    /// Key requests.
    REQUESTS = [KeyRequested RequestCancelled];
    /// Crashes, restarts and ends of clients.
    LIFE = [LoggedOut Crashed Restarted StoreRestored];
    /// That everything came to rest.
    REST = [RunEnd];
    /// That nothing breaks any more.
    HEALED = [HealStart];
    /// Outbound sessions that users threw away.
    DISCARDED = [SessionDiscarded];
    /// History bundles, and who invited whom.
    BUNDLES = [BundleMade BundleKey BundleWithheld BundleOpened InvitedBy];
    /// Changes of device lists as servers know them.
    CHANGED = [ListChangedAt];
}

/// Everything that verdicts are made of.
pub const VERDICTS: Kinds = kinds!(
    SENT INSIDE MEGOLM ACCEPTED ROOMS LISTS DEVICES CHOICES CLAIMS HANDED GONE OLM OPENED ARRIVED KEYS READ REQUESTS LIFE
    REST CHANGED HEALED BUNDLES
);
/// What a sender owed to whom, as it could know.
const DUTY: Kinds = kinds!(MEGOLM ROOMS LISTS DEVICES CHOICES LIFE);

/// Declares what rules are decided by: of the party, of others, and by which order. Without a list a rule forbids nothing,
/// or no fact can decide it.
macro_rules! needs {
    ($($rule:ident $([$($own:ident)*] [$($others:ident)*] $order:ident)?;)*) => {
        /// What the rule is decided by; `None` if it forbids nothing, or nothing that facts show.
        #[must_use]
        pub const fn of(rule: Rule) -> Option<Need> {
            match rule {
                $(Rule::$rule => needs!(@need $([$($own)*] [$($others)*] $order)?),)*
            }
        }
    };
    (@need) => { None };
    (@need [$($own:ident)*] [$($others:ident)*] $order:ident) => {
        Some(Need { own: kinds!($($own)*), others: kinds!($($others)*), order: Order::$order })
    };
}

needs! {
    K01 [VERDICTS] [VERDICTS] OneLog;
    K02 [SENT INSIDE DUTY ACCEPTED OLM CLAIMS] [DEVICES] OneLog;
    K03 [VERDICTS] [VERDICTS] OneLog;
    K04 [SENT INSIDE DUTY OLM CLAIMS REQUESTS PROCESSED] [DEVICES REQUESTS] OneLog;
    K05 [SENT INSIDE] [] ByIds;
    K06 [SENT INSIDE LISTS CHOICES DEVICES LIFE] [DEVICES] OneLog;
    K07 [SENT INSIDE LISTS CHOICES DEVICES LIFE] [DEVICES] OneLog;
    K08 [SENT INSIDE LISTS CHOICES DEVICES LIFE] [DEVICES] OneLog;
    K09 [SENT INSIDE LISTS] [DEVICES] OneLog;
    K10 [VERDICTS] [VERDICTS] OneLog;
    K11 [SENT INSIDE DUTY REQUESTS PROCESSED] [DEVICES REQUESTS] OneLog;
    K12 [VERDICTS] [VERDICTS] OneLog;

    R01 [MEGOLM SETTINGS LIFE] [] OneLog;
    R02 [MEGOLM SETTINGS LIFE] [] OneLog;
    R03 [MEGOLM ROOMS LISTS SENT INSIDE LIFE] [DEVICES] OneLog;
    R04 [MEGOLM ROOMS LISTS LIFE] [] OneLog;
    R05 [MEGOLM SENT INSIDE LISTS CHOICES DEVICES LIFE] [DEVICES] OneLog;
    R06 [MEGOLM ROOMS LIFE] [] OneLog;
    R07 [MEGOLM ROOMS LIFE] [] OneLog;
    R08 [MEGOLM ROOMS SETTINGS LISTS CHOICES DEVICES SENT INSIDE LIFE DISCARDED BUNDLES] [DEVICES] OneLog;
    R09 [SENT INSIDE DUTY ACCEPTED OLM CLAIMS] [DEVICES] OneLog;
    R10;
    R11 [MEGOLM SETTINGS LIFE] [] OneLog;

    V01 [VERDICTS] [VERDICTS] OneLog;
    V02 [MEGOLM ROOMS LISTS DEVICES ACCEPTANCE CHOICES LIFE] [DEVICES] OneLog;
    V03 [READ LISTS DEVICES] [DEVICES] OneLog;
    V04 [KEYS OPENED LISTS PROCESSED MAILBOX] [INSIDE] OneLog;
    V05 [INSIDE] [OPENED] ByIds;
    V06;

    W01 [VERDICTS] [VERDICTS] OneLog;
    W02 [SENT] [] ByIds;
    W03 [SENT] [] ByIds;
    W04 [SENT] [] ByIds;
    W05 [SENT] [] OneLog;
    W06 [SENT] [] ByIds;
    W07 [SENT] [] ByIds;
    W08 [VERDICTS] [VERDICTS] OneLog;
    W09 [SENT PROCESSED REQUESTS LIFE MEGOLM] [] OneLog;
    W10 [SENT INSIDE PROCESSED REQUESTS LIFE MEGOLM] [] OneLog;
    W11 [SENT PROCESSED REQUESTS LIFE MEGOLM] [] OneLog;
    W12 [SENT PROCESSED KEYS LIFE MEGOLM] [SENT] OneLog;
    W13 [SENT PROCESSED KEYS LIFE MEGOLM DUTY] [SENT DEVICES] OneLog;
    W14 [SENT] [] ByIds;
    W15 [SENT] [] ByIds;
    W16 [SENT MEGOLM PROCESSED] [SENT MEGOLM] ByIds;
    W17 [SENT DUTY PROCESSED] [SENT] OneLog;
    W18 [SENT INSIDE] [] ByIds;
    W19;
    W20 [VERDICTS] [VERDICTS] OneLog;
    W21 [VERDICTS] [VERDICTS] OneLog;
    W22 [SENT] [] ByIds;
    W23 [SENT] [] ByIds;

    N01 [VERDICTS] [VERDICTS] OneLog;
    N02 [SENT OLM OPENED PROCESSED DEVICES LIFE] [DEVICES OLM] OneLog;
    N03 [SENT OLM OPENED PROCESSED DEVICES LIFE] [DEVICES OLM] OneLog;
    N04 [CLAIMS MEGOLM LIFE] [] OneLog;
    N05;
    N06 [SENT OLM CLAIMS LIFE] [] OneLog;
    N07 [VERDICTS] [VERDICTS] OneLog;
    N08;
    N09 [SENT CLAIMS LIFE] [] OneLog;
    N10 [SENT CLAIMS HANDED LIFE] [HANDED] OneLog;
    N11 [SENT OLM LIFE] [DEVICES] OneLog;

    P01 [PROCESSED KEYS] [SENT] OneLog;
    P02 [VERDICTS] [VERDICTS] OneLog;
    P03 [READ KEYS PROCESSED LIFE] [SENT MEGOLM] OneLog;
    P04;
    P05 [READ PROCESSED] [SENT MEGOLM ACCEPTED] ByIds;
    P06;
    P07 [READ PROCESSED] [SENT] ByIds;
    P08 [KEYS PROCESSED OPENED LIFE] [SENT INSIDE] OneLog;
    P09 [VERDICTS] [VERDICTS] OneLog;
    P10 [LIFE READ PROCESSED] [SENT MEGOLM] OneLog;
    P11 [READ PROCESSED] [SENT MEGOLM] ByIds;
    P12 [PROCESSED OPENED LIFE] [] OneLog;
    P13 [READ KEYS PROCESSED] [SENT MEGOLM] OneLog;
    P14 [VERDICTS] [VERDICTS] OneLog;
    P15 [READ LIFE] [MEGOLM] ByIds;
    P16 [KEYS OPENED PROCESSED] [SENT INSIDE] ByIds;
    P17 [READ PROCESSED REQUESTS SENT] [SENT MEGOLM] OneLog;

    U01 [VERDICTS] [VERDICTS] OneLog;
    U02 [OLM OPENED SENT LIFE] [] OneLog;
    U03;
    U04 [OLM OPENED INSIDE LIFE] [] OneLog;
    U05 [VERDICTS] [VERDICTS] OneLog;
    U06 [OLM OPENED LIFE] [INSIDE] OneLog;
    U07 [VERDICTS] [VERDICTS] OneLog;
    U08 [SENT INSIDE] [] ByIds;
    U09 [UPLOADS GONE LIFE] [] OneLog;
    U10 [UPLOADS GONE LIFE HANDED] [] OneLog;
    U11 [OPENED PROCESSED KEYS] [] OneLog;
    U12 [OLM OPENED SENT LIFE] [] OneLog;
    U13 [SENT INSIDE OLM LIFE MEGOLM] [] OneLog;

    C01 [UPLOADS HANDED] [CLAIMS] OneLog;
    C02 [UPLOADS HANDED] [] OneLog;
    C03 [UPLOADS HANDED DEVICES] [CLAIMS] OneLog;
    C04 [UPLOADS HANDED COUNTS REST] [] OneLog;
    C05 [CLAIMS] [DELETIONS] OneLog;
    C06 [UPLOADS HANDED COUNTS] [] OneLog;
    C07 [COUNTS] [] OneLog;
    C08 [UPLOADS HANDED COUNTS LIFE REST] [] OneLog;
    C09 [CLAIMS OLM] [] OneLog;
    C10 [OLM CLAIMS LIFE] [] OneLog;

    T01 [VERDICTS] [VERDICTS] OneLog;
    T02 [ARRIVED SENT] [SENT] OneLog;
    T03 [ARRIVED SENT DEVICES LIFE] [SENT] OneLog;
    T04 [ARRIVED SENT] [SENT] OneLog;
    T05 [ARRIVED] [] OneLog;
    T06 [SENT] [] ByIds;
    T07 [SENT] [SENT] ByIds;
    T08 [SENT DEVICES] [DEVICES] OneLog;
    T09 [SENT] [SENT] ByIds;
    T10 [SENT LIFE] [] OneLog;
    T11 [VERDICTS] [VERDICTS] OneLog;
    T12;

    D01 [MEGOLM ROOMS LISTS LIFE] [DEVICES] OneLog;
    D02 [LISTS LIFE REST] [] OneLog;
    D03 [MEGOLM ROOMS LISTS LIFE] [] OneLog;
    D04 [VERDICTS] [VERDICTS] OneLog;
    D05 [LISTS LIFE REST] [] OneLog;
    D06 [LISTS MEGOLM SENT INSIDE CLAIMS LIFE] [] OneLog;
    D07 [VERDICTS] [VERDICTS] OneLog;
    D08 [SENT INSIDE LISTS CLAIMS LIFE] [] OneLog;

    Q01 [SENT] [] ByIds;
    Q02 [SENT REQUESTS KEYS LIFE] [] OneLog;
    Q03 [SENT] [] ByIds;
    Q04 [SENT REQUESTS LISTS CHOICES] [DEVICES MEGOLM] OneLog;
    Q05 [SENT INSIDE LISTS CHOICES DEVICES LIFE MEGOLM] [DEVICES] OneLog;
    Q06;
    Q07 [SENT REQUESTS KEYS OPENED PROCESSED LIFE REST] [SENT INSIDE DEVICES] OneLog;
    Q08 [SENT INSIDE PROCESSED LIFE] [SENT] OneLog;
    Q09;
    Q10 [SENT REQUESTS PROCESSED READ LIFE] [SENT] OneLog;

    F01 [SENT INSIDE] [] ByIds;
    F02 [SENT INSIDE] [] ByIds;
    F03 [KEYS OPENED REQUESTS LISTS CHOICES DEVICES LIFE SENT] [SENT INSIDE DEVICES] OneLog;
    F04;
    F05 [SENT INSIDE PROCESSED LIFE BUNDLES] [SENT BUNDLES] OneLog;
    F06 [SENT INSIDE KEYS MEGOLM] [] OneLog;
    F07 [SENT INSIDE KEYS OPENED] [SENT INSIDE] OneLog;
    F08 [SENT INSIDE KEYS MEGOLM LIFE] [] OneLog;
    F09 [READ KEYS PROCESSED] [SENT INSIDE MEGOLM] OneLog;
    F10;

    B01 [SENT INSIDE LISTS CHOICES DEVICES LIFE MEGOLM] [DEVICES] OneLog;
    B02 [SENT INSIDE LISTS CHOICES DEVICES LIFE MEGOLM ROOMS] [DEVICES] OneLog;
    B03 [READ KEYS PROCESSED LIFE] [SENT MEGOLM] OneLog;
    B04 [VERDICTS] [VERDICTS] OneLog;
    B05 [SENT INSIDE LISTS CHOICES DEVICES LIFE MEGOLM] [DEVICES] OneLog;
    B06;

    H01 [SENT INSIDE ROOMS MEGOLM] [] OneLog;
    H02 [KEYS OPENED SENT INSIDE BUNDLES] [INSIDE] OneLog;
    H03 [SENT INSIDE KEYS OPENED BUNDLES LIFE MEGOLM ROOMS] [INSIDE BUNDLES] OneLog;
    H04 [SENT INSIDE BUNDLES] [] OneLog;
    H05 [SENT INSIDE LISTS CHOICES DEVICES BUNDLES LIFE] [DEVICES] OneLog;
    H06 [SENT INSIDE OPENED KEYS BUNDLES] [INSIDE BUNDLES] OneLog;
    H07 [SENT INSIDE LISTS KEYS BUNDLES ROOMS READ ARRIVED] [CHANGED ROOMS] OneLog;
    H08 [KEYS ROOMS OPENED BUNDLES DEVICES] [INSIDE ROOMS BUNDLES] OneLog;
    H09 [KEYS OPENED BUNDLES] [INSIDE] OneLog;
    H10 [SENT INSIDE BUNDLES] [] OneLog;

    O01;
    O02 [SENT] [] ByIds;
    O03 [VERDICTS] [VERDICTS] OneLog;
    O04 [SENT CHOICES LISTS LIFE] [] OneLog;
}
