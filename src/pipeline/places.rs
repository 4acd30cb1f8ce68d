//! Resolves values paths to the places where the user set them.

use crate::diag::{Diagnostic, Location, Place, Severity, Step, ValuePath, code};
use crate::values::{self, Input, Origin, Origins};

/// Adds the places in other layers to findings about the name of a key: whoever corrects it in one file would otherwise
/// get the same finding about the next one.
pub(super) fn in_all_layers(found: &mut [Diagnostic], inputs: &[Input]) {
    let is_about_a_name = |one: &&mut Diagnostic| code::ABOUT_NAMES.contains(&one.code) && !one.places.is_empty();
    let mut layers = None;
    for finding in found.iter_mut().filter(is_about_a_name) {
        let Some(Place::Set(path, first)) = finding.places.first() else { continue };
        let layers = layers.get_or_insert_with(|| values::layers_of(inputs));
        let set = layers.iter().filter_map(|layer| layer.exact(path));
        let places: Vec<Location> = set.map(at).collect();
        // The finding is about a path that stands there as a whole, and not about a value near to it.
        if !places.contains(first) {
            continue;
        }
        for place in places.into_iter().rev() {
            if !finding.places.iter().any(|there| there.location() == Some(place)) {
                finding.places.push(Place::At(place));
            }
        }
    }
}

/// Turns the paths of diagnostics into places. Where the first path is a default, the closest value that the user wrote
/// stands in, unless another place is better; further paths count only where the user wrote them.
pub(super) fn locate(found: &mut [Diagnostic], origins: &Origins) {
    for diagnostic in found {
        locate_one(diagnostic, origins);
    }
}

fn locate_one(diagnostic: &mut Diagnostic, origins: &Origins) {
    let at = |path: &[Step], origin| match code::ABOUT_NAMES.contains(&diagnostic.code) {
        true => at(origin),
        false => of_value(path, origin),
    };
    let mut places: Vec<Place> = Vec::new();
    let mut near = None;
    for (number, place) in std::mem::take(&mut diagnostic.places).into_iter().enumerate() {
        let place = match place {
            Place::Value(path) => match origins.nearest(&path) {
                Some((steps, origin)) if steps == path.0.len() => {
                    let at = at(&path.0, origin);
                    Place::Set(path, at)
                }
                Some((steps, origin)) if number == 0 => {
                    // The first key alone, such as `global`, is too vague.
                    let path = ValuePath(path.0[..steps].to_vec());
                    let at = at(&path.0, origin);
                    near = Some((steps > 1, Place::Set(path, at)));
                    continue;
                }
                _ => continue,
            },
            place => place,
        };
        if !places.iter().any(|there| there.location() == place.location()) {
            places.push(place);
        }
    }
    if let Some((_, place)) =
        near.filter(|(close, _)| places.is_empty() || (*close && diagnostic.severity < Severity::Error))
    {
        places.insert(0, place);
    }
    diagnostic.places = places;
}

/// The place at which a wrong value is shown: its key, or the value itself where a whole path stands in the place of the key, as in
/// `{name: a.b, value: c}`.
fn of_value(path: &[Step], origin: Origin) -> Location {
    let name = path.last().and_then(Step::key).map_or(0, |key| key.chars().count());
    let is_the_key = |key: Location| key.len == name || key.len == name + QUOTES;
    match origin.key {
        Some(key) if origin.is_scalar && !is_the_key(key) && apart(key, origin.value) => origin.value,
        _ => at(origin),
    }
}

/// The quotes that a key may have.
const QUOTES: usize = 2;

/// Whether more than a colon and a few spaces are between a path and its value.
fn apart(path: Location, value: Location) -> bool {
    const SPACES: usize = 12;
    path.source == value.source
        && (value.line != path.line || value.column < path.column || value.column > path.column + path.len + SPACES)
}

/// The place at which a value is shown: its key, or the item of a list.
pub(super) fn at(origin: Origin) -> Location {
    origin.key.unwrap_or(origin.value)
}
