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
        let path = path.strip_prefix("C:").unwrap_or(path);
        let mut parts = Parts::new();
        for part in path.split(['/', '\\']) {
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

    /// Whether `other` is this place or below it.
    pub(crate) fn holds(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
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

/// Whether a path has neither dots nor empty parts in its middle. Nearly all mounts are
/// like that, and one look shows that nothing else can be wrong with them.
pub(crate) fn is_plain(path: &str) -> bool {
    let mut last = 0;
    for byte in path.bytes() {
        if byte == b'.' || byte == b'/' && last == b'/' {
            return false;
        }
        last = byte;
    }
    true
}

/// Whether a path goes up. Through a link of the image it may end anywhere.
pub(crate) fn climbs(path: &str) -> bool {
    path.split('/').any(|part| part == "..")
}

/// Whether a path has empty parts or `.`. Runtimes mount shorter paths first, and
/// such a path is longer than the place that it leads to.
pub(crate) fn is_untidy(path: &str) -> bool {
    if is_plain(path) {
        return false;
    }
    let mut parts = path.split('/').skip(1).peekable();
    while let Some(part) = parts.next() {
        if part == "." || part.is_empty() && parts.peek().is_some() {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{Place, climbs, is_plain, is_untidy};

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
        for path in ["/", "/a", "/a/.b/", "a/b", ""] {
            assert!(!is_untidy(path), "{path}");
        }
        for path in ["/a", "/", "", "/a/b/", "C:\\a"] {
            assert!(is_plain(path), "{path}");
        }
        for path in ["//", "/a//b", "/a.b", "/..", "."] {
            assert!(!is_plain(path), "{path}");
        }
    }
}
