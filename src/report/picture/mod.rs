//! What every picture of a run is drawn from: lanes, what a fact is about, how it came to where it was observed, and the word
//! on its arrow. It does not know the language of any picture.

pub(super) mod carrier;
pub(super) mod lanes;
pub(super) mod subject;
pub(super) mod tag;
