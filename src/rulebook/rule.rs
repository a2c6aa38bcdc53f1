//! The rules by their ids, with who is bound by each and how strongly.
//! It does not know when a rule is broken; `check` does.

/// Who a rule binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// The device that sends keys, notices or messages.
    Sender,
    /// The device that receives them.
    Recipient,
    /// A homeserver.
    Server,
    /// Any device.
    Both,
    /// Whoever judges: the rule says how to count.
    Checker,
}

/// How strongly the source puts a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// MUST, in either case of letters.
    Must,
    /// MUST NOT
    MustNot,
    /// SHOULD
    Should,
    /// SHOULD NOT
    ShouldNot,
    /// MAY: a permission, which can raise nothing.
    May,
    /// Not stated as a rule, but another statement cannot hold without it.
    Implied,
    /// Deliberately nothing is required.
    Permitted,
}

/// Declares the rules: variant, id, actor, level.
macro_rules! rules {
    ($($variant:ident $id:literal $actor:ident $level:ident,)*) => {
        /// A rule of the rule book.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $(#[doc = concat!("Rule ", $id, ".")] $variant,)*
        }

        impl Rule {
            /// All rules, in the order of the rule book.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The id, for example `W-09`.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$variant => $id,)*
                }
            }

            /// Who is bound.
            #[must_use]
            pub const fn actor(self) -> Actor {
                match self {
                    $(Self::$variant => Actor::$actor,)*
                }
            }

            /// How strongly.
            #[must_use]
            pub const fn level(self) -> Level {
                match self {
                    $(Self::$variant => Level::$level,)*
                }
            }
        }
    };
}

