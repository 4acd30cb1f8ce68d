//! Keys by words: `session timeout`.

use super::{SchemaPart, ValuesReference};

/// A result of the search.
pub struct Match {
    /// Its path.
    pub path: String,
    /// The position.
    pub part: SchemaPart,
}

/// The maximum depth of keys.
const DEPTH: usize = 9;

/// Stop words.
const FILLERS: [&str; 14] =
    ["the", "a", "an", "of", "for", "to", "in", "on", "how", "which", "what", "is", "set", "key"];

impl ValuesReference {
    /// The keys that have all of the words in their path or description, the best one first; where none has all, those
    /// with the most of them.
    pub fn search(&self, words: &str, most: usize) -> Vec<Match> {
        let mut wanted = parts_of(words);
        wanted.retain(|word| !FILLERS.contains(&word.as_str()));
        if wanted.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<(usize, usize, Match)> = Vec::new();
        for (path, part) in self.all(DEPTH) {
            let (last, above) = path.rsplit_once('.').map_or((path.as_str(), ""), |(above, last)| (last, above));
            let (last, above, said) = (parts_of(last), parts_of(above), parts_of(part.description()));
            let score = |word: &String| match () {
                () if last.contains(word) => 8,
                () if above.contains(word) => 4,
                () if said.contains(word) => 3,
                () if last.iter().any(|other| other.starts_with(word.as_str())) => 3,
                () if said.iter().chain(&above).any(|other| other.starts_with(word.as_str())) => 1,
                () => 0,
            };
            let scores: Vec<usize> = wanted.iter().map(score).collect();
            let hits = scores.iter().filter(|score| **score > 0).count();
            // A word that only the path contains is found in each key below it.
            if hits == 0 || wanted.iter().all(|word| above.contains(word)) {
                continue;
            }
            // A key with few other words is the better result.
            let score = scores.iter().sum::<usize>() * 4;
            found.push((hits, score.saturating_sub(last.len() + above.len()), Match { path, part }));
        }
        found.sort_by(|a, b| (b.0, b.1).cmp(&(a.0, a.1)).then_with(|| a.2.path.cmp(&b.2.path)));
        let best = found.first().map_or(0, |(hits, ..)| *hits);
        found.into_iter().take_while(|(hits, ..)| *hits == best).take(most).map(|(_, _, found)| found).collect()
    }
}

/// The words of a string in lower case, `maxReplicas` as two words and plurals without their ending.
fn parts_of(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small = false;
    for c in text.chars() {
        let ends = !c.is_alphanumeric() || c == '\'' || c.is_uppercase() && small;
        if ends {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        small = c.is_lowercase() || c.is_ascii_digit();
    }
    words.retain(|word| word.len() > 1);
    for word in &mut words {
        if word.len() > 3 && word.ends_with('s') && !word.ends_with("ss") {
            word.pop();
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_taken_apart_as_people_read_them() {
        assert_eq!(
            parts_of("Sidekiq's maxReplicas of the timeouts"),
            ["sidekiq", "max", "replica", "of", "the", "timeout"]
        );
        assert_eq!(
            parts_of("access_token: LDAP"),
            ["acces", "token", "ldap"].map(|w| if w == "acces" { "access" } else { w })
        );
    }
}
