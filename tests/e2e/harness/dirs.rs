//! Where the suite keeps its files, and random names and ports.
//!
//! Everything lives in `<target>/e2e`: what is built once (`controlplane-*`,
//! `pyspark-*`, `aws-*`, `s3a-*`) and one folder a run (`runs/*`) with data, keys and logs. A
//! run's folder outlives the run, so that its logs can be read after a
//! failure; the next run removes it.

use std::fs::{self, File, TryLockError};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// `<target>/e2e`. Cargo tells an integration test only `<target>/tmp`.
pub(crate) fn base() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("cargo's temporary folder stands in the target folder");
    let base = target.join("e2e");
    fs::create_dir_all(&base).unwrap_or_else(|e| panic!("cannot make {}: {e}", base.display()));
    base
}

/// Runs `work` while no other process holds `name`: two `cargo test` at once
/// must not build the same thing twice.
pub(crate) fn locked<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let path = base().join(format!("{name}.lock"));
    let file =
        File::create(&path).unwrap_or_else(|e| panic!("cannot make {}: {e}", path.display()));
    file.lock()
        .unwrap_or_else(|e| panic!("cannot lock {}: {e}", path.display()));
    work() // the lock goes with the file, a killed process's too
}

/// This process's own folder. Held by a lock for as long as the process
/// lives, by which a later run knows which folders nobody uses any more.
pub(crate) fn run() -> &'static Path {
    static RUN: OnceLock<(PathBuf, File)> = OnceLock::new();
    let (dir, _held) = RUN.get_or_init(|| locked("runs", new_run));
    dir
}

fn new_run() -> (PathBuf, File) {
    let runs = base().join("runs");
    for old in fs::read_dir(&runs).into_iter().flatten().flatten() {
        let unused = match File::open(old.path().join("lock")) {
            Ok(lock) => !matches!(lock.try_lock(), Err(TryLockError::WouldBlock)),
            Err(_) => true,
        };
        if unused {
            // A child of a run that was killed may still be writing: the
            // next start gets what this one leaves.
            let _ = fs::remove_dir_all(old.path());
        }
    }
    let dir = runs.join(random_name("run"));
    fs::create_dir_all(&dir).unwrap_or_else(|e| panic!("cannot make {}: {e}", dir.display()));
    let lock = File::create(dir.join("lock")).expect("a lock file in a folder just made");
    lock.lock().expect("a lock nobody else knows of");
    (dir, lock)
}

/// A new empty folder in this run's folder.
pub(crate) fn fresh(name: &str) -> PathBuf {
    let dir = run().join(random_name(name));
    fs::create_dir_all(&dir).unwrap_or_else(|e| panic!("cannot make {}: {e}", dir.display()));
    dir
}

/// Writes a file, with the path in the message when it cannot. In one step:
/// whoever reads it meanwhile (another test's kubectl) finds it whole.
pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>) {
    let mut new = path.as_os_str().to_owned();
    new.push(format!(".{:016x}", random()));
    fs::write(&new, content)
        .and_then(|()| fs::rename(&new, path))
        .unwrap_or_else(|e| panic!("cannot write {}: {e}", path.display()));
}

/// 64 bits that differ from call to call: the seed of the standard library's
/// hash maps, which spares the suite a dependency.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// `prefix-` and eight random characters, fit for a Kubernetes name.
pub(crate) fn random_name(prefix: &str) -> String {
    format!("{prefix}-{:08x}", random() & 0xffff_ffff)
}

/// A port nobody listens on, below the range that outgoing connections are
/// given (32768 up on Linux): so nothing takes it between now and the start of
/// the server, nor while a killed server is away.
pub(crate) fn free_port() -> u16 {
    for _ in 0..1000 {
        let port = 12_000 + u16::try_from(random() % 20_000).expect("less than 20,000");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port on 127.0.0.1 between 12000 and 32000");
}
