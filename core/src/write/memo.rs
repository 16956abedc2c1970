//! What several rules ask for by name, computed once per name.

use std::cell::OnceCell;

/// Values by name, in the order they were first asked for. A write names one or
/// two service accounts, so a list beats a map; and unlike a `RefCell`, it hands
/// out references that last as long as it does.
#[derive(Debug)]
pub(super) struct Memo<T>(OnceCell<Box<Entry<T>>>);

#[derive(Debug)]
struct Entry<T> {
    name: Box<str>,
    value: T,
    next: Memo<T>,
}

/// A pod names at most two service accounts; a hostile custom resource names
/// thousands. What is beyond this is computed each time it is asked for.
const MOST: usize = 8;

impl<T> Memo<T> {
    pub(super) const fn new() -> Self {
        Self(OnceCell::new())
    }

    /// The value of `name`; `None` where no more values are kept.
    pub(super) fn get(&self, name: &str, compute: impl FnOnce() -> T) -> Option<&T> {
        let mut here = self;
        for _ in 0..MOST {
            if here.0.get().is_none() {
                let entry = Entry {
                    name: name.into(),
                    value: compute(),
                    next: Self::new(),
                };
                return Some(&here.0.get_or_init(|| Box::new(entry)).value);
            }
            let entry = here.0.get()?;
            if &*entry.name == name {
                return Some(&entry.value);
            }
            here = &entry.next;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::{MOST, Memo};

    #[test]
    fn each_name_is_computed_once_and_only_so_many_are_kept() {
        let (memo, computed) = (Memo::new(), Cell::new(0));
        let ask = |name: &str| {
            let length = || {
                computed.set(computed.get() + 1);
                name.len()
            };
            memo.get(name, length).copied()
        };
        assert_eq!((ask("a"), ask("bb"), ask("a")), (Some(1), Some(2), Some(1)));
        assert_eq!(computed.get(), 2);
        for number in 2..MOST {
            assert!(ask(&number.to_string()).is_some());
        }
        assert_eq!(ask("one too many"), None);
        assert_eq!((ask("bb"), computed.get()), (Some(2), MOST));
    }
}
