//! When a runbook may run: `Tue,Thu 10:00-16:00 America/New_York`.
//!
//! Days are names, ranges of them (`Mon-Fri`) or `daily`, and may be left out; hours that end
//! before they begin go over midnight, and belong to the day on which they begin.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// From Monday.
    days: [bool; 7],
    from: Time,
    /// Exclusive; `00:00` is the end of the day.
    until: Time,
    zone: TimeZone,
}

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

impl Window {
    /// Reads one. Without a zone it is UTC.
    ///
    /// # Errors
    /// In words, with what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut days = None;
        let mut hours = None;
        let mut zone = None;
        for word in text.split_whitespace() {
            if word.contains(':') {
                let read = parse_hours(word)?;
                if hours.replace(read).is_some() {
                    return Err(format!("\"{text}\" gives hours twice"));
                }
            } else if hours.is_none() {
                parse_days(word, days.get_or_insert([false; 7]))?;
            } else if zone.is_none() {
                let found = TimeZone::get(word)
                    .map_err(|_| format!("\"{word}\" is no time zone: write one like Europe/London or UTC"))?;
                zone = Some(found);
            } else {
                return Err(format!("\"{word}\" stands behind the time zone: {EXAMPLE}"));
            }
        }
        let (from, until) = hours.ok_or_else(|| format!("\"{text}\" says no hours: {EXAMPLE}"))?;
        Ok(Self { days: days.unwrap_or([true; 7]), from, until, zone: zone.unwrap_or(TimeZone::UTC) })
    }

    /// Whether it is open at an instant.
    pub fn contains(&self, at: Timestamp) -> bool {
        let local = at.to_zoned(self.zone.clone());
        let time = local.time();
        if self.from < self.until || self.until == Time::midnight() {
            return self.has(local.weekday())
                && time >= self.from
                && (time < self.until || self.until == Time::midnight());
        }
        self.has(local.weekday()) && time >= self.from || self.has(local.weekday().previous()) && time < self.until
    }

    /// When it opens next after an instant at which it is closed: `Thu 22 Jan 10:00 America/New_York`.
    pub fn next_opening(&self, after: Timestamp) -> Option<String> {
        let local = after.to_zoned(self.zone.clone());
        (0..=7).find_map(|days| {
            let date = local.date().checked_add(Span::new().days(days)).ok()?;
            // Hours that a change of clocks leaves out begin when they would have.
            let opening: Zoned = date.to_datetime(self.from).to_zoned(self.zone.clone()).ok()?;
            let fits = self.has(date.weekday()) && opening.timestamp() > after;
            fits.then(|| {
                let zone = self.zone.iana_name().unwrap_or("UTC");
                format!("{} {zone}", opening.strftime("%a %-d %b %H:%M"))
            })
        })
    }

    fn has(&self, day: Weekday) -> bool {
        self.days[day_index(day)]
    }
}

const EXAMPLE: &str = "write it like \"Tue,Thu 10:00-16:00 America/New_York\"";

fn day_index(day: Weekday) -> usize {
    usize::try_from(day.to_monday_zero_offset()).unwrap_or(0)
}

fn parse_days(word: &str, days: &mut [bool; 7]) -> Result<(), String> {
    for piece in word.split(',').filter(|piece| !piece.is_empty()) {
        if ["daily", "every-day"].contains(&piece.to_lowercase().as_str()) {
            *days = [true; 7];
            continue;
        }
        let (first, last) = piece.split_once('-').unwrap_or((piece, piece));
        let (first, last) = (parse_day(first)?, parse_day(last)?);
        let mut day = first;
        loop {
            days[day_index(day)] = true;
            if day == last {
                break;
            }
            day = day.next();
        }
    }
    Ok(())
}

fn parse_day(word: &str) -> Result<Weekday, String> {
    let lower = word.to_lowercase();
    let full = |day: Weekday| format!("{day:?}").to_lowercase();
    DAYS.iter()
        .find(|(short, day)| lower == *short || lower == full(*day))
        .map(|(_, day)| *day)
        .ok_or_else(|| format!("\"{word}\" is no day of the week: Mon, Tue, Wed, Thu, Fri, Sat, Sun or daily"))
}

fn parse_hours(word: &str) -> Result<(Time, Time), String> {
    let wrong = || format!("\"{word}\" gives no hours: write them like 10:00-16:00");
    let (from, until) = word.split_once('-').ok_or_else(wrong)?;
    let time = |text: &str| -> Option<Time> {
        let (hour, minute) = text.split_once(':')?;
        let (hour, minute) = (hour.parse().ok()?, minute.parse().ok()?);
        if hour == 24 && minute == 0 { Some(Time::midnight()) } else { Time::new(hour, minute, 0, 0).ok() }
    };
    let (from, until) = (time(from).ok_or_else(wrong)?, time(until).ok_or_else(wrong)?);
    if from == until && from != Time::midnight() {
        return Err(format!("\"{word}\" is no time at all"));
    }
    Ok((from, until))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn days_hours_and_zone() {
        let window = Window::parse("Tue,Thu 10:00-16:00 America/New_York").unwrap();
        // 20 January 2026 is a Tuesday; New York is five hours behind.
        assert!(window.contains(at("2026-01-20T15:00:00Z")));
        assert!(window.contains(at("2026-01-20T20:59:59Z")));
        assert!(!window.contains(at("2026-01-20T21:00:00Z")));
        assert!(!window.contains(at("2026-01-21T16:00:00Z")));
        let next = |text| window.next_opening(at(text)).unwrap();
        assert_eq!(next("2026-01-20T21:00:00Z"), "Thu 22 Jan 10:00 America/New_York");
        assert_eq!(next("2026-01-22T22:00:00Z"), "Tue 27 Jan 10:00 America/New_York");
    }

    #[test]
    fn over_midnight_and_the_whole_day() {
        let night = Window::parse("Fri 22:00-04:00").unwrap();
        assert!(night.contains(at("2026-01-23T23:00:00Z")));
        assert!(night.contains(at("2026-01-24T03:59:00Z")));
        assert!(!night.contains(at("2026-01-23T03:00:00Z")));
        let weekend = Window::parse("Sat-Sun 00:00-24:00 UTC").unwrap();
        assert!(weekend.contains(at("2026-01-25T23:59:59Z")));
        assert!(!weekend.contains(at("2026-01-26T00:00:00Z")));
        assert!(Window::parse("09:00-17:00").unwrap().contains(at("2026-01-25T12:00:00Z")));
    }

    #[test]
    fn says_what_is_wrong() {
        let why = |text| Window::parse(text).unwrap_err();
        assert!(why("Tue,Foo 10:00-16:00").contains("\"Foo\" is no day"));
        assert!(why("Tue").contains("says no hours"));
        assert!(why("10:00-25:00").contains("gives no hours"));
        assert!(why("10:00").contains("gives no hours"));
        assert!(why("10:00-16:00 Mars/Olympus").contains("no time zone"));
        assert!(why("10:00-10:00").contains("no time at all"));
    }
}
