//! Child processes that die with the test process, however it ends.
//!
//! A panic runs destructors, SIGKILL does not, and statics never have any.
//! So each server runs under a few lines of `sh` that hold the read end of a
//! pipe whose write end is ours alone. When we are gone the pipe is at its
//! end, and the supervisor kills the server. Works for any binary. The same
//! pipe carries signals: one name a line.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};

// The loop, not the supervisor, reads the pipe: so the supervisor can wait for
// the server and end when it does. `3<&-` keeps the pipe from the server.
const SUPERVISOR: &str = r#"
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
(
  while read -r signal; do kill -s "$signal" "$child"; done <&3
  kill -s KILL "$child"
) 2>/dev/null &
watcher=$!
exec 3<&-
wait "$child"
code=$?
kill "$watcher" 2>/dev/null
exit "$code"
"#;

/// A server under supervision. Dropping it kills the server.
pub(crate) struct Supervised {
    name: String,
    log: PathBuf,
    shell: Child,
    pipe: Option<ChildStdin>,
}

impl Supervised {
    /// Starts `program` with `args`; both its outputs are appended to `log`.
    pub(crate) fn start(
        name: &str,
        program: &Path,
        args: &[String],
        env: &[(&str, &str)],
        log: &Path,
    ) -> Self {
        let out = File::options()
            .create(true)
            .append(true)
            .open(log)
            .unwrap_or_else(|e| panic!("cannot open {}: {e}", log.display()));
        let err = out.try_clone().expect("a second handle on the log file");
        let mut shell = Command::new("sh")
            .args(["-c", SUPERVISOR, "supervisor"])
            .arg(program)
            .args(args)
            .envs(env.iter().copied())
            .stdin(Stdio::piped())
            .stdout(out)
            .stderr(err)
            .spawn()
            .unwrap_or_else(|e| panic!("cannot run sh, needed to start {name}: {e}"));
        let pipe = shell.stdin.take();
        Self {
            name: name.to_owned(),
            log: log.to_owned(),
            shell,
            pipe,
        }
    }

    /// Sends a signal by its name without `SIG`: `TERM`, `HUP`, `STOP`.
    pub(crate) fn signal(&mut self, signal: &str) {
        if let Some(pipe) = &mut self.pipe {
            // It fails only when the server has ended, which is for the
            // caller to notice.
            let _ = writeln!(pipe, "{signal}");
        }
    }

    /// Kills the server (SIGKILL) and returns when it is gone.
    pub(crate) fn kill(&mut self) {
        drop(self.pipe.take());
        let _ = self.shell.wait();
    }

    /// Waits for the server to end by itself.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.shell.wait().expect("the shell is our child")
    }

    /// Panics with the end of the log if the server has ended: what a start
    /// loop asks on every turn, so that a wrong flag shows at once.
    pub(crate) fn assert_running(&mut self) {
        if let Some(status) = self.shell.try_wait().expect("the shell is our child") {
            panic!("{} ended with {status}\n{}", self.name, self.log_tail());
        }
    }

    /// The log's path and last lines, for the message of a failure.
    pub(crate) fn log_tail(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<_> = text.lines().collect();
        let tail = lines[lines.len().saturating_sub(30)..].join("\n");
        format!("log {}, its last lines:\n{tail}", self.log.display())
    }

    /// Where its output goes.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        self.kill();
    }
}
