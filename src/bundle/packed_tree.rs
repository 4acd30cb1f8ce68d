//! A binary encoding of a tree of values that is read faster than JSON: each string, list and map has its length, so that
//! nothing is scanned for delimiters and no map grows while it is filled. All strings stand one after another at the end,
//! so that their encoding is checked once.
//!
//! The build script packs, the program unpacks.

use serde_json::{Map, Number, Value};

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
/// A non-negative integer, encoded like a length.
const WHOLE: u8 = 3;
/// Any other number, as JSON in a string.
const NUMBER: u8 = 4;
const STRING: u8 = 5;
const LIST: u8 = 6;
const MAP: u8 = 7;

/// The bytes of a tree.
pub fn packed(tree: &Value) -> Vec<u8> {
    let (mut shape, mut text) = (Vec::new(), String::new());
    pack(&mut shape, &mut text, tree);
    let mut out = Vec::new();
    pack_length(&mut out, shape.len());
    out.append(&mut shape);
    out.extend_from_slice(text.as_bytes());
    out
}

fn pack(out: &mut Vec<u8>, text: &mut String, tree: &Value) {
    match tree {
        Value::Null => out.push(NULL),
        Value::Bool(false) => out.push(FALSE),
        Value::Bool(true) => out.push(TRUE),
        Value::Number(number) => match number.as_u64().and_then(|whole| usize::try_from(whole).ok()) {
            Some(whole) => {
                out.push(WHOLE);
                pack_length(out, whole);
            }
            None => {
                out.push(NUMBER);
                pack_text(out, text, &number.to_string());
            }
        },
        Value::String(string) => {
            out.push(STRING);
            pack_text(out, text, string);
        }
        Value::Array(items) => {
            out.push(LIST);
            pack_length(out, items.len());
            items.iter().for_each(|item| pack(out, text, item));
        }
        Value::Object(map) => {
            out.push(MAP);
            pack_length(out, map.len());
            for (key, value) in map {
                pack_text(out, text, key);
                pack(out, text, value);
            }
        }
    }
}

/// Seven bits a byte, the lowest first; all bytes but the last have the highest bit set.
fn pack_length(out: &mut Vec<u8>, mut length: usize) {
    while length > 0x7f {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}

fn pack_text(out: &mut Vec<u8>, text: &mut String, string: &str) {
    pack_length(out, string.len());
    text.push_str(string);
}

/// Reads a tree of [`packed`]; returns `None` for other bytes.
pub fn unpack(bytes: &[u8]) -> Option<Value> {
    let mut all = Packed { shape: bytes, text: "" };
    let length = all.length()?;
    let (shape, text) = all.shape.split_at_checked(length)?;
    let mut all = Packed { shape, text: std::str::from_utf8(text).ok()? };
    all.value().filter(|_| all.shape.is_empty() && all.text.is_empty())
}

/// What has not been read yet.
struct Packed<'b> {
    shape: &'b [u8],
    text: &'b str,
}

impl Packed<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.shape.split_first()?;
        self.shape = rest;
        Some(*first)
    }

    fn length(&mut self) -> Option<usize> {
        let mut length = 0;
        for shift in (0..usize::BITS).step_by(7) {
            let byte = self.byte()?;
            length |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(length);
            }
        }
        None
    }

    fn text(&mut self) -> Option<String> {
        let length = self.length()?;
        let (text, rest) = self.text.split_at_checked(length)?;
        self.text = rest;
        Some(text.to_owned())
    }

    fn value(&mut self) -> Option<Value> {
        Some(match self.byte()? {
            NULL => Value::Null,
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            WHOLE => Value::from(self.length()?),
            NUMBER => Value::Number(self.text()?.parse::<Number>().ok()?),
            STRING => Value::String(self.text()?),
            LIST => {
                let length = self.length()?;
                Value::Array((0..length).map(|_| self.value()).collect::<Option<_>>()?)
            }
            MAP => {
                let length = self.length()?;
                // Bytes that are not a packed tree may claim any length.
                let mut map = Map::with_capacity(length.min(self.shape.len()));
                for _ in 0..length {
                    let key = self.text()?;
                    map.insert(key, self.value()?);
                }
                Value::Object(map)
            }
            _ => return None,
        })
    }
}
