//! Trust: which devices are cross-signed by their owner and which are verified, by the chain of signatures
//! own master key, own user-signing key, their master key, their self-signing key, device (V-01).
//! It does not know what follows from trust, nor what the user verified by hand.

use smallvec::SmallVec;

use crate::ids::{DeviceId, SigningKey};
use crate::protocol::api::{CrossSigningKeys, DeviceKeys};

/// Devices of one user, of which there are few.
type Devices = SmallVec<[DeviceId; 4]>;

/// What is signed by what, as far as it is known of one user.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signatures<'a> {
    /// The cross-signing keys that this client trusts as its own.
    pub(super) own: Option<CrossSigningKeys>,
    /// The keys that the user publishes.
    pub(super) theirs: Option<CrossSigningKeys>,
    /// The user-signing key that signed `theirs.master`.
    pub(super) master_signed_by: Option<SigningKey>,
    /// The user's devices with the key that signed each.
    pub(super) devices: &'a [DeviceKeys],
}

/// What follows from the signatures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Trust {
    /// Whether the user's master key is reached from the own one.
    pub(super) user_verified: bool,
    /// Ascending: devices that their owner's master key reaches.
    pub(super) cross_signed: Devices,
    /// Ascending: devices that the own master key reaches.
    pub(super) verified: Devices,
}

impl Trust {
    /// Whether the device's owner has signed it.
    pub(super) fn is_cross_signed(&self, device: DeviceId) -> bool {
        self.cross_signed.binary_search(&device).is_ok()
    }

    /// Whether the chain of signatures leads from the own master key to the device.
    pub(super) fn is_verified(&self, device: DeviceId) -> bool {
        self.verified.binary_search(&device).is_ok()
    }

    /// Follows the signatures. There are few ways to go: a test holds this against reachability in the graph of all keys.
    pub(super) fn follow(signatures: &Signatures<'_>) -> Self {
        let Some(theirs) = signatures.theirs else { return Self::default() };
        let is_signed = |keys: &&DeviceKeys| keys.signed_by == Some(theirs.self_signing);
        let devices = signatures.devices.iter().filter(is_signed);
        let mut cross_signed: Devices = devices.map(|keys| keys.device).collect();
        cross_signed.sort_unstable();
        // The own master key reaches the own user-signing key, and that the master keys that it signed; of the user's own keys
        // the two master keys are one.
        let user_verified = signatures.own.is_some_and(|own| {
            signatures.master_signed_by == Some(own.user_signing) || own.master == theirs.master
        });
        let verified = if user_verified { cross_signed.clone() } else { Devices::new() };
        Self { user_verified, cross_signed, verified }
    }
}

#[cfg(test)]
mod tests {
    use petgraph::graph::{DiGraph, NodeIndex};
    use petgraph::visit::{Dfs, Walker};

    use super::{Signatures, Trust};
    use crate::engine::choices::{Choices, Label, Seeded};
    use crate::ids::{DeviceId, SigningKey};
    use crate::protocol::api::{CrossSigningKeys, DeviceKeys};

    const fn keys(base: u32) -> CrossSigningKeys {
        CrossSigningKeys {
            master: SigningKey::new(base),
            self_signing: SigningKey::new(base + 1),
            user_signing: SigningKey::new(base + 2),
        }
    }

    const fn device(id: u32, signed_by: Option<u32>) -> DeviceKeys {
        DeviceKeys {
            device: DeviceId::new(id),
            lists_algorithms: true,
            signed_by: match signed_by {
                Some(key) => Some(SigningKey::new(key)),
                None => None,
            },
        }
    }

    const ALICE: CrossSigningKeys = keys(0);
    const BOB: CrossSigningKeys = keys(10);
    const BOBS: [DeviceKeys; 3] = [device(1, Some(11)), device(2, None), device(3, Some(91))];

    fn follow(own: Option<CrossSigningKeys>, master_signed_by: Option<u32>) -> Trust {
        Trust::follow(&Signatures {
            own,
            theirs: Some(BOB),
            master_signed_by: master_signed_by.map(SigningKey::new),
            devices: &BOBS,
        })
    }

    #[test]
    fn the_whole_chain_verifies_the_devices_that_the_self_signing_key_signed() {
        let trust = follow(Some(ALICE), Some(2));
        assert!(trust.user_verified);
        assert_eq!(trust.verified[..], [DeviceId::new(1)]);
        assert_eq!(trust.cross_signed[..], [DeviceId::new(1)]);
    }

