//! The common parts of a plan's stops: shown once, with variables instead of versions.

use crate::upgrade::plan::{Check, PlannedStop, UpgradePlan, UpgradeStep};

/// A plan split into the common and the particular parts of its stops.
pub(super) struct Shared {
    /// Checks that at least two stops have, in order.
    pub checks: Vec<Check>,
    /// Steps that at least two stops have, in order.
    pub steps: Vec<UpgradeStep>,
    /// The variables of each stop.
    variables: Vec<Variables>,
}

/// The versions of one stop.
struct Variables([(&'static str, String); 4]);

impl Variables {
    /// A string with the names of variables instead of this stop's versions.
    fn put_into(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        'text: while let Some(next) = rest.chars().next() {
            let at_start = !out.ends_with(|c: char| c.is_ascii_digit() || c == '.');
            if at_start {
                for (name, version) in &self.0 {
                    let whole = |after: &str| !after.starts_with(|c: char| c.is_ascii_digit());
                    if let Some(after) = rest.strip_prefix(version.as_str()).filter(|after| whole(after)) {
                        out.push_str(&format!("${{{name}}}"));
                        rest = after;
                        continue 'text;
                    }
                }
            }
            out.push(next);
            rest = &rest[next.len_utf8()..];
        }
        out
    }

    fn check(&self, check: &Check) -> Check {
        let commands = check.commands.iter().map(|command| self.put_into(command)).collect();
        Check { what: self.put_into(&check.what), commands, ..check.clone() }
    }

    fn step(&self, step: &UpgradeStep) -> UpgradeStep {
        let put = |texts: &[String]| texts.iter().map(|text| self.put_into(text)).collect();
        UpgradeStep {
            what: self.put_into(&step.what),
            details: put(&step.details),
            commands: put(&step.commands),
            ..step.clone()
        }
    }
}

impl Shared {
    /// Finds the parts that at least two stops have, equal except for their versions.
    pub fn of(plan: &UpgradePlan) -> Self {
        let mut variables = Vec::new();
        let mut from = (plan.from.gitlab.clone(), plan.from.chart.clone());
        for stop in &plan.stops {
            let to = (stop.gitlab.clone(), stop.chart.clone());
            variables.push(Variables([
                ("FROM", from.0),
                ("TO", to.0.clone()),
                ("FROM_CHART", from.1),
                ("TO_CHART", to.1.clone()),
            ]));
            from = to;
        }
        let forms = || plan.stops.iter().zip(&variables);
        let checks = forms().flat_map(|(stop, vars)| stop.before.iter().map(|check| vars.check(check)));
        let steps = forms().flat_map(|(stop, vars)| stop.steps.iter().map(|step| vars.step(step)));
        let (checks, steps) = (repeated(checks), repeated(steps));
        Shared { checks, steps, variables }
    }

    /// `FROM=18.5.7 TO=18.8.12 …`: the variables of the stop at a position.
    pub fn assignments(&self, position: usize) -> String {
        let set = |(name, version): &(&str, String)| format!("{name}={version}");
        self.variables[position].0.iter().map(set).collect::<Vec<_>>().join(" ")
    }

    /// The number of the common check that equals a check.
    pub fn check(&self, position: usize, check: &Check) -> Option<usize> {
        let form = self.variables[position].check(check);
        self.checks.iter().position(|common| *common == form)
    }

    /// The number of the common step that equals a step.
    pub fn step(&self, position: usize, step: &UpgradeStep) -> Option<usize> {
        let form = self.variables[position].step(step);
        self.steps.iter().position(|common| *common == form)
    }

    /// The particular checks of a stop, and the numbers of the common ones.
    pub fn own_checks<'p>(&self, position: usize, stop: &'p PlannedStop) -> (Vec<&'p Check>, Vec<usize>) {
        let mut own = Vec::new();
        let mut common = Vec::new();
        for check in &stop.before {
            match self.check(position, check) {
                Some(number) => common.push(number),
                None => own.push(check),
            }
        }
        (own, common)
    }
}

/// The items that occur at least twice, each once.
fn repeated<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen: Vec<(T, usize)> = Vec::new();
    for item in items {
        match seen.iter_mut().find(|(other, _)| *other == item) {
            Some((_, count)) => *count += 1,
            None => seen.push((item, 1)),
        }
    }
    seen.into_iter().filter(|(_, count)| *count > 1).map(|(item, _)| item).collect()
}

#[cfg(test)]
mod tests {
    use super::Variables;

    #[test]
    fn versions_become_variables_as_whole_words() {
        let one = |name, version: &str| (name, version.to_owned());
        let vars = Variables([
            one("FROM", "18.8.2"),
            one("TO", "18.10.0"),
            one("FROM_CHART", "9.8.2"),
            one("TO_CHART", "9.10.0"),
        ]);
        assert_eq!(
            vars.put_into("values-18.8.2.yaml to 18.10.0, not 18.8.21"),
            "values-${FROM}.yaml to ${TO}, not 18.8.21"
        );
        assert_eq!(vars.put_into("--version 9.10.0"), "--version ${TO_CHART}");
    }
}
