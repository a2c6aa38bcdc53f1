//! matrix-sdk-crypto as devices under test in the simulator `withheld`.

pub mod casting;
pub mod chance;
pub mod command;
pub mod conform;
pub mod device;
pub mod fidelity;
pub mod glue;
pub mod known;
pub mod lockstep;
pub mod names;
pub mod needed;
pub mod prepare;
pub mod role;
pub mod room_keys;
pub mod shadow;
pub mod simulator;
pub mod store;
pub mod ways;
pub mod wire;
