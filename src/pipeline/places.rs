//! Values paths to the places where the user set them.

use crate::diag::{Diagnostic, Place, ValuePath};
use crate::values::{Origin, Origins};

/// Turns the paths of diagnostics into places. A path that is a default gets the place closest to it on the way
/// there, unless there is a better one; the paths that a message names are places as well, where they were written.
pub(super) fn locate(found: &mut [Diagnostic], origins: &Origins) {
    for diagnostic in found {
        locate_one(diagnostic, origins);
    }
}

fn locate_one(diagnostic: &mut Diagnostic, origins: &Origins) {
    let at = |origin: Origin| Place::At(origin.key.unwrap_or(origin.value));
    let mut places = Vec::new();
    let mut near = Vec::new();
    for place in std::mem::take(&mut diagnostic.places) {
        match place {
            Place::Value(path) => match origins.nearest(&path) {
                Some((steps, origin)) if steps == path.0.len() => places.push(at(origin)),
                // The first key alone, `global`, says little.
                Some((steps, origin)) => near.push((steps > 1, at(origin))),
                None => {}
            },
            at => places.push(at),
        }
    }
    let named = named(&diagnostic.message);
    places.extend(named.iter().filter_map(|path| origins.exact(path)).map(at));
    let some = !places.is_empty();
    places.splice(0..0, near.into_iter().filter(|(close, _)| *close || !some).map(|(_, place)| place));
    for place in places {
        if !diagnostic.places.contains(&place) {
            diagnostic.places.push(place);
        }
    }
}

/// The values paths that a message names between backticks: `redis.install`, `registry.storage: {}`, `a.b[0]`.
fn named(message: &str) -> Vec<ValuePath> {
    let quoted = message.split('`').skip(1).step_by(2);
    quoted.filter_map(|text| path(text.split_once(": ").map_or(text, |(path, _)| path))).collect()
}

fn path(text: &str) -> Option<ValuePath> {
    ValuePath::indexed(text).filter(|path| path.0.len() > 1)
}
