//! Resolves values paths to the places where the user set them.

use crate::diag::{Diagnostic, Location, Place, Severity, ValuePath, code};
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
    let at = |origin: Origin| if code::ABOUT_NAMES.contains(&diagnostic.code) { at(origin) } else { of_value(origin) };
    let mut places: Vec<Place> = Vec::new();
    let mut near = None;
    for (number, place) in std::mem::take(&mut diagnostic.places).into_iter().enumerate() {
        let place = match place {
            Place::Value(path) => match origins.nearest(&path) {
                Some((steps, origin)) if steps == path.0.len() => Place::Set(path, at(origin)),
                Some((steps, origin)) if number == 0 => {
                    // The first key alone, such as `global`, is too vague.
                    near = Some((steps > 1, Place::Set(ValuePath(path.0[..steps].to_vec()), at(origin))));
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

/// The place at which a wrong value is shown: its key, or the value itself where that is not what follows the key, as in
/// `{name: a.b, value: c}`.
fn of_value(origin: Origin) -> Location {
    match origin.key {
        Some(key) if origin.is_scalar && apart(key, origin.value) => origin.value,
        _ => at(origin),
    }
}

/// Whether more than a colon and a few spaces are between a key and its value.
fn apart(key: Location, value: Location) -> bool {
    const SPACES: usize = 12;
    key.source == value.source
        && (value.line != key.line || value.column < key.column || value.column > key.column + key.len + SPACES)
}

/// The place at which a value is shown: its key, or the item of a list.
pub(super) fn at(origin: Origin) -> Location {
    origin.key.unwrap_or(origin.value)
}
