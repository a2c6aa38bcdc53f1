//! Pages to look at: one HTML file each that needs no network, no server and nothing beside it.
//! A page does not know where it is written to.

mod assets;
mod cells;
mod facts;
mod html;
mod run;
mod state;

pub use self::run::{ANSWERS, FACTS, Pictured, run_page};
