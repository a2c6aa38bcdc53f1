//! The judge: facts in, verdicts and violations out.
//! It sees facts and the cast of the scenario, and nothing else.

pub mod outcome;
