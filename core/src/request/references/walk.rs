//! The walk over an object's JSON: one pass, nothing kept but where it is and
//! what it has found.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::json::{self, Text};
use crate::request::Path;

use super::decoded::{self, LONGEST_NAME};
use super::guide::{Guide, Logins, Secrets};
use super::keys::{SecretKey, Step, is_at, is_object_name};
use super::members::Members;
use super::place::{Holds, KeySays, Place};
use super::text::{self, Around};
use super::{By, LONGEST_PATH, MAX_DEPTH, MOST_NAMES, Reference, References, Unread};

/// Where a walk is and what it has found.
pub(super) struct Walk<'de, 'f> {
    guide: Guide,
    fixed: &'f [&'f str],
    path: Vec<Step<'de>>,
    /// Names of fields that were met, because lists repeat them.
    met: Vec<(Text<'de>, KeySays)>,
    /// How many strings around the value are JSON.
    strings: usize,
    /// Whether labels count like any other field.
    with_labels: bool,
    pub(super) out: References,
}

impl<'de, 'f> Walk<'de, 'f> {
    /// What the name of a field says.
    fn says(&mut self, key: &Text<'de>) -> KeySays {
        // More are not worth the search, and a long one not the comparison.
        const MOST: usize = 16;
        const LONGEST: usize = 32;
        if let Some((_, says)) = self.met.iter().find(|(met, _)| met == key) {
            return *says;
        }
        let says = KeySays::of(key);
        if self.met.len() < MOST && key.len() <= LONGEST {
            self.met.push((key.clone(), says));
        }
        says
    }

