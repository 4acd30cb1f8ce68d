//! The changes of values between chart releases, as rules; `charts/releases/README.md` explains the table,
//! `charts/releases/value-rules.json`.
//!
//! [`hits`] finds the rules that a user's values match on the path between two releases. A render does not use this
//! module: [`super::removed`] reads a small part of the table.

use std::fmt;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::pattern::{self, Found, Pattern};
use crate::diag::{Location, ValuePath};
use crate::releases::{self, ChartVersion};
use crate::values::Origins;

/// A row of the table.
#[derive(Debug, Deserialize)]
pub struct Rule {
    /// The pattern of the values.
    pub path: String,
    /// The first chart release with the rule.
    #[serde(deserialize_with = "version")]
    pub since: ChartVersion,
    /// The effect of the release on such a value.
    pub effect: Effect,
    pub(super) refused: Option<Refused>,
    pub(super) when: Option<When>,
    #[serde(default)]
    pub(super) except: Vec<String>,
    #[serde(default)]
    only_if: Vec<ValueCondition>,
    pub(super) to: Option<String>,
    values: Option<serde_json::Map<String, Value>>,
    rewrite: Option<Rewrite>,
    old: Option<Value>,
    new: Option<Value>,
    what: Option<String>,
    pub(super) say: Option<String>,
    ask: Option<String>,
    /// The parsed `path`, computed at its first use.
    #[serde(skip)]
    pattern: OnceLock<Pattern>,
}

/// The effect of a release on a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// The chart refuses to render.
    Fails,
    /// The chart ignores it silently.
    Ignored,
    /// It is still read, under a deprecated name.
    Deprecated,
    /// The default changed, and the user did not set the value.
    Default,
    /// The value stays, and its meaning changes.
    Meaning,
    /// Its form changes.
    Type,
    /// Announced for a release that is not out yet.
    Planned,
}

impl Effect {
    /// Whether the value itself shows that it was written for an older release; other rules apply only to an upgrade
    /// from before [`Rule::since`].
    pub fn shows(self) -> bool {
        matches!(self, Effect::Fails | Effect::Ignored | Effect::Deprecated | Effect::Type)
    }

    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Effect::Fails => "fails",
            Effect::Ignored => "ignored",
            Effect::Deprecated => "deprecated",
            Effect::Default => "default",
            Effect::Meaning => "meaning",
            Effect::Type => "type",
            Effect::Planned => "planned",
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// When a render refuses the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Refused {
    Always,
    /// Unless unknown keys are allowed.
    Strict,
    /// Never: it is a warning.
    Warn,
}

/// The values to which the rule applies.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum When {
    RuleKind(RuleKind),
    Equals {
        equals: Value,
    },
    Not {
        not: Value,
    },
    #[serde(rename_all = "camelCase")]
    OneOf {
        one_of: Vec<Value>,
    },
    /// A version with a lower major.
    Below {
        below: u32,
    },
    #[serde(rename_all = "camelCase")]
    Volume {
        volume_named: Vec<String>,
    },
}

#[derive(Debug, PartialEq, Deserialize)]
pub(super) enum RuleKind {
    #[serde(rename = "text")]
    Text,
    #[serde(rename = "map")]
    Map,
    /// Neither a map nor a list.
    #[serde(rename = "scalar")]
    Scalar,
    /// A list of addresses without any of IPv6.
    #[serde(rename = "only ipv4")]
    OnlyIpv4,
    /// The user did not set it.
    #[serde(rename = "absent")]
    Absent,
    #[serde(rename = "true or absent")]
    TrueOrAbsent,
}

impl When {
    pub(super) fn holds(&self, value: &Value) -> bool {
        match self {
            When::RuleKind(RuleKind::Text) => value.is_string(),
            When::RuleKind(RuleKind::Map) => value.is_object(),
            When::RuleKind(RuleKind::Scalar) => !value.is_object() && !value.is_array(),
            When::RuleKind(RuleKind::OnlyIpv4) => value.as_array().is_some_and(|list| {
                let texts: Vec<_> = list.iter().filter_map(Value::as_str).collect();
                !texts.is_empty() && texts.iter().all(|text| !text.contains(':'))
            }),
            When::RuleKind(RuleKind::Absent) => false,
            When::RuleKind(RuleKind::TrueOrAbsent) => value == &Value::Bool(true),
            When::Equals { equals } => value == equals,
            When::Not { not } => value != not,
            When::OneOf { one_of } => one_of.contains(value),
            When::Below { below } => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
                digits.parse::<u32>().is_ok_and(|major| major < *below)
            }
            When::Volume { volume_named } => {
                let text = value.to_string();
                volume_named.iter().any(|name| text.contains(name))
            }
        }
    }
}

