//! matrix-sdk-crypto as devices under test in the simulator `withheld`.

pub mod conform;
pub mod device;
pub mod lockstep;
pub mod names;
pub mod prepare;
pub mod simulator;
pub mod store;
pub mod wire;
