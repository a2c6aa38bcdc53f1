//! The wish of whoever watches that a long command ends early: ctrl-C, or a signal to terminate.
//! It does not know what is ended, nor how soon.

use std::process;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a shell says of a program that ctrl-C has ended.
const ENDED_AT_ONCE: i32 = 130;

static WISHED: AtomicBool = AtomicBool::new(false);
static LISTENING: Once = Once::new();

/// Takes note of the wish from now on; who wishes a second time does not wait any longer. Where the system does not let it, the program
/// ends at once, as it would without this.
pub(super) fn listen() {
    LISTENING.call_once(|| {
        let heard = || {
            if WISHED.swap(true, Ordering::Relaxed) {
                process::exit(ENDED_AT_ONCE);
            }
        };
        // Nothing is lost without it: what was found is on disk by then.
        let _ = ctrlc::set_handler(heard);
    });
}

/// Whether it was wished.
pub(super) fn is_wished() -> bool {
    WISHED.load(Ordering::Relaxed)
}