/// A condition on another value.
#[derive(Debug, Deserialize)]
pub struct ValueCondition {
    path: String,
    is: Value,
    /// The official chart's default.
    default: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Rewrite {
    Move,
    Delete,
    Ask,
    None,
}

pub(super) fn version<'de, D: serde::Deserializer<'de>>(from: D) -> Result<ChartVersion, D::Error> {
    let text = String::deserialize(from)?;
    ChartVersion::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no version")))
}

/// The migration of a value by a machine.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// It moves to another path, with its value or with another one.
    Move {
        /// The new path.
        to: ValuePath,
        /// The new value, where it differs.
        value: Option<Value>,
    },
    /// It is removed: the release does not need it.
    Delete,
    /// A person has to decide.
    Decide {
        /// The question.
        question: String,
    },
    /// It stays.
    Keep,
}

/// A rule that a user's values match.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The rule.
    pub rule: &'static Rule,
    /// The path of the value in the user's values.
    pub path: ValuePath,
    /// The user's place of it; `None` for a default.
    pub place: Option<Location>,
    /// The first chart release with the rule.
    pub since: ChartVersion,
    /// The effect of that release.
    pub effect: Effect,
    /// The change as a sentence with the path.
    pub what: String,
    /// The next step, or a note.
    pub hint: Option<String>,
    /// The path, or `path: value`, with the same effect in the new release; `None` where there is none.
    pub new_form: Option<String>,
    /// The action of [`super::migrate`].
    pub action: Action,
}

/// The releases at the ends of an upgrade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReleaseSpan {
    /// The chart for which the values were written; `None`: unknown, and only changes that the values show are
    /// reported.
    pub from: Option<ChartVersion>,
    /// The target chart.
    pub to: ChartVersion,
}

impl ReleaseSpan {
    pub(super) fn has(&self, rule: &Rule) -> bool {
        let crossed = match self.from {
            Some(from) => from < rule.since,
            None => rule.effect.shows(),
        };
        crossed && rule.since <= self.to
    }
}

/// The whole table, sorted by release.
pub fn table() -> &'static [Rule] {
    #[derive(Deserialize)]
    struct Table {
        rules: Vec<Rule>,
    }
    static READ: OnceLock<Table> = OnceLock::new();
    &READ.get_or_init(|| releases::read(releases::VALUE_RULES)).rules
}

/// The changes of a user's values between two releases, sorted by release.
///
/// Without a `from` only the values that are visibly old, see [`Effect::shows`].
pub fn hits(user: &Value, origins: &Origins, span: &ReleaseSpan) -> Vec<Hit> {
    let counting = table().iter().filter(|rule| span.has(rule));
    counting.flat_map(|rule| rule.hits(user).into_iter().map(|found| rule.hit(&found, origins))).collect()
}

/// The keys of older releases that a key replaced, `global.appConfig.extra.piwikUrl`.
pub fn replaced_by(path: &str) -> Vec<String> {
    let last = path.rsplit('.').next().unwrap_or_default();
    let likely = |to: &str| to.rsplit('.').next().is_some_and(|end| end == last || end.contains('$'));
    let rules = table().iter().filter_map(|rule| Some((rule, rule.to.as_deref().filter(|to| likely(to))?)));
    let moved = rules.flat_map(|(rule, to)| {
        let pattern = rule.pattern.get_or_init(|| Pattern::new(&rule.path));
        pattern.alternatives().filter(move |(_, names)| pattern::named(to, names) == path).map(|(from, _)| from)
    });
    let mut all: Vec<String> = moved.filter(|from| from != path).collect();
    all.dedup();
    all
}

/// The release that deprecates a key, and what to write instead; `None` where it is not deprecated.
pub fn deprecation(path: &str) -> Option<String> {
    let on_its_way_out = |rule: &&Rule| {
        matches!(rule.effect, Effect::Deprecated | Effect::Planned) && rule.when.is_none() && rule.is_about(path)
    };
    let rule = table().iter().find(on_its_way_out)?;
    let then = match (rule.say.as_deref(), rule.to.as_deref()) {
        (Some(say), _) => say.to_owned(),
        (None, Some(to)) if !to.contains('$') => format!("write `{to}`"),
        (None, _) => "remove it".to_owned(),
    };
    Some(format!("deprecated since chart {}: {then}", rule.since))
}

impl Rule {
    /// Whether the rule is about a path: one that its braces expand to.
    pub(super) fn is_about(&self, path: &str) -> bool {
        let pattern = self.pattern.get_or_init(|| Pattern::new(&self.path));
        pattern.alternatives().any(|(from, _)| from == path)
    }