    pub(super) fn new(guide: Guide, fixed: &'f [&'f str]) -> Self {
        Self {
            guide,
            fixed,
            path: Vec::new(),
            met: Vec::new(),
            strings: 0,
            with_labels: false,
            out: References::default(),
        }
    }

    /// A walk through a part of an object by which software acts, labels included.
    pub(super) fn inside(fixed: &'f [&'f str]) -> Self {
        Self {
            strings: 1,
            with_labels: true,
            ..Self::new(Guide::default(), fixed)
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

    fn is_at_one_of(&self, patterns: &[&str]) -> bool {
        patterns.iter().any(|pattern| is_at(&self.path, pattern))
    }

    /// Whether the field is one of those by which something logs in.
    fn is_login(&self) -> bool {
        matches!(self.guide.logins, Logins::In(fields) if self.is_at_one_of(fields))
    }

    /// The way in which an account here is named.
    fn by_account(&self, by: By) -> By {
        match self.guide.logins {
            Logins::All => By::Login,
            Logins::In(_) if self.is_login() => By::Login,
            _ => by,
        }
    }

    /// What the value here holds, by its path and by the names of its fields.
    fn holds(&self, place: Place) -> Option<Holds> {
        let guide = &self.guide;
        if self.is_at_one_of(guide.accounts) || self.is_login() {
            return Some(Holds::Account);
        }
        if self.is_at_one_of(guide.roles) {
            return Some(Holds::Role(By::Role));
        }
        if self.is_at_one_of(guide.other_roles) {
            return Some(Holds::Role(By::SomeRole));
        }
        if self.is_at_one_of(guide.role_names) {
            return Some(Holds::Role(By::RoleName));
        }
        match (place.holds, guide.secrets) {
            (holds, Secrets::In(fields)) => {
                if self.is_at_one_of(fields) {
                    return Some(Holds::Secret(SecretKey::Named));
                }
                holds.filter(|holds| !matches!(holds, Holds::Secret(_)))
            }
            (_, Secrets::And(fields)) if self.is_at_one_of(fields) => {
                Some(Holds::Secret(SecretKey::Named))
            }
            (holds, _) => holds,
        }
    }

    /// A string.
    fn string<E: Error>(&mut self, text: &str, place: Place) -> Result<(), E> {
        if text.is_empty() {
            return Ok(());
        }
        match self.holds(place) {
            // A mail address is the account of another cloud.
            Some(Holds::Account) if text.contains('@') => self.mentions(text, place),
            Some(Holds::Account) => {
                let by = self.by_account(By::Field);
                self.keep(cut(account_in(text)).to_ascii_lowercase(), by)
            }
            Some(Holds::Role(By::SomeRole)) if !text.starts_with("arn:") => {
                self.mentions(text, place)
            }
            Some(Holds::Role(by)) => self.keep(cut(text).to_owned(), by),
            Some(Holds::Secret(SecretKey::Named)) if is_object_name(text) => {
                self.keep(text.to_owned(), By::Secret)
            }
            _ => self.mentions(text, place),
        }
    }

    fn mentions<E: Error>(&mut self, text: &str, place: Place) -> Result<(), E> {
        if place.is_prose || place.is_metadata || place.is_label || text.len() < 3 {
            return Ok(());
        }
        if self.strings < decoded::DEEPEST && self.is_json(text, place)? {
            return Ok(());
        }
        let around = Around {
            is_arguments: place.is_arguments,
            is_account_option: place.takes_account(),
        };
        let mut all = Vec::new();
        text::names(text, self.fixed, around, &mut |name| {
            if all.len() <= MOST_NAMES {
                all.push(name);
            }
        });
        all.dedup();
        let by = self.by_account(By::Text);
        all.into_iter().try_for_each(|name| self.keep(name, by))?;
        let mut all = Vec::new();
        // The flags of a container's program are its own.
        if !(place.is_for_program || place.is_pod && place.is_arguments) {
            text::roles(text, &mut |arn| {
                if all.len() <= MOST_NAMES {
                    all.push(arn.to_owned());
                }
            });
        }
        all.dedup();
        all.into_iter()
            .try_for_each(|arn| self.keep(arn, By::SomeRole))
    }

    /// Walks JSON in a string; `false` where the string is no JSON.
    fn is_json<E: Error>(&mut self, text: &str, place: Place) -> Result<bool, E> {
        if !text.trim_start().starts_with(['{', '[']) {
            return Ok(false);
        }
        let mut inner = Walk::new(self.guide, self.fixed);
        inner.strings = self.strings + 1;
        inner.with_labels = self.with_labels;
        let place = Place {
            is_for_program: place.is_for_program || place.is_arguments,
            ..place
        };
        let node = Node {
            walk: &mut inner,
            place,
        };
        let parsed = json::from_str_seed(text, node).is_ok();
        if !parsed && inner.out.unread.is_none() {
            return Ok(false);
        }
        let References { found, unread } = inner.out;
        if let Some((why, _)) = unread {
            return Err(self.stop(why));
        }
        let at = self.path();
        for reference in found {
            if self.out.found.len() == MOST_NAMES {
                return Err(self.stop(Unread::TooMany));
            }
            // The path ends at the string, which is one value of the object.
            let path = at.clone();
            self.out.found.push(Reference { path, ..reference });
        }
        Ok(true)
    }
}

/// The name in `namespace/name` and `namespace:name`.
fn account_in(text: &str) -> &str {
    let name = text.rsplit([':', '/']).next().unwrap_or(text);
    if is_object_name(name) { name } else { text }
}

fn cut(text: &str) -> &str {
    let end = text.char_indices().nth(LONGEST_NAME).map(|(end, _)| end);
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// The value that the walk stands at.
pub(super) struct Node<'w, 'de, 'f> {
    walk: &'w mut Walk<'de, 'f>,
    place: Place,
}

impl<'w, 'de, 'f> Node<'w, 'de, 'f> {
    pub(super) fn root(walk: &'w mut Walk<'de, 'f>) -> Self {
        Self {
            walk,
            place: Place::default(),
        }
    }

    fn down<E: Error>(&mut self, step: Step<'de>) -> Result<(), E> {
        self.walk.path.push(step);
        if self.walk.path.len() > MAX_DEPTH {
            return Err(self.walk.stop(Unread::TooDeep));
        }
        Ok(())
    }

    /// Whether a member of the object itself is left out: the API server's own, and
    /// what controllers report.
    fn is_left_out(&self, key: &str) -> bool {
        match self.walk.path.as_slice() {
            [] if self.walk.strings == 0 => matches!(key, "apiVersion" | "kind" | "status"),
            [Step::Key(parent)] => &**parent == "metadata" && key == "managedFields",
            _ => false,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_, 'de, '_> {
    type Value = Option<Text<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_, 'de, '_> {
    /// The text, if it is a short one: its neighbours say what it means.
    type Value = Option<Text<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        self.walk.string(text, self.place)?;
        Ok((text.len() <= LONGEST_NAME).then(|| Text::from(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        self.walk.string(text, self.place)?;
        Ok((text.len() <= LONGEST_NAME).then(|| Text(text.to_owned().into())))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut before: Option<Text<'de>> = None;
        for index in 0.. {
            self.down(Step::Index(index))?;
            let more = seq.next_element_seed(Node {
                walk: self.walk,
                place: self.place.element(before.as_deref()),
            })?;
            self.walk.path.pop();
            match more {
                Some(text) => before = text,
                None => break,
            }
        }
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Members::default();
        while let Some(key) = map.next_key::<Text<'de>>()? {
            if self.is_left_out(&key) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let mut says = self.walk.says(&key);
            if self.walk.with_labels {
                says = says.with_labels();
            }
            let mut place = self.place.member(&key, says);
            if self.walk.path.is_empty() && &*key == "metadata" && self.walk.strings == 0 {
                place.is_metadata = true;
            }
            if !place.is_metadata && !place.is_label {
                let around = Place::default();
                self.walk.mentions(&key, around)?;
            }
            self.down(Step::Key(key.clone()))?;
            if says.is_template && !place.is_metadata {
                self.walk.keep(String::new(), By::Template)?;
            }
            let text = map.next_value_seed(Node {
                walk: self.walk,
                place,
            })?;
            self.walk.path.pop();
            if let Some(text) = text {
                members.add(&key, text);
            }
        }
        for said in members.say(self.place, self.walk.guide.secrets, self.walk.fixed) {
            self.walk.path.push(Step::Key(Text::from(said.member)));
            let by = match said.by {
                By::Field | By::Text => self.walk.by_account(said.by),
                by => by,
            };
            let kept = self.walk.keep(said.name, by);
            self.walk.path.pop();
            kept?;
        }
        Ok(None)
    }
}