    #[test]
    fn a_chain_with_a_missing_link_verifies_nobody() {
        for (own, signed_by) in [(Some(ALICE), None), (Some(ALICE), Some(92)), (None, Some(2))] {
            let trust = follow(own, signed_by);
            assert!(!trust.user_verified);
            assert!(trust.verified.is_empty());
            assert_eq!(trust.cross_signed[..], [DeviceId::new(1)]);
        }
    }

    #[test]
    fn own_devices_are_verified_by_the_own_self_signing_key() {
        let devices = [device(5, Some(1)), device(6, None)];
        let trust = Trust::follow(&Signatures {
            own: Some(ALICE),
            theirs: Some(ALICE),
            master_signed_by: None,
            devices: &devices,
        });
        assert!(trust.user_verified);
        assert_eq!(trust.verified[..], [DeviceId::new(5)]);
    }

    #[test]
    fn a_user_without_cross_signing_keys_has_no_trusted_device() {
        let trust = Trust::follow(&Signatures {
            own: Some(ALICE),
            theirs: None,
            master_signed_by: Some(SigningKey::new(2)),
            devices: &BOBS,
        });
        assert_eq!(trust, Trust::default());
    }

    /// Whether `start` reaches `goal`, and the devices that it reaches.
    fn reached(
        graph: &DiGraph<Option<DeviceId>, ()>,
        start: NodeIndex,
        goal: NodeIndex,
    ) -> (bool, Vec<DeviceId>) {
        let nodes: Vec<NodeIndex> = Dfs::new(graph, start).iter(graph).collect();
        let mut devices: Vec<DeviceId> = nodes.iter().filter_map(|node| graph[*node]).collect();
        devices.sort_unstable();
        (nodes.contains(&goal), devices)
    }

    /// The same as a graph of keys, an edge for each signature.
    fn by_graph(signatures: &Signatures<'_>) -> Trust {
        let Some(theirs) = signatures.theirs else { return Trust::default() };
        let mut graph: DiGraph<Option<DeviceId>, ()> = DiGraph::new();
        let [own_master, own_user_signing, master, self_signing] =
            std::array::from_fn(|_| graph.add_node(None));
        graph.add_edge(master, self_signing, ());
        for keys in signatures.devices {
            let device = graph.add_node(Some(keys.device));
            if keys.signed_by == Some(theirs.self_signing) {
                graph.add_edge(self_signing, device, ());
            }
        }
        if let Some(own) = signatures.own {
            graph.add_edge(own_master, own_user_signing, ());
            if signatures.master_signed_by == Some(own.user_signing) {
                graph.add_edge(own_user_signing, master, ());
            }
            if own.master == theirs.master {
                graph.add_edge(own_master, master, ());
            }
        }
        let (_, cross_signed) = reached(&graph, master, master);
        let (user_verified, verified) = reached(&graph, own_master, master);
        Trust { user_verified, cross_signed: cross_signed.into(), verified: verified.into() }
    }

    #[test]
    fn what_is_trusted_is_what_the_graph_of_signatures_reaches() {
        let mut choices = Seeded::new(9);
        let mut draw = |bound| u32::try_from(choices.draw(bound, Label(0))).unwrap();
        let mut seen = [0; 2];
        for _ in 0..2_000 {
            let theirs = [None, Some(ALICE), Some(BOB)][draw(3) as usize];
            let own = [None, Some(ALICE), Some(BOB)][draw(3) as usize];
            let some = |key: u32| (key < 13).then(|| SigningKey::new(key));
            let devices: Vec<_> = (0..draw(5))
                .map(|place| {
                    let signed_by = [1, 11, 12, 90][draw(4) as usize];
                    device(20 - place, (signed_by < 90).then_some(signed_by))
                })
                .collect();
            let master_signed_by = some([0, 2, 12, 99][draw(4) as usize]);
            let signatures = Signatures { own, theirs, master_signed_by, devices: &devices };
            let trust = Trust::follow(&signatures);
            assert_eq!(trust, by_graph(&signatures), "{signatures:?}");
            seen[usize::from(trust.user_verified)] += 1;
        }
        assert!(seen.iter().all(|count| *count > 200), "{seen:?}");
    }
}