    /// The matches of the rule in the user's values.
    pub(super) fn hits<'a>(&self, user: &'a Value) -> Vec<Found<'a>> {
        let kind = match &self.when {
            Some(When::RuleKind(kind)) => Some(kind),
            _ => None,
        };
        let counts = |found: &Found<'_>| {
            found.value.is_some_and(|value| !value.is_null() && self.when.as_ref().is_none_or(|w| w.holds(value)))
        };
        let pattern = self.pattern.get_or_init(|| Pattern::new(&self.path));
        let mut all = match kind {
            Some(RuleKind::Absent) => Vec::new(),
            _ => pattern.set(&self.except, user).into_iter().filter(counts).collect(),
        };
        if matches!(kind, Some(RuleKind::Absent | RuleKind::TrueOrAbsent)) {
            all.extend(pattern.absent(user));
        }
        all.retain(|found| self.only_if.iter().all(|condition| condition.holds(found, user)));
        all
    }

    pub(super) fn hit(&'static self, found: &Found<'_>, origins: &Origins) -> Hit {
        let place = found.value.and_then(|_| origins.exact(&found.path)).map(|o| o.key.unwrap_or(o.value));
        let action = self.action(found);
        let new_form = match (&action, &self.old) {
            (Action::Move { to, value: Some(value) }, _) => Some(format!("{to}: {value}")),
            (Action::Move { to, value: None }, _) => Some(to.to_string()),
            (Action::Decide { .. }, _) => self.target(found).map(|to| to.to_string()),
            (Action::Keep, Some(old)) => Some(format!("{}: {}", found.path, shown(old))),
            _ => None,
        };
        Hit {
            rule: self,
            path: found.path.clone(),
            place,
            since: self.since,
            effect: self.effect,
            what: self.sentence(found),
            hint: self.say.clone(),
            new_form,
            action,
        }
    }

    /// The change, as the continuation of `since chart X`.
    pub(super) fn what(&self) -> Option<&str> {
        self.what.as_deref()
    }

    /// A note for a person after the rule was applied.
    pub(super) fn note(&self) -> Option<&str> {
        let say = self.say.as_deref()?;
        Some(say.strip_prefix("remove it: ").unwrap_or(say))
    }

    fn target(&self, found: &Found<'_>) -> Option<ValuePath> {
        self.to.as_ref().map(|to| pattern::fill(to, &found.names, &found.path))
    }

    /// The action for a match.
    pub(super) fn action(&self, found: &Found<'_>) -> Action {
        let rewrite = self.rewrite.unwrap_or(if self.to.is_some() { Rewrite::Move } else { Rewrite::None });
        let question = || self.ask.clone().or_else(|| self.say.clone()).unwrap_or_else(|| "check it".to_owned());
        match (rewrite, self.target(found)) {
            _ if found.value.is_none() => Action::Keep,
            (Rewrite::Delete, _) => Action::Delete,
            (Rewrite::Ask, _) => Action::Decide { question: question() },
            (Rewrite::Move, Some(to)) => match (&self.values, found.value) {
                (None, _) => Action::Move { to, value: None },
                (Some(values), Some(old)) => {
                    let key = old.as_str().map_or_else(|| old.to_string(), str::to_owned);
                    match values.get(&key) {
                        Some(value) => Action::Move { to, value: Some(value.clone()) },
                        None => Action::Decide { question: format!("write the intended value under `{to}`") },
                    }
                }
                (Some(_), None) => Action::Keep,
            },
            _ => Action::Keep,
        }
    }

    fn sentence(&self, found: &Found<'_>) -> String {
        let path = &found.path;
        let (to, since) = (self.target(found), self.since);
        let known = match (&self.what, &self.old, &self.new) {
            (Some(what), Some(old), Some(new)) => {
                Some(format!("{what} (the default was `{}`, is `{}`)", shown(old), shown(new)))
            }
            (Some(what), ..) => Some(what.clone()),
            _ => None,
        };
        let what = known.unwrap_or_else(|| match (self.effect, &to) {
            // A value that is refused, not a name.
            (Effect::Fails, Some(to)) if to == path => match found.value {
                Some(value) => format!("the value `{}` is refused", shown(value)),
                None => "it is no longer accepted".to_owned(),
            },
            (Effect::Fails, Some(to)) => format!("`{to}` replaces it, and the old name is refused"),
            (Effect::Fails, None) => "it is no longer accepted".to_owned(),
            (Effect::Deprecated, Some(to)) => format!("`{to}` replaces it; the old name is still read"),
            (_, Some(to)) => format!("`{to}` replaces it, and the old name is not read"),
            (_, None) => "it is no longer read".to_owned(),
        });
        format!("`{path}`: since chart {since} {what}")
    }
}

impl ValueCondition {
    fn holds(&self, found: &Found<'_>, user: &Value) -> bool {
        self.holds_at(&pattern::fill(&self.path, &found.names, &found.path), user)
    }

    fn holds_at(&self, path: &ValuePath, user: &Value) -> bool {
        path.within(user).unwrap_or(&self.default) == &self.is
    }

    /// The same for a path without placeholders.
    pub(super) fn holds_as_written(&self, user: &Value) -> bool {
        self.holds_at(&ValuePath::dotted(&self.path), user)
    }
}

/// One of our values in a sentence.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
