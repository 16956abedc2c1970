//! The real kubectl, as a given user.

use std::fmt;
use std::io::Write;
use std::process::{Command, Stdio};

use super::cluster::Cluster;
use super::namespace::Namespace;
use super::users::User;
use super::{assets, dirs, every_pod};

/// kubectl as one user, to run commands with; see [`Cluster::kubectl`].
pub(crate) struct Kubectl<'c> {
    cluster: &'c Cluster,
    user: User,
    namespace: Option<String>,
    stdin: String,
    env: Vec<(&'static str, String)>,
}

/// What a command printed and how it ended.
pub(crate) struct Output {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    command: String,
}

impl Cluster {
    /// kubectl as `user`.
    pub(crate) fn kubectl(&self, user: &User) -> Kubectl<'_> {
        Kubectl {
            cluster: self,
            user: user.clone(),
            namespace: None,
            stdin: String::new(),
            env: Vec::new(),
        }
    }
}

impl Kubectl<'_> {
    /// Acts in this namespace.
    pub(crate) fn namespace(mut self, namespace: &Namespace<'_>) -> Self {
        self.namespace = Some(namespace.name.clone());
        self
    }

    /// What it reads on standard input, for `-f -`.
    pub(crate) fn stdin(mut self, text: impl Into<String>) -> Self {
        self.stdin = text.into();
        self
    }

    /// With this environment variable, such as the editor of `kubectl edit`.
    pub(crate) fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.env.push((name, value.into()));
        self
    }

    /// Runs one command and returns however it ends.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        let home = self.cluster.dir.join("home");
        let mut command = Command::new(assets::program("kubectl"));
        // Nothing of the developer's own: no kubeconfig, no kuberc, no proxy.
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &home)
            .env("KUBECACHEDIR", home.join("cache"))
            .env("KUBECONFIG", self.cluster.kubeconfig(&self.user))
            .envs(self.env.iter().map(|(name, value)| (*name, value.as_str())))
            .args(
                self.namespace
                    .iter()
                    .map(|name| format!("--namespace={name}")),
            )
            .args(args)
            .current_dir(dirs::run())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|e| panic!("cannot run kubectl: {e}"));
        // kubectl reads all its input before it prints anything, so writing
        // first cannot block; when it does not read at all the pipe breaks.
        let mut stdin = child.stdin.take().expect("piped above");
        let _ = stdin.write_all(self.stdin.as_bytes());
        drop(stdin);
        let done = child.wait_with_output().expect("kubectl is our child");
        let output = Output {
            code: done.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&done.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&done.stderr).into_owned(),
            command: format!("kubectl {} (as {})", args.join(" "), self.user.name),
        };
        every_pod::panic_at_denial(&output.command, &output.stderr);
        output
    }
}

impl Output {
    /// Panics unless the command succeeded; gives what it printed.
    #[track_caller]
    pub(crate) fn expect_ok(self) -> String {
        assert_eq!(self.code, 0, "{self}");
        self.stdout
    }

    /// Panics unless the command failed; gives its error text.
    #[track_caller]
    pub(crate) fn expect_refused(self) -> String {
        assert_ne!(self.code, 0, "{self}");
        self.stderr
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ended with {}", self.command, self.code)?;
        writeln!(f, "stdout: {}\nstderr: {}", self.stdout, self.stderr)
    }
}
