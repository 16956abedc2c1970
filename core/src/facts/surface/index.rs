//! The rows sorted by key, at compile time.

use std::cmp::Ordering;

use super::{Row, Verb, cluster, namespaced, reads, unlisted};

/// Resource, group and subresource.
type Key<'a> = (&'a str, &'a str, &'a str);

const PARTS: [&[Row]; 4] = [namespaced::ROWS, cluster::ROWS, reads::ROWS, unlisted::ROWS];

const LENGTH: usize = {
    let [first, second, third, fourth] = PARTS;
    first.len() + second.len() + third.len() + fourth.len()
};

static INDEX: [&Row; LENGTH] = sorted();

/// The row for a key and a verb; a row for any subresource is the last choice.
pub(super) fn find(key: Key<'_>, verb: Verb) -> Option<&'static Row> {
    let (resource, group, subresource) = key;
    exactly(key, verb).or_else(|| {
        (!subresource.is_empty())
            .then(|| exactly((resource, group, "*"), verb))
            .flatten()
    })
}

fn exactly(key: Key<'_>, verb: Verb) -> Option<&'static Row> {
    let start = INDEX.partition_point(|row| of(row).cmp(&key) == Ordering::Less);
    INDEX[start..]
        .iter()
        .take_while(|row| of(row) == key)
        .find(|row| row.verbs.has(verb))
        .copied()
}

const fn of(row: &Row) -> Key<'static> {
    (row.resource, row.group, row.subresource)
}

const fn sorted() -> [&'static Row; LENGTH] {
    let mut rows = [&PARTS[0][0]; LENGTH];
    let mut count = 0;
    let mut part = 0;
    while part < PARTS.len() {
        let mut at = 0;
        while at < PARTS[part].len() {
            insert(&mut rows, count, &PARTS[part][at]);
            count += 1;
            at += 1;
        }
        part += 1;
    }
    rows
}

/// Inserts a row into the first `count` rows, which are sorted.
const fn insert(rows: &mut [&'static Row; LENGTH], count: usize, row: &'static Row) {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = usize::midpoint(low, high);
        if is_before(row, rows[middle]) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    let mut at = count;
    while at > low {
        rows[at] = rows[at - 1];
        at -= 1;
    }
    rows[low] = row;
}

const fn is_before(one: &Row, other: &Row) -> bool {
    let (one, other) = (of(one), of(other));
    let mut order = compare(one.0, other.0);
    if order == 0 {
        order = compare(one.1, other.1);
    }
    if order == 0 {
        order = compare(one.2, other.2);
    }
    order < 0
}

/// `str::cmp`, which is not `const`.
const fn compare(one: &str, other: &str) -> i8 {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() {
        if one[at] != other[at] {
            return if one[at] < other[at] { -1 } else { 1 };
        }
        at += 1;
    }
    if one.len() == other.len() {
        0
    } else if one.len() < other.len() {
        -1
    } else {
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_is_in_the_order_in_which_it_is_searched() {
        assert!(INDEX.windows(2).all(|pair| of(pair[0]) <= of(pair[1])));
        assert_eq!(INDEX.len(), super::super::rows().count());
    }
}