rules! {
    K01 "K-01" Sender Must,
    K02 "K-02" Sender Must,
    K03 "K-03" Sender Implied,
    K04 "K-04" Sender Implied,
    K05 "K-05" Sender Must,
    K06 "K-06" Sender Implied,
    K07 "K-07" Sender ShouldNot,
    K08 "K-08" Sender Implied,
    K09 "K-09" Sender MustNot,
    K10 "K-10" Sender Implied,
    K11 "K-11" Sender Implied,
    K12 "K-12" Recipient Must,
    R01 "R-01" Sender Must,
    R02 "R-02" Sender Must,
    R03 "R-03" Sender Must,
    R04 "R-04" Sender Must,
    R05 "R-05" Sender Implied,
    R06 "R-06" Sender Must,
    R07 "R-07" Sender Must,
    R08 "R-08" Sender Implied,
    R09 "R-09" Sender Must,
    R10 "R-10" Sender May,
    R11 "R-11" Sender Implied,
    V01 "V-01" Sender Implied,
    V02 "V-02" Sender Must,
    V03 "V-03" Recipient ShouldNot,
    V04 "V-04" Recipient Must,
    V05 "V-05" Sender Must,
    V06 "V-06" Both Must,
    W01 "W-01" Sender May,
    W02 "W-02" Sender Must,
    W03 "W-03" Sender Must,
    W04 "W-04" Sender Must,
    W05 "W-05" Sender ShouldNot,
    W06 "W-06" Sender Must,
    W07 "W-07" Sender Must,
    W08 "W-08" Sender Implied,
    W09 "W-09" Sender Should,
    W10 "W-10" Sender Implied,
    W11 "W-11" Sender May,
    W12 "W-12" Sender Implied,
    W13 "W-13" Sender Implied,
    W14 "W-14" Sender ShouldNot,
    W15 "W-15" Sender May,
    W16 "W-16" Sender Must,
    W17 "W-17" Sender Implied,
    W18 "W-18" Sender Implied,
    W19 "W-19" Sender May,
    W20 "W-20" Sender Implied,
    W21 "W-21" Sender Implied,
    W22 "W-22" Sender Implied,
    W23 "W-23" Sender May,
    N01 "N-01" Sender May,
    N02 "N-02" Sender Should,
    N03 "N-03" Sender Should,
    N04 "N-04" Sender May,
    N05 "N-05" Checker Implied,
    N06 "N-06" Sender Implied,
    N07 "N-07" Sender Implied,
    N08 "N-08" Sender Implied,
    N09 "N-09" Sender May,
    N10 "N-10" Sender Implied,
    N11 "N-11" Sender Implied,
    P01 "P-01" Recipient Should,
    P02 "P-02" Recipient Should,
    P03 "P-03" Recipient Should,
    P04 "P-04" Recipient May,
    P05 "P-05" Recipient Implied,
    P06 "P-06" Recipient May,
    P07 "P-07" Recipient Should,
    P08 "P-08" Recipient Implied,
    P09 "P-09" Recipient Implied,
    P10 "P-10" Recipient Implied,
    P11 "P-11" Recipient Implied,
    P12 "P-12" Recipient Implied,
    P13 "P-13" Recipient MustNot,
    P14 "P-14" Recipient Must,
    P15 "P-15" Recipient Must,
    P16 "P-16" Recipient Must,
    P17 "P-17" Recipient Implied,
    U01 "U-01" Recipient Should,
    U02 "U-02" Recipient ShouldNot,
    U03 "U-03" Recipient Should,
    U04 "U-04" Both Should,
    U05 "U-05" Recipient MustNot,
    U06 "U-06" Recipient Must,
    U07 "U-07" Both Should,
    U08 "U-08" Both Implied,
    U09 "U-09" Recipient May,
    U10 "U-10" Recipient Should,
    U11 "U-11" Recipient Must,
    U12 "U-12" Recipient Implied,
    U13 "U-13" Sender May,
    C01 "C-01" Server Must,
    C02 "C-02" Server Must,
    C03 "C-03" Server Must,
    C04 "C-04" Server Must,
    C05 "C-05" Server Must,
    C06 "C-06" Server Must,
    C07 "C-07" Server Must,
    C08 "C-08" Recipient Should,
    C09 "C-09" Sender Implied,
    C10 "C-10" Sender Implied,
    T01 "T-01" Server Must,
    T02 "T-02" Server Should,
    T03 "T-03" Server Should,
    T04 "T-04" Server Should,
    T05 "T-05" Server Should,
    T06 "T-06" Sender Must,
    T07 "T-07" Server Should,
    T08 "T-08" Server Must,
    T09 "T-09" Server Implied,
    T10 "T-10" Sender Implied,
    T11 "T-11" Recipient Implied,
    T12 "T-12" Server Permitted,
    D01 "D-01" Sender Implied,
    D02 "D-02" Sender Should,
    D03 "D-03" Sender Implied,
    D04 "D-04" Sender Must,
    D05 "D-05" Sender Should,
    D06 "D-06" Sender Should,
    D07 "D-07" Server Must,
    D08 "D-08" Sender Implied,
    Q01 "Q-01" Recipient May,
    Q02 "Q-02" Recipient Should,
    Q03 "Q-03" Recipient Must,
    Q04 "Q-04" Recipient Should,
    Q05 "Q-05" Sender Should,
    Q06 "Q-06" Sender May,
    Q07 "Q-07" Recipient Should,
    Q08 "Q-08" Sender Should,
    Q09 "Q-09" Sender May,
    Q10 "Q-10" Recipient Implied,
    F01 "F-01" Sender Must,
    F02 "F-02" Sender Must,
    F03 "F-03" Recipient Should,
    F04 "F-04" Sender May,
    F05 "F-05" Sender Must,
    F06 "F-06" Sender Implied,
    F07 "F-07" Sender Must,
    F08 "F-08" Sender Implied,
    F09 "F-09" Recipient Implied,
    F10 "F-10" Both Permitted,
    B01 "B-01" Sender May,
    B02 "B-02" Sender Implied,
    B03 "B-03" Recipient Should,
    B04 "B-04" Sender Implied,
    B05 "B-05" Sender Implied,
    B06 "B-06" Sender Permitted,
    H01 "H-01" Sender Should,
    H02 "H-02" Both Must,
    H03 "H-03" Sender Must,
    H04 "H-04" Sender MustNot,
    H05 "H-05" Sender MustNot,
    H06 "H-06" Sender Must,
    H07 "H-07" Sender Should,
    H08 "H-08" Recipient Should,
    H09 "H-09" Recipient Must,
    H10 "H-10" Sender Implied,
    O01 "O-01" Sender May,
    O02 "O-02" Sender Must,
    O03 "O-03" Sender Implied,
    O04 "O-04" Sender Implied,
}

impl Rule {
    /// The rule with this id.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.id() == id)
    }
}

#[cfg(test)]
mod tests {
    use super::Rule;

    #[test]
    fn the_rule_book_has_163_rules_and_each_is_found_by_its_id() {
        assert_eq!(Rule::ALL.len(), 163);
        for rule in Rule::ALL {
            assert_eq!(Rule::from_id(rule.id()), Some(*rule));
        }
        assert_eq!(Rule::from_id("W-99"), None);
    }
}
