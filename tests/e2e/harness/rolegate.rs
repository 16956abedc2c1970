//! `rolegate serve` as a child process: the binary that cargo just built.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rolegate_core::policy::{Policy, Strictness};

use super::supervise::Supervised;
use super::tls::Authority;
use super::{dirs, wait};

/// A running (or, after [`Rolegate::kill`], an absent) rolegate. Its ports and
/// certificate stay the same over a restart, as a Service's would.
pub(crate) struct Rolegate {
    pub(crate) port: u16,
    pub(crate) health_port: u16,
    /// The certificate for a webhook's `caBundle`, PEM.
    pub(crate) ca: String,
    dir: PathBuf,
    args: Vec<String>,
    /// Of the API server that it may ask.
    kubeconfig: Option<PathBuf>,
    process: Option<Supervised>,
}

impl Rolegate {
    /// Starts it with this policy file, or with the policy it has built in,
    /// and without a cluster to ask; returns when it is ready.
    pub(crate) fn start(policy: Option<&str>) -> Self {
        Self::start_with(policy, &["--cluster", "off"])
    }

    /// [`Rolegate::start`] with more flags, `--cluster` among them.
    pub(crate) fn start_with(policy: Option<&str>, flags: &[&str]) -> Self {
        Self::start_as(policy, flags, None)
    }

    /// [`Rolegate::start`] with an API server to ask, as whom the kubeconfig says.
    pub(crate) fn start_asking(policy: &str, kubeconfig: PathBuf) -> Self {
        Self::start_as(Some(policy), &["--cluster", "required"], Some(kubeconfig))
    }

    fn start_as(policy: Option<&str>, flags: &[&str], kubeconfig: Option<PathBuf>) -> Self {
        let dir = dirs::fresh("rolegate");
        let authority = Authority::new("rolegate-e2e-webhook");
        let pair = authority.issue(&["127.0.0.1", "rolegate.rolegate.svc"]);
        let file = |name: &str, content: &str| {
            dirs::write(&dir.join(name), content);
            dir.join(name).display().to_string()
        };
        let (port, health_port) = (dirs::free_port(), dirs::free_port());
        let mut args = vec![
            "serve".to_owned(),
            format!("--listen=127.0.0.1:{port}"),
            format!("--health-listen=127.0.0.1:{health_port}"),
            format!("--tls-cert={}", file("tls.crt", &pair.certificate)),
            format!("--tls-key={}", file("tls.key", &pair.key)),
        ];
        args.extend(policy.map(|text| format!("--policy={}", file("policy.yaml", text))));
        args.extend(flags.iter().map(|flag| (*flag).to_owned()));
        let mut rolegate = Self {
            port,
            health_port,
            ca: authority.certificate(),
            dir,
            args,
            kubeconfig,
            process: None,
        };
        rolegate.restart();
        rolegate
    }

    /// Restarts one that was started without a cluster, with an API server to ask.
    pub(crate) fn ask(&mut self, kubeconfig: PathBuf) {
        for arg in self.args.iter_mut().filter(|arg| *arg == "off") {
            "required".clone_into(arg);
        }
        self.kubeconfig = Some(kubeconfig);
        self.restart();
    }

    /// Starts it again on the same ports, with what its files hold now.
    pub(crate) fn restart(&mut self) {
        self.kill();
        let program = Path::new(env!("CARGO_BIN_EXE_rolegate"));
        let kubeconfig = self
            .kubeconfig
            .as_ref()
            .map(|path| path.display().to_string());
        let env: Vec<(&str, &str)> = kubeconfig
            .iter()
            .map(|path| ("KUBECONFIG", path.as_str()))
            .collect();
        let mut process = Supervised::start("rolegate", program, &self.args, &env, &self.log());
        wait::until_within(Duration::from_secs(10), "rolegate to be ready", || {
            process.assert_running();
            match self.health("/readyz") {
                Ok((200, _)) => Ok(()),
                other => Err(format!("{other:?}\n{}", process.log_tail())),
            }
        });
        self.process = Some(process);
    }

    /// Kills it (SIGKILL); returns when it is gone and the port is free.
    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    /// Asks it to end (SIGTERM), as a rollout does; gives its exit code.
    pub(crate) fn terminate(&mut self) -> Option<i32> {
        let mut process = self.process.take()?;
        process.signal("TERM");
        process.wait().code()
    }

    /// Replaces the policy file; rolegate reloads it, or [`Rolegate::restart`].
    pub(crate) fn write_policy(&self, text: &str) {
        dirs::write(&self.dir.join("policy.yaml"), text);
    }

    /// The file of its policy, where it has one.
    pub(crate) fn policy_file(&self) -> PathBuf {
        self.dir.join("policy.yaml")
    }

    /// The policy it was started with, or got last.
    pub(crate) fn policy(&self) -> Policy {
        let Ok(text) = std::fs::read_to_string(self.dir.join("policy.yaml")) else {
            return Policy::builtin();
        };
        let now = jiff::Timestamp::now();
        let parsed = Policy::parse("policy.yaml", &text, now, Strictness::Check);
        parsed.expect("rolegate itself takes it").0
    }

    /// GET on the health port: status and body. `/readyz`, `/metrics` ...
    pub(crate) fn health(&self, path: &str) -> Result<(u16, String), String> {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(5)))
            .build()
            .new_agent();
        let url = format!("http://127.0.0.1:{}{path}", self.health_port);
        let mut answer = agent.get(url).call().map_err(|e| e.to_string())?;
        let body = answer
            .body_mut()
            .read_to_string()
            .map_err(|e| e.to_string())?;
        Ok((answer.status().as_u16(), body))
    }

    /// Its log file, over all restarts.
    pub(crate) fn log(&self) -> PathBuf {
        self.dir.join("rolegate.log")
    }

    /// What its log holds now.
    pub(crate) fn log_text(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }
}
