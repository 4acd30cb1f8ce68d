//! Finds the values that decide something: values are left out, and the question is evaluated again.

use std::collections::HashMap;

use crate::diag::ValuePath;

/// The answer to a question once some values are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Answer {
    /// As before: the values that were left out do not decide it.
    Same,
    /// The question has no subject any more: the object is gone, for example.
    Moot,
    /// Different from before.
    Changed,
}

/// A value that decides a question, and how.
pub(super) type Cause = (ValuePath, Answer);

/// Evaluates questions for variants of the values; each variant is rendered once.
pub(super) struct Search<'a> {
    /// Answers all questions without these values.
    ask: &'a mut dyn FnMut(&[&ValuePath]) -> Vec<Answer>,
    single: HashMap<ValuePath, Vec<Answer>>,
    /// The number of variants that may still be rendered.
    left: usize,
}

impl<'a> Search<'a> {
    /// A search that renders at most `most` variants.
    pub fn new(most: usize, ask: &'a mut dyn FnMut(&[&ValuePath]) -> Vec<Answer>) -> Self {
        Search { ask, single: HashMap::new(), left: most }
    }

    /// How one value decides one question; `Same` where the limit is reached.
    pub fn one(&mut self, path: &ValuePath, question: usize) -> Answer {
        if !self.single.contains_key(path) {
            let Some(answers) = self.asked(&[path]) else { return Answer::Same };
            self.single.insert(path.clone(), answers);
        }
        self.single.get(path).and_then(|answers| answers.get(question)).copied().unwrap_or(Answer::Same)
    }

    /// For each question all values among `paths` that decide it.
    ///
    /// Each half of the values is left out in turn, then halves of those that matter: for a question that one value of
    /// a thousand decides, some twenty variants are rendered.
    pub fn all(&mut self, paths: &[&ValuePath], questions: &[usize]) -> HashMap<usize, Vec<Cause>> {
        let mut causes = HashMap::new();
        self.halves(paths, &mut Vec::new(), questions, &mut causes);
        causes
    }

    fn asked(&mut self, paths: &[&ValuePath]) -> Option<Vec<Answer>> {
        self.left = self.left.checked_sub(1)?;
        Some((self.ask)(paths))
    }

    /// Searches `paths` for causes while `besides` is left out too.
    fn halves<'p>(
        &mut self,
        paths: &[&'p ValuePath],
        besides: &mut Vec<&'p ValuePath>,
        questions: &[usize],
        causes: &mut HashMap<usize, Vec<Cause>>,
    ) {
        let out: Vec<&ValuePath> = paths.iter().chain(besides.iter()).copied().collect();
        let Some(answers) = self.asked(&out) else { return };
        let decided: Vec<usize> = questions
            .iter()
            .copied()
            .filter(|question| answers.get(*question).is_some_and(|answer| *answer != Answer::Same))
            .collect();
        if decided.is_empty() {
            return;
        }
        if let [path] = paths {
            for question in decided {
                causes.entry(question).or_default().push(((*path).clone(), answers[question]));
            }
            return;
        }
        let (first, second) = paths.split_at(paths.len() / 2);
        self.halves(first, besides, &decided, causes);
        self.halves(second, besides, &decided, causes);
        // Neither half alone: each of several values is sufficient, and all of them have to be left out.
        let open: Vec<usize> = decided.into_iter().filter(|question| !causes.contains_key(question)).collect();
        if !open.is_empty() && !first.is_empty() {
            for (half, other) in [(first, second), (second, first)] {
                let before = besides.len();
                besides.extend(other);
                self.halves(half, besides, &open, causes);
                besides.truncate(before);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(deciding: impl Fn(&[&str]) -> Vec<Answer>, questions: usize) -> (HashMap<usize, Vec<String>>, usize) {
        let paths: Vec<ValuePath> = (0..100).map(|n| ValuePath::dotted(&format!("v{n}"))).collect();
        let mut asked = 0;
        let mut ask = |out: &[&ValuePath]| {
            asked += 1;
            let names: Vec<String> = out.iter().map(ToString::to_string).collect();
            deciding(&names.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let all: Vec<usize> = (0..questions).collect();
        let causes = Search::new(1000, &mut ask).all(&paths.iter().collect::<Vec<_>>(), &all);
        let named = causes.into_iter().map(|(q, c)| (q, c.into_iter().map(|(path, _)| path.to_string()).collect()));
        (named.collect(), asked)
    }

    fn when(holds: bool) -> Answer {
        if holds { Answer::Changed } else { Answer::Same }
    }

    #[test]
    fn one_value_of_a_hundred_is_found_in_some_fifteen_variants() {
        let (causes, asked) = found(|out| vec![when(out.contains(&"v42"))], 1);
        assert_eq!(causes[&0], ["v42"]);
        assert!(asked < 20, "{asked}");
    }

    #[test]
    fn each_of_two_values_that_must_both_be_there_is_a_cause() {
        let (causes, _) = found(|out| vec![when(out.contains(&"v3") || out.contains(&"v97"))], 1);
        assert_eq!(causes[&0], ["v3", "v97"]);
    }

    #[test]
    fn both_of_two_values_that_are_each_enough_are_causes() {
        let (causes, _) = found(|out| vec![when(out.contains(&"v3") && out.contains(&"v97"))], 1);
        assert_eq!(causes[&0], ["v3", "v97"]);
    }

    #[test]
    fn several_questions_are_asked_at_once() {
        let (causes, _) = found(|out| vec![when(out.contains(&"v3")), when(out.contains(&"v60")), Answer::Same], 3);
        assert_eq!((causes[&0].as_slice(), causes[&1].as_slice()), (&["v3".to_owned()][..], &["v60".to_owned()][..]));
        assert!(!causes.contains_key(&2));
    }
}
