//! Pages to look at: one HTML file each that needs no network, no server and nothing beside it.
//! A page does not know where it is written to.

mod assets;
mod campaign;
mod cells;
mod facts;
mod html;
mod kills;
mod plot;
mod run;
mod state;

pub use self::campaign::{CampaignPictured, campaign_page};
pub use self::kills::Kills;
pub use self::plot::{Marks, Plot, Series};
pub use self::run::{ANSWERS, FACTS, Pictured, run_page};
