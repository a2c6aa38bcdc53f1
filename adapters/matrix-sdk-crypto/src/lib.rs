//! matrix-sdk-crypto as devices under test in the simulator `withheld`.

pub mod lockstep;
pub mod store;
pub mod names;
pub mod wire;
pub mod device;
pub mod simulator;
pub mod conform;
pub mod prepare;
