//! Where two objects differ.

use serde_json::{Map, Value};

use crate::request::{Path, Segment};

use super::normal::{NAMED, SETS};

/// One field that differs.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) at: Path,
    /// The innermost element with a name that the field is part of, and its list.
    pub(super) element: Option<(String, String)>,
    pub(super) kind: Kind,
    /// How many steps of the path lead to that element.
    depth: usize,
}

#[derive(Debug)]
pub(super) enum Kind {
    Missing { shipped: Value },
    Extra { is: Value },
    Changed { shipped: Value, is: Value },
}

impl Difference {
    /// The last key of the path.
    pub(super) fn last(&self) -> &str {
        let mut keys = self.at.segments().iter().rev().filter_map(key);
        keys.next().unwrap_or_default()
    }

    pub(super) fn is_of(&self, part: &str) -> bool {
        self.at
            .segments()
            .iter()
            .filter_map(key)
            .any(|key| key == part)
    }

    /// The field in its element, or in the object: empty if it is the element itself.
    pub(super) fn field(&self) -> String {
        let mut path = Path::root();
        for segment in self.at.segments().iter().skip(self.depth) {
            path = match segment {
                Segment::Key(key) => path.key(key.clone()),
                Segment::Index(index) => path.index(*index),
            };
        }
        path.to_string()
    }
}

fn key(segment: &Segment) -> Option<&str> {
    match segment {
        Segment::Key(key) => Some(key),
        Segment::Index(_) => None,
    }
}

/// All fields in which `is` differs from what is shipped.
pub(super) fn differences(shipped: &Value, is: &Value) -> Vec<Difference> {
    let mut walk = Walk::default();
    walk.compare(&Place::default(), shipped, is);
    walk.found
}

#[derive(Clone, Default)]
struct Place {
    at: Path,
    element: Option<(String, String)>,
    depth: usize,
}

#[derive(Default)]
struct Walk {
    found: Vec<Difference>,
}

impl Walk {
    fn push(&mut self, place: &Place, kind: Kind) {
        self.found.push(Difference {
            at: place.at.clone(),
            element: place.element.clone(),
            depth: place.depth,
            kind,
        });
    }

    fn compare(&mut self, place: &Place, shipped: &Value, is: &Value) {
        match (shipped, is) {
            (Value::Object(shipped), Value::Object(is)) => self.members(place, shipped, is),
            // In a set an element's place says nothing.
            (Value::Array(all), Value::Array(others))
                if all.len() == others.len() && !place.is_set() =>
            {
                for (index, (shipped, is)) in all.iter().zip(others).enumerate() {
                    let place = Place {
                        at: place.at.clone().index(index),
                        ..place.clone()
                    };
                    self.compare(&place, shipped, is);
                }
            }
            (shipped, is) if shipped != is => {
                let changed = Kind::Changed {
                    shipped: shipped.clone(),
                    is: is.clone(),
                };
                self.push(place, changed);
            }
            _ => {}
        }
    }

    fn members(&mut self, place: &Place, shipped: &Map<String, Value>, is: &Map<String, Value>) {
        for (key, value) in shipped {
            let place = place.key(key);
            match is.get(key) {
                Some(is) if is_named(key) => self.named(&place, key, value, is),
                None if is_named(key) => self.named(&place, key, value, &Value::Null),
                Some(is) => self.compare(&place, value, is),
                None => self.push(
                    &place,
                    Kind::Missing {
                        shipped: value.clone(),
                    },
                ),
            }
        }
        for (key, value) in is.iter().filter(|(key, _)| !shipped.contains_key(*key)) {
            let place = place.key(key);
            if is_named(key) {
                self.named(&place, key, &Value::Null, value);
            } else {
                self.push(&place, Kind::Extra { is: value.clone() });
            }
        }
    }

    /// Lists whose elements have names.
    fn named(&mut self, place: &Place, list: &str, shipped: &Value, is: &Value) {
        let elements = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let (shipped, is) = (elements(shipped), elements(is));
        for element in &shipped {
            let name = name(element);
            match is
                .iter()
                .enumerate()
                .find(|(_, one)| self::name(one) == name)
            {
                Some((index, one)) => {
                    self.compare(&place.element(Some(index), list, name), element, one);
                }
                None => self.push(
                    &place.element(None, list, name),
                    Kind::Missing {
                        shipped: element.clone(),
                    },
                ),
            }
        }
        for (index, one) in is.iter().enumerate() {
            let name = name(one);
            if !shipped.iter().any(|element| self::name(element) == name) {
                let place = place.element(Some(index), list, name);
                self.push(&place, Kind::Extra { is: one.clone() });
            }
        }
    }
}

impl Place {
    fn is_set(&self) -> bool {
        let last = self.at.segments().last().and_then(key);
        last.is_some_and(|key| SETS.contains(&key))
    }

    fn key(&self, key: &str) -> Self {
        Self {
            at: self.at.clone().key(key.to_owned()),
            ..self.clone()
        }
    }

    fn element(&self, index: Option<usize>, list: &str, name: &str) -> Self {
        let at = match index {
            Some(index) => self.at.clone().index(index),
            None => self.at.clone(),
        };
        Self {
            depth: at.segments().len(),
            at,
            // Of a condition of a webhook, both names matter.
            element: Some(match &self.element {
                Some((_, outer)) => (list.to_owned(), format!("{name} of {outer}")),
                None => (list.to_owned(), name.to_owned()),
            }),
        }
    }
}

fn is_named(key: &str) -> bool {
    NAMED.contains(&key)
}

fn name(element: &Value) -> &str {
    element["name"].as_str().unwrap_or_default()
}
