//! Durations as they stand in progress lines: `340ms`, `1.9s`, `41s`, `2:05`, `1:02:03`.

use std::time::Duration;

/// How long something took.
pub fn took(duration: Duration) -> String {
    match duration.as_secs() {
        0 => format!("{}ms", duration.as_millis()),
        seconds @ 1..=9 => format!("{seconds}.{}s", duration.subsec_millis() / 100),
        seconds @ 10..=59 => format!("{seconds}s"),
        _ => clock(duration),
    }
}

/// As on a clock: minutes and seconds, hours when there are some.
pub fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds % 3600 / 60, seconds % 60);
    if hours == 0 { format!("{minutes}:{seconds:02}") } else { format!("{hours}:{minutes:02}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_people_read_them() {
        let of = |milliseconds| took(Duration::from_millis(milliseconds));
        assert_eq!(of(0), "0ms");
        assert_eq!(of(1_960), "1.9s");
        assert_eq!(of(41_900), "41s");
        assert_eq!(of(125_000), "2:05");
        assert_eq!(clock(Duration::from_secs(62)), "1:02");
        assert_eq!(clock(Duration::from_secs(3_723)), "1:02:03");
    }
}
