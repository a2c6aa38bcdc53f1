//! matrix-sdk-crypto as devices under test in the simulator `withheld`.

pub mod lockstep;
