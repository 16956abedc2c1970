//! Where a path of a container really is.

use smallvec::{SmallVec, smallvec};

/// A path without `.`, `..`, empty parts and the links that base images have:
/// `/var/run` leads to `/run`, `/var/lock` to `/run/lock`. Paths of Windows, as EKS
/// writes them, are read as those of the mounts beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place<'p>(Parts<'p>);

/// Few paths have more parts than fit without an allocation.
type Parts<'p> = SmallVec<[&'p str; 8]>;

impl<'p> Place<'p> {
    pub(crate) fn of(path: &'p str) -> Self {
        let mut rest = without_drive(path);
        let mut parts = Parts::new();
        while !rest.is_empty() {
            let end = rest.bytes().position(is_separator);
            let (part, more) = rest.split_at(end.unwrap_or(rest.len()));
            rest = more.get(1..).unwrap_or_default();
            match part {
                "" | "." => continue,
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
            match *parts {
                ["var", run @ "run"] => parts = smallvec![run],
                ["var", lock @ "lock"] => parts = smallvec!["run", lock],
                // A process's view of the whole file system.
                ["proc", _, "root"] => parts.clear(),
                _ => {}
            }
        }
        Self(parts)
    }

    /// Whether a path may lead here or to a folder above, by its last part; only where it
    /// may is its place worth finding.
    pub(crate) fn may_be_in(&self, last: LastPart<'_>) -> bool {
        last.0.is_none_or(|last| self.has(last))
    }

    /// Whether `other` is this place or below it.
    pub(crate) fn holds(&self, other: &Place<'_>) -> bool {
        let [place, other]: [&[&str]; 2] = [&self.0, &other.0];
        other.starts_with(place)
    }

    /// The parts of `other` below this place, which must hold it.
    pub(crate) fn rest<'o>(&self, other: &'o Self) -> &'o [&'p str] {
        other.0.get(self.0.len()..).unwrap_or_default()
    }

    pub(crate) fn depth(&self) -> usize {
        self.0.len()
    }

    /// Whether a part of it has this name.
    pub(crate) fn has(&self, part: &str) -> bool {
        self.0.contains(&part)
    }

    /// All its parts.
    pub(crate) fn parts(&self) -> &[&'p str] {
        &self.0
    }

    /// Adds parts of a path below it.
    pub(crate) fn join(mut self, path: &'p str) -> Self {
        self.0.extend(Self::of(path).0);
        self
    }
}

/// The last part of a path. It is the last of its place, too, and each part of a folder
/// is a part of what is in it. None where it goes nowhere, up, or, as `/proc/<n>/root`,
/// to the top.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LastPart<'p>(Option<&'p str>);

impl<'p> LastPart<'p> {
    pub(crate) fn of(path: &'p str) -> Self {
        let path = without_drive(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        let start = memchr::memrchr2(b'/', b'\\', path.as_bytes());
        let last = path.get(start.map_or(0, |separator| separator + 1)..);
        Self(last.filter(|last| !matches!(*last, "" | "." | ".." | "root")))
    }
}

/// Whether a path has no empty parts in its middle and no part that begins with a dot or
/// has two in a row. Nearly all mounts are like that, and none of them goes up or is untidy.
pub(crate) fn is_plain(path: &str) -> bool {
    let bytes = path.as_bytes();
    let pairs = bytes.iter().zip(bytes.get(1..).unwrap_or_default());
    // Many bytes at once: there is no way out in the middle.
    let is_gap = |pair: (&u8, &u8)| matches!(pair, (b'/', b'/'));
    let has_gap = pairs.fold(false, |any, pair| any | is_gap(pair));
    let follows_text = |dot: usize| {
        let before = dot.checked_sub(1).and_then(|before| bytes.get(before));
        before.is_some_and(|before| !is_separator(*before) && *before != b'.')
    };
    !has_gap && memchr::memchr_iter(b'.', bytes).all(follows_text)
}

/// Whether `word`, which begins with a dot, is somewhere in a path.
pub(crate) fn has_dotted(path: &str, word: &str) -> bool {
    let bytes = path.as_bytes();
    memchr::memchr_iter(b'.', bytes).any(|dot| {
        let rest = bytes.get(dot..).unwrap_or_default();
        rest.starts_with(word.as_bytes())
    })
}

fn without_drive(path: &str) -> &str {
    path.strip_prefix("C:").unwrap_or(path)
}

const fn is_separator(byte: u8) -> bool {
    matches!(byte, b'/' | b'\\')
}

/// Whether a path goes up. Through a link of the image it may end anywhere.
pub(crate) fn climbs(path: &str) -> bool {
    path.contains("..") && path.split('/').any(|part| part == "..")
}

/// Whether a path has empty parts or `.`. Runtimes mount shorter paths first, and
/// such a path is longer than the place that it leads to.
pub(crate) fn is_untidy(path: &str) -> bool {
    path.contains("//") || path.contains("/./") || path.ends_with("/.")
}

#[cfg(test)]
mod tests {
    use super::{LastPart, Place, climbs, has_dotted, is_plain, is_untidy};

