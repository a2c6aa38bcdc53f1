//! A bar that shows how many files are done, to whoever watches.
//! It does not know what is done with them.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::streams::Terminal;

/// A bar for `steps` steps: on the error stream of a terminal, nowhere otherwise, and not at all for a single step.
pub(super) fn bar(terminal: Terminal, steps: usize) -> ProgressBar {
    let target = if terminal.watched && steps > 1 {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}")
        .expect("the template of the bar is well formed");
    ProgressBar::with_draw_target(Some(steps as u64), target).with_style(style)
}

#[cfg(test)]
mod tests {
    use super::bar;
    use crate::cli::streams::Terminal;

    #[test]
    fn nobody_is_shown_a_bar_who_does_not_watch() {
        let bar = bar(Terminal::NONE, 5);
        assert!(bar.is_hidden());
        assert_eq!(bar.length(), Some(5));
    }

    #[test]
    fn one_file_is_done_before_a_bar_could_be_read() {
        assert!(bar(Terminal { watched: true, ..Terminal::NONE }, 1).is_hidden());
    }
}
