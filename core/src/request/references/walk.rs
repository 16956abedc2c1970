//! The walk over an object's JSON: one pass, nothing kept but where it is and
//! what it has found.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::json::Text;
use crate::request::Path;

use super::account_names::{
    LONGEST_NAME, contains_name, is_account_key, is_template_key, reserved_names,
};
use super::{By, LONGEST_PATH, MAX_DEPTH, MOST_NAMES, Reference, References, Unread};

enum Step<'de> {
    Key(Text<'de>),
    Index(usize),
}

/// Where a walk is and what it has found.
pub(super) struct Walk<'de, 'f> {
    fixed: &'f [&'f str],
    path: Vec<Step<'de>>,
    pub(super) out: References,
}

impl<'f> Walk<'_, 'f> {
    pub(super) fn new(fixed: &'f [&'f str]) -> Self {
        Self {
            fixed,
            path: Vec::new(),
            out: References::default(),
        }
    }

    /// The path to where the walk is, cut to about [`LONGEST_PATH`].
    fn path(&self) -> Path {
        const CUT_KEY: usize = 80;
        let mut path = Path::root();
        let mut size = 0;
        for step in &self.path {
            if size > LONGEST_PATH {
                break;
            }
            path = match step {
                Step::Index(index) => {
                    size += "[0]".len();
                    path.index(*index)
                }
                Step::Key(key) => {
                    size += key.len();
                    if size <= LONGEST_PATH || key.len() <= CUT_KEY {
                        path.key(key.to_string())
                    } else {
                        path.key(key.chars().take(CUT_KEY).collect::<String>() + "...")
                    }
                }
            };
        }
        path
    }

    /// `metadata.managedFields` of the object itself: the API server's record of
    /// who wrote which field repeats every key, and starts nothing.
    fn is_bookkeeping(&self, key: &str) -> bool {
        key == "managedFields"
            && matches!(self.path.as_slice(), [Step::Key(parent)] if &**parent == "metadata")
    }

    /// Ends the walk; what was found so far is kept.
    fn stop<E: Error>(&mut self, why: Unread) -> E {
        let path = self.path();
        self.out.unread.get_or_insert((why, path));
        E::custom("not read to its end")
    }

    fn keep<E: Error>(&mut self, name: String, by: By) -> Result<(), E> {
        if self.out.found.len() == MOST_NAMES {
            return Err(self.stop(Unread::TooMany));
        }
        let path = self.path();
        self.out.found.push(Reference { path, name, by });
        Ok(())
    }

    /// A string. `is_account`: it is the value of a field named after a service
    /// account.
    fn string<E: Error>(&mut self, text: &str, is_account: bool) -> Result<(), E> {
        if !is_account {
            return self.mentions(text);
        }
        if text.is_empty() {
            return Ok(());
        }
        let end = text.char_indices().nth(LONGEST_NAME).map(|(end, _)| end);
        let name = end.and_then(|end| text.get(..end)).unwrap_or(text);
        self.keep(name.to_ascii_lowercase(), By::Field)
    }

    fn mentions<E: Error>(&mut self, text: &str) -> Result<(), E> {
        for name in reserved_names(text) {
            self.keep(name, By::Text)?;
        }
        for name in self.fixed {
            if contains_name(text, name) {
                self.keep((*name).to_owned(), By::Text)?;
            }
        }
        Ok(())
    }
}

/// The value that the walk stands at.
pub(super) struct Node<'w, 'de, 'f> {
    walk: &'w mut Walk<'de, 'f>,
    /// Whether it belongs to a field named after a service account.
    is_account: bool,
}

impl<'w, 'de, 'f> Node<'w, 'de, 'f> {
    pub(super) fn root(walk: &'w mut Walk<'de, 'f>) -> Self {
        Self {
            walk,
            is_account: false,
        }
    }

    fn down<E: Error>(&mut self, step: Step<'de>) -> Result<(), E> {
        self.walk.path.push(step);
        if self.walk.path.len() > MAX_DEPTH {
            return Err(self.walk.stop(Unread::TooDeep));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_, 'de, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_, 'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.walk.string(text, self.is_account)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        for index in 0.. {
            self.down(Step::Index(index))?;
            let more = seq.next_element_seed(Node {
                walk: self.walk,
                is_account: self.is_account,
            })?;
            self.walk.path.pop();
            if more.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Text<'de>>()? {
            if self.walk.is_bookkeeping(&key) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            self.walk.mentions(&key)?;
            if is_template_key(&key) {
                self.walk.path.push(Step::Key(key.clone()));
                self.walk.keep(String::new(), By::Template)?;
                self.walk.path.pop();
            }
            let is_account = is_account_key(&key) || (self.is_account && &*key == "name");
            self.down(Step::Key(key))?;
            map.next_value_seed(Node {
                walk: self.walk,
                is_account,
            })?;
            self.walk.path.pop();
        }
        Ok(())
    }
}