    #[test]
    fn places() {
        for (path, same) in [
            ("/var/run/secrets/x", "/run/secrets/x"),
            ("/var/run/../run/secrets/x", "/run/secrets/x"),
            ("/var/lock/../secrets/x", "/run/secrets/x"),
            ("/var/./run//secrets/x/", "/run/secrets/x"),
            ("/../var/run", "/run"),
            ("/proc/self/root/var/run/x", "/run/x"),
            ("C:\\var\\run\\x", "/var/run/x"),
            ("/", ""),
        ] {
            assert_eq!(Place::of(path), Place::of(same), "{path}");
        }
        assert_ne!(Place::of("/opt/var/run"), Place::of("/opt/run"));
        assert!(Place::of("/run").holds(&Place::of("/var/run/x")));
        assert!(!Place::of("/run/x").holds(&Place::of("/run/xy")));
        assert!(climbs("/a/../b") && climbs("/..") && !climbs("/a/..b"));
        for path in ["/a//b", "//", "/a/.", "/a/./b", "/."] {
            assert!(is_untidy(path), "{path}");
        }
        for path in [
            "/", "/a", "/a/.b/", "a/b", "", ".", "./a", "/a/..", "/a/b./c",
        ] {
            assert!(!is_untidy(path), "{path}");
        }
        for path in ["/a", "/", "", "/a/b/", "C:\\a", "/a.b/c.", "/a.b.c"] {
            assert!(is_plain(path), "{path}");
        }
        for path in ["//", "/a//b", "/a..b", "/..", ".", "/.b", "/a/.", "C:\\.b"] {
            assert!(!is_plain(path), "{path}");
        }
        for (path, has) in [
            ("/a/.aws", true),
            ("/a.b/.aws/x", true),
            ("/a.aw", false),
            ("/aws", false),
            ("", false),
        ] {
            assert_eq!(has_dotted(path, ".aws"), has, "{path}");
        }
    }

    #[test]
    fn a_path_that_leads_to_a_place_is_never_passed_over() {
        let file = Place::of("/var/run/secrets/proc/root/lock/x");
        let parts = [
            "", ".", "..", "var", "run", "lock", "proc", "root", "x", "y",
        ];
        for start in ["", "/", "C:", "C:\\"] {
            for first in parts {
                for second in parts {
                    for third in parts {
                        for between in ["/", "\\", "//"] {
                            let path = format!("{start}{}", [first, second, third].join(between));
                            let holds = Place::of(&path).holds(&file);
                            let may_be = file.may_be_in(LastPart::of(&path));
                            assert!(may_be || !holds, "{path}");
                        }
                    }
                }
            }
        }
        for path in ["/opt/y", "/var/log/", "/run/secrets/other", "C:y"] {
            assert!(!file.may_be_in(LastPart::of(path)), "{path}");
        }
    }
}
