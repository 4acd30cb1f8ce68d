//! Resolves values paths to the places where the user set them.

use crate::diag::{Diagnostic, Location, Place, Severity, ValuePath};
use crate::values::{Origin, Origins};

/// Turns the paths of diagnostics into places. Where the first path is a default, the closest value that the user wrote
/// stands in, unless another place is better; further paths count only where the user wrote them.
pub(super) fn locate(found: &mut [Diagnostic], origins: &Origins) {
    for diagnostic in found {
        locate_one(diagnostic, origins);
    }
}

fn locate_one(diagnostic: &mut Diagnostic, origins: &Origins) {
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

/// The place at which a value is shown: its key, or the item of a list.
pub(super) fn at(origin: Origin) -> Location {
    origin.key.unwrap_or(origin.value)
}
