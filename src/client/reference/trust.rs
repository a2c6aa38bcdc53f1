//! Trust: which devices are cross-signed by their owner and which are verified, by the chain of signatures
//! own master key, own user-signing key, their master key, their self-signing key, device (V-01).
//! It does not know what follows from trust, nor what the user verified by hand.

use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Dfs, Walker};

use crate::ids::DeviceId;
use crate::protocol::api::{CrossSigningKeys, DeviceKeys};

use crate::ids::SigningKey;

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
    pub(super) cross_signed: Vec<DeviceId>,
    /// Ascending: devices that the own master key reaches.
    pub(super) verified: Vec<DeviceId>,
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

    /// Follows the signatures.
    pub(super) fn follow(signatures: &Signatures<'_>) -> Self {
        let Some(theirs) = signatures.theirs else { return Self::default() };
        let devices = signatures.devices.len();
        let mut graph: DiGraph<Option<DeviceId>, ()> =
            DiGraph::with_capacity(4 + devices, 4 + devices);
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
                // The user's own keys: the two master keys are one.
                graph.add_edge(own_master, master, ());
            }
        }
        let (_, cross_signed) = reached(&graph, master, master);
        let (user_verified, verified) = reached(&graph, own_master, master);
        Self { user_verified, cross_signed, verified }
    }
}

/// Whether `start` reaches `goal`, and the devices that it reaches.
fn reached(
    graph: &DiGraph<Option<DeviceId>, ()>,
    start: NodeIndex,
    goal: NodeIndex,
) -> (bool, Vec<DeviceId>) {
    let mut devices = Vec::new();
    let mut found = false;
    for node in Dfs::new(graph, start).iter(graph) {
        found |= node == goal;
        if let Some(device) = graph[node] {
            devices.push(device);
        }
    }
    devices.sort_unstable();
    (found, devices)
}

#[cfg(test)]
mod tests {
    use super::{Signatures, Trust};
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
        assert_eq!(trust.verified, [DeviceId::new(1)]);
        assert_eq!(trust.cross_signed, [DeviceId::new(1)]);
    }

    #[test]
    fn a_chain_with_a_missing_link_verifies_nobody() {
        for (own, signed_by) in [(Some(ALICE), None), (Some(ALICE), Some(92)), (None, Some(2))] {
            let trust = follow(own, signed_by);
            assert!(!trust.user_verified);
            assert!(trust.verified.is_empty());
            assert_eq!(trust.cross_signed, [DeviceId::new(1)]);
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
        assert_eq!(trust.verified, [DeviceId::new(5)]);
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
}
