//! Windows of time: `Tue,Thu 10:00-16:00 America/New_York`, when a runbook may begin.
//!
//! Days are names or ranges of them (`Mon-Fri`), or left out for every day; times are of the
//! day in the zone, which is UTC if none is named. A window that ends before it begins
//! (`22:00-04:00`) goes on past midnight and belongs to the day on which it began.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// When something may begin.
#[derive(Clone, Debug)]
pub struct Window {
    /// By days from Monday.
    days: [bool; 7],
    from: Time,
    until: Time,
    zone: TimeZone,
}

const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Window {
    /// Reads a window.
    ///
    /// # Errors
    /// In words, naming the part that could not be read.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (mut days, mut times, mut zone) = (None, None, None);
        for word in text.split_whitespace() {
            if word.starts_with(|c: char| c.is_ascii_digit()) {
                if times.replace(read_times(word)?).is_some() {
                    return Err("a window has one span of time: `10:00-16:00`".to_owned());
                }
            } else if times.is_none() {
                if days.replace(read_days(word)?).is_some() {
                    return Err(format!("days are joined by commas, without blanks: `{word}` stands alone"));
                }
            } else if zone.is_none() {
                zone = Some(TimeZone::get(word).map_err(|_| {
                    format!("there is no time zone `{word}`; zones are named like `Europe/London` or `UTC`")
                })?);
            } else {
                return Err(format!("nothing is expected after the time zone: `{word}`"));
            }
        }
        let Some((from, until)) = times else {
            return Err("a window says from when to when: `Tue,Thu 10:00-16:00 Europe/London`".to_owned());
        };
        Ok(Self { days: days.unwrap_or([true; 7]), from, until, zone: zone.unwrap_or(TimeZone::UTC) })
    }

    /// Whether an instant lies in the window; its end does not.
    pub fn contains(&self, at: Timestamp) -> bool {
        let local = at.to_zoned(self.zone.clone());
        let time = local.time();
        if self.from < self.until {
            return self.on(local.date()) && self.from <= time && time < self.until;
        }
        // Past midnight it is still the window of the day before.
        let yesterday = local.date().yesterday().is_ok_and(|date| self.on(date));
        (self.on(local.date()) && self.from <= time) || (yesterday && time < self.until)
    }

    /// When it opens next after an instant; `None` only at the end of the calendar.
    pub fn next_opening(&self, after: Timestamp) -> Option<Zoned> {
        let mut date = after.to_zoned(self.zone.clone()).date();
        // A day that lacks the time (the clocks went forward) opens when the clock shows the next one.
        for _ in 0..9 {
            if self.on(date) {
                let opening = date.to_datetime(self.from).to_zoned(self.zone.clone()).ok()?;
                if opening.timestamp() > after {
                    return Some(opening);
                }
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    fn on(&self, date: Date) -> bool {
        let day = date.weekday().to_monday_zero_offset();
        usize::try_from(day).ok().and_then(|day| self.days.get(day)).copied().unwrap_or(false)
    }
}

fn read_days(word: &str) -> Result<[bool; 7], String> {
    let mut days = [false; 7];
    for part in word.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (day(first)?, day(last)?);
        let mut at = first;
        loop {
            days[at] = true;
            if at == last {
                break;
            }
            at = (at + 1) % 7;
        }
    }
    Ok(days)
}

/// `Tue`, `tuesday`: how many days after Monday.
fn day(name: &str) -> Result<usize, String> {
    let lower = name.to_lowercase();
    let found = NAMES.iter().position(|short| lower.starts_with(short)).filter(|at| {
        let full = Weekday::from_monday_zero_offset(i8::try_from(*at).unwrap_or(0)).map(|day| format!("{day:?}"));
        lower.len() == 3 || full.is_ok_and(|full| full.to_lowercase() == lower)
    });
    found.ok_or_else(|| format!("`{name}` is no day; days are Mon, Tue, Wed, Thu, Fri, Sat, Sun, or Mon-Fri"))
}

fn read_times(word: &str) -> Result<(Time, Time), String> {
    let wrong = || format!("`{word}` is no span of time; write it as `10:00-16:00`");
    let (from, until) = word.split_once('-').ok_or_else(wrong)?;
    let (from, until) = (clock(from).ok_or_else(wrong)?, clock(until).ok_or_else(wrong)?);
    // `24:00` is midnight at the end of the day; a span of nothing would never open.
    if from == until && word.split_once('-').is_some_and(|(from, until)| from == until) {
        return Err(format!("`{word}` begins when it ends, so it never opens"));
    }
    Ok((from, until))
}

fn clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hour) || minute.len() != 2 || !digits(minute) {
        return None;
    }
    let (hour, minute): (i8, i8) = (hour.parse().ok()?, minute.parse().ok()?);
    if hour == 24 && minute == 0 {
        return Some(Time::midnight());
    }
    Time::new(hour, minute, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn days_and_times_in_a_zone() {
        let window = Window::parse("Tue,Thu 10:00-16:00 America/New_York").unwrap();
        // A Tuesday in winter: New York is five hours behind.
        assert!(window.contains(at("2026-01-20T15:00:00Z")));
        assert!(window.contains(at("2026-01-20T20:59:59Z")));
        assert!(!window.contains(at("2026-01-20T14:59:59Z")));
        assert!(!window.contains(at("2026-01-20T21:00:00Z")));
        assert!(!window.contains(at("2026-01-21T15:00:00Z")));
        let next = window.next_opening(at("2026-01-20T21:00:00Z")).unwrap();
        assert_eq!(next.timestamp(), at("2026-01-22T15:00:00Z"));
    }

    #[test]
    fn ranges_every_day_and_past_midnight() {
        let week = Window::parse("Mon-Fri 9:00-17:00").unwrap();
        assert!(week.contains(at("2026-01-23T16:59:00Z")) && !week.contains(at("2026-01-24T12:00:00Z")));
        let night = Window::parse("Fri 22:00-04:00 UTC").unwrap();
        assert!(night.contains(at("2026-01-23T23:00:00Z")) && night.contains(at("2026-01-24T03:59:00Z")));
        assert!(!night.contains(at("2026-01-23T03:00:00Z")) && !night.contains(at("2026-01-24T22:00:00Z")));
        let whole = Window::parse("Saturday,Sun 00:00-24:00").unwrap();
        assert!(whole.contains(at("2026-01-24T23:59:59Z")) && !whole.contains(at("2026-01-23T23:59:59Z")));
        let around = Window::parse("Sat-Mon 1:00-2:00").unwrap();
        assert!(around.contains(at("2026-01-26T01:30:00Z")) && !around.contains(at("2026-01-27T01:30:00Z")));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let wrong = |text: &str| Window::parse(text).unwrap_err();
        assert!(wrong("Tuesday at ten").contains("`at`") || wrong("Tuesday at ten").contains("at"));
        assert!(wrong("Tue 10-16").contains("10:00-16:00"));
        assert!(wrong("Tue 10:00-16:00 Mars/Olympus").contains("Mars/Olympus"));
        assert!(wrong("Die 10:00-16:00").contains("Die"));
        assert!(wrong("Tue 10:00-10:00").contains("never opens"));
        assert!(wrong("").contains("from when"));
        assert!(wrong("25:00-26:00").contains("25:00"));
    }
}
