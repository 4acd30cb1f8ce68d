//! Schedules as the CronJob controller reads them.

use super::format::shown;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// A field of a schedule: its name, its bounds, and its names for numbers.
struct Part {
    name: &'static str,
    least: u32,
    most: u32,
    words: &'static [&'static str],
}

const PARTS: [Part; 5] = [
    Part { name: "minute", least: 0, most: 59, words: &[] },
    Part { name: "hour", least: 0, most: 23, words: &[] },
    Part { name: "day", least: 1, most: 31, words: &[] },
    Part { name: "month", least: 1, most: 12, words: &MONTHS },
    Part { name: "day of the week", least: 0, most: 6, words: &DAYS },
];

/// Parses a schedule: five fields, or one of the words that begin with `@`.
pub(super) fn schedule(text: &str) -> Result<(), String> {
    let not = || "not a schedule of five fields like `0 1 * * *`".to_owned();
    if text.contains("TZ=") {
        return Err("a schedule cannot contain a time zone: set `timeZone`".to_owned());
    }
    if let Some(word) = text.strip_prefix('@') {
        let known = ["yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly"].contains(&word);
        return if known || word.strip_prefix("every ").is_some_and(duration) { Ok(()) } else { Err(not()) };
    }
    let parts: Vec<&str> = text.split_whitespace().collect();
    if parts.len() != PARTS.len() {
        return Err(not());
    }
    for (text, part) in parts.iter().zip(&PARTS) {
        if !text.split(',').all(|range| part.takes(range)) {
            let (least, most) = (part.least, part.most);
            return Err(format!("{} is no {} from {least} to {most}", shown(text), part.name));
        }
    }
    Ok(())
}

impl Part {
    fn number(&self, text: &str) -> Option<u32> {
        let lower = text.to_lowercase();
        let word = self.words.iter().position(|word| *word == lower).map(|i| i as u32 + self.least);
        let number = || if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None };
        word.or_else(number).filter(|n| (self.least..=self.most).contains(n))
    }

    /// Parses `*`, `5` or `1-5`, each with an optional step after a slash.
    fn takes(&self, text: &str) -> bool {
        let (range, step) = text.split_once('/').map_or((text, None), |(range, step)| (range, Some(step)));
        let stepped = step.is_none_or(|step| step.parse::<u32>().is_ok_and(|n| n > 0));
        let ranged = match range.split_once('-') {
            _ if matches!(range, "*" | "?") => true,
            Some((first, last)) => self.number(first).zip(self.number(last)).is_some_and(|(first, last)| first <= last),
            None => self.number(range).is_some(),
        };
        stepped && ranged
    }
}

/// Parses `1h30m`.
fn duration(text: &str) -> bool {
    let mut rest = text;
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
        let after = &rest[digits..];
        let unit = ["ns", "us", "µs", "ms", "s", "m", "h"].into_iter().filter(|unit| after.starts_with(unit));
        let Some(unit) = unit.max_by_key(|unit| unit.len()).filter(|_| digits > 0) else { return false };
        rest = &after[unit.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::schedule;

    #[test]
    fn schedules_are_read_as_the_controller_reads_them() {
        for good in ["0 1 * * *", "*/5 0-6 1,15 JAN-mar mon-FRI", "? ? ? ? ?", "5/10 * * * 6", "@daily", "@every 1h30m"]
        {
            assert_eq!(schedule(good), Ok(()), "{good}");
        }
        for bad in [
            "61 * * * *",
            "0 24 * * *",
            "0 1 0 * *",
            "0 1 * 13 *",
            "0 1 * * 7",
            "0 1 * *",
            "5-1 * * * *",
            "*/0 * * * *",
            "@never",
            "@every soon",
            "TZ=UTC 0 1 * * *",
            "+5 * * * *",
            "",
        ] {
            assert!(schedule(bad).is_err(), "{bad}");
        }
    }
}
