//! Times, counts and other people's text, as a terminal shows them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::io::{self, IsTerminal};

/// Columns of the terminal that stdout is; none for a file or a pipe, which takes any width.
pub(super) fn width() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// A span of milliseconds in its largest unit.
pub(super) fn span(millis: i64) -> String {
    let seconds = millis.max(0) / 1_000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// A number of tokens, shortened.
pub(super) fn tokens(count: u64) -> String {
    let tenths = |unit: u64, sign: &str| {
        let tenths = count / (unit / 10);
        format!("{}.{}{sign}", tenths / 10, tenths % 10)
    };
    match count {
        0..1_000 => count.to_string(),
        1_000..1_000_000 => tenths(1_000, "k"),
        _ => tenths(1_000_000, "M"),
    }
}

/// A time in milliseconds since 1970, where the machine is.
pub(super) fn time(millis: i64) -> String {
    match Timestamp::from_millisecond(millis) {
        Ok(time) => {
            let time = time.to_zoned_datetime(TimeZone::system());
            time.strftime("%Y-%m-%d %H:%M:%S").to_string()
        }
        Err(_) => millis.to_string(),
    }
}

/// A text without what would steer the terminal.
pub(super) fn plain(text: &str) -> String {
    let is_harmless = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    text.chars().map(|c| if is_harmless(c) { c } else { '\u{fffd}' }).collect()
}

/// A text of one line that is at most so long; what is left out of its middle becomes `…`.
pub(super) fn fitted(text: &str, width: usize) -> String {
    let letters: Vec<char> = plain(text).replace(['\n', '\t'], " ").chars().collect();
    if letters.len() <= width {
        return letters.into_iter().collect();
    }
    let kept = width.saturating_sub(1);
    let (front, back) = (kept.div_ceil(2), kept / 2);
    let (front, back) = (&letters[..front], &letters[letters.len() - back..]);
    front.iter().chain(['…'].iter().take(width.min(1))).chain(back).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_counts_are_short() {
        let shown = [-5, 59_999, 60_000, 3_599_000, 3_600_000, 172_799_000, 172_800_000].map(span);
        assert_eq!(shown, ["0s", "59s", "1m", "59m", "1h", "47h", "2d"]);
        let shown = [0, 999, 1_000, 12_345, 999_999, 1_000_000, 2_560_000].map(tokens);
        assert_eq!(shown, ["0", "999", "1.0k", "12.3k", "999.9k", "1.0M", "2.5M"]);
    }

    #[test]
    fn texts_fit_and_do_not_steer_the_terminal() {
        assert_eq!(plain("a\u{1b}[31mb\n\u{7f}"), "a\u{fffd}[31mb\n\u{fffd}");
        assert_eq!(fitted("one\ntwo", 7), "one two");
        assert_eq!(fitted("0123456789", 6), "012…89");
        assert_eq!(fitted("äöüäöü", 3), "ä…ü");
        assert_eq!(fitted("abc", 1), "…");
        assert_eq!(fitted("abc", 0), "");
    }
}
