//! The process: start, log, reloads, exit.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::client::{Client, TIMEOUT, head};
use crate::harness::get;

struct Process {
    child: Child,
    lines: Receiver<String>,
    log: String,
    https: SocketAddr,
    health: SocketAddr,
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rolegate"));
    command
        .arg("serve")
        .args(arguments)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

impl Process {
    fn spawn(arguments: &[&str]) -> Self {
        let mut command = command(arguments);
        command.args(["--listen", "127.0.0.1:0", "--health-listen", "127.0.0.1:0"]);
        Self::run(command)
    }

    fn run(mut command: Command) -> Self {
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            stderr
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            child,
            lines,
            log: String::new(),
            https: nowhere,
            health: nowhere,
        }
    }

    fn start(arguments: &[&str]) -> Self {
        Self::spawn(arguments).serving()
    }

    fn serving(mut self) -> Self {
        let process = &mut self;
        let line = process.wait_for("serving");
        let address = |name: &str| {
            line.split(' ')
                .find_map(|word| word.strip_prefix(name))
                .unwrap()
                .parse()
                .unwrap()
        };
        (process.https, process.health) = (address("https="), address("health="));
        self
    }

    /// Reads the log up to a line with `text` in it.
    fn wait_for(&mut self, text: &str) -> String {
        let end = Instant::now() + TIMEOUT;
        while let Ok(line) = self
            .lines
            .recv_timeout(end.saturating_duration_since(Instant::now()))
        {
            self.log.push_str(&line);
            self.log.push('\n');
            if line.contains(text) {
                return line;
            }
        }
        panic!("no `{text}` in the log:\n{}", self.log);
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", name, &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    fn exit_code(&mut self) -> Option<i32> {
        let end = Instant::now() + TIMEOUT;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the process does not exit:\n{}", self.log);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

const REVIEW: &str = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"705ab4f5","kind":{"group":"","version":"v1","kind":"ConfigMap"},"resource":{"group":"","version":"v1","resource":"configmaps"},"name":"settings","namespace":"spark-team-a","operation":"UPDATE","userInfo":{"username":"ana"},"object":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings","namespace":"spark-team-a"},"data":{"password":"hunter2"}},"oldObject":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings","namespace":"spark-team-a"},"data":{"password":"hunter1"}}}}"#;

/// The file is replaced by a rename, as the kubelet updates a mounted ConfigMap.
#[tokio::test(flavor = "multi_thread")]
async fn a_valid_new_policy_is_used_and_an_invalid_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.yaml");
    let write = |mode: &str| {
        let text = format!(
            "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nrules: {{ configmap-mutation: {{ mode: {mode} }} }}\n"
        );
        let next = folder.path().join("next");
        std::fs::write(&next, text).unwrap();
        std::fs::rename(next, &file).unwrap();
    };
    write("enforce");
    let mut process = Process::start(&[
        "--cluster",
        "off",
        "--reload-interval",
        "50ms",
        "--policy",
        file.to_str().unwrap(),
    ]);
    let mut client = Client::connect(process.https).await;
    let mut allowed = async || {
        let answer = client.post("/validate/enforce", REVIEW).await;
        answer.body.contains(r#""allowed":true"#)
    };
    assert!(!allowed().await);
    write("audit");
    process.wait_for("policy replaced");
    assert!(allowed().await);
    write("strictly");
    let line = process.wait_for("the old policy stays");
    assert!(line.contains("policy.yaml:3:"), "{line}");
    assert!(allowed().await);
    let metrics = get(process.health, "/metrics").await;
    assert!(metrics.contains("rolegate_policy_file_good 0"), "{metrics}");
    std::fs::remove_file(&file).unwrap();
    process.wait_for("cannot read");
    assert!(allowed().await);
    write("enforce");
    process.wait_for("policy replaced");
    assert!(!allowed().await);
}

/// Only whoever shows a certificate gets an answer, and the file is re-read.
#[tokio::test(flavor = "multi_thread")]
async fn the_client_authorities_are_reread() {
    let mut params = rcgen::CertificateParams::new(["apiserver".to_owned()]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    // It signs itself, so it is the authority and the client at once.
    let certificate = params.self_signed(&key).unwrap().pem();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.crt");
    std::fs::write(&file, &certificate).unwrap();
    let mut process = Process::start(&[
        "--cluster",
        "off",
        "--reload-interval",
        "50ms",
        "--client-ca",
        file.to_str().unwrap(),
    ]);
    let mut stranger = Client::connect(process.https).await;
    let _gone = tokio::io::AsyncWriteExt::write_all(&mut stranger.stream, b"GET / HTTP").await;
    stranger.closed().await;
    std::fs::write(&file, "nothing").unwrap();
    let line = process.wait_for("the old ones stay in force");
    assert!(line.contains("no certificate in PEM form"), "{line}");
    let metrics = get(process.health, "/metrics").await;
    for line in [
        r#"rolegate_client_ca_reloads_total{result="kept"} 1"#,
        r#"rolegate_tls_handshake_failures_total{reason="failed"} 1"#,
        "rolegate_client_ca_not_after_timestamp_seconds 6",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    std::fs::write(&file, &certificate).unwrap();
    process.wait_for("the client authorities were replaced");
}

/// Requests that get no decision do not fill the log; decisions are all in it.
#[tokio::test(flavor = "multi_thread")]
async fn garbage_does_not_push_decisions_out_of_the_log() {
    let mut process = Process::start(&["--cluster", "off", "--drain-delay", "0s"]);
    let mut client = Client::connect(process.https).await;
    for _ in 0..300 {
        assert_eq!(client.post("/validate/warn", "{}").await.status, 400);
        assert_eq!(client.post("/validate/warn", REVIEW).await.status, 200);
    }
    process.signal("TERM");
    assert_eq!(process.exit_code(), Some(0));
    process.wait_for("no longer accepting");
    let count = |text: &str| {
        process
            .log
            .lines()
            .filter(|line| line.contains(text))
            .count()
    };
    assert_eq!(count("reviewed"), 300);
    let garbage = count("reason=\"bad_review\"");
    assert!((20..200).contains(&garbage), "{garbage}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_finishes_requests_in_flight() {
    let mut process = Process::start(&["--cluster", "off", "--drain-delay", "500ms"]);
    assert!(
        get(process.health, "/readyz")
            .await
            .starts_with("HTTP/1.1 200")
    );
    let mut slow = Client::connect(process.https).await;
    let mut kept = Client::connect(process.https).await;
    let idle = Client::connect(process.https).await;
    assert_eq!(kept.post("/mutate", REVIEW).await.status, 200);
    slow.send(head("/validate/enforce", REVIEW.len())).await;
    slow.send(&REVIEW[..10]).await;

    process.signal("TERM");
    process.wait_for("still accepting");
    let text = get(process.health, "/readyz").await;
    assert!(
        text.starts_with("HTTP/1.1 503") && text.contains("[-]draining"),
        "{text}"
    );
    let answer = kept.post("/mutate", REVIEW).await;
    assert_eq!(answer.status, 200, "still served");
    assert!(
        answer.head.contains("connection: close"),
        "and the connection is closed: {}",
        answer.head
    );
    assert_eq!(
        Client::connect(process.https)
            .await
            .post("/mutate", REVIEW)
            .await
            .status,
        200,
        "still accepted"
    );

    process.wait_for("no longer accepting");
    assert!(
        Client::offering(process.https, &[]).await.is_err(),
        "no longer accepted"
    );
    slow.send(&REVIEW[10..]).await;
    assert_eq!(
        slow.answer().await.status,
        200,
        "a request in flight is answered"
    );
    assert_eq!(process.exit_code(), Some(0));
    drop(idle);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_aborts() {
    let mut process = Process::start(&["--cluster", "off", "--drain-delay", "1h"]);
    process.signal("INT");
    process.wait_for("still accepting");
    process.signal("TERM");
    assert_eq!(process.exit_code(), Some(1));
    process.wait_for("second time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_logs_one_line_without_the_object() {
    let mut process = Process::start(&["--cluster", "off", "--drain-delay", "0s"]);
    let mut client = Client::connect(process.https).await;
    assert_eq!(client.post("/validate/audit", REVIEW).await.status, 200);
    assert_eq!(
        client
            .post("/validate/audit", &REVIEW.replace("\"uid\"", "\"hunter3\""))
            .await
            .status,
        400
    );
    process.signal("TERM");
    assert_eq!(process.exit_code(), Some(0));
    process.wait_for("reviewed");
    process.wait_for("reason=\"bad_review\"");
    let line = process
        .log
        .lines()
        .find(|line| line.contains("reviewed"))
        .unwrap();
    for field in [
        "door=\"audit\"",
        "uid=\"705ab4f5\"",
        "operation=\"UPDATE\"",
        "resource=\"configmaps\"",
        "namespace=\"spark-team-a\"",
        "name=\"settings\"",
        "user=\"ana\"",
        "latency_us=",
        "policy=",
    ] {
        assert!(line.contains(field), "no {field} in {line}");
    }
    assert!(!process.log.contains("hunter"), "{}", process.log);
}

/// A shell that limits the files which the server may open.
fn limited(limit: &str) -> Process {
    let script = format!("ulimit {limit} && exec \"$0\" \"$@\"");
    let mut limited = Command::new("sh");
    limited
        .args(["-c", &script, env!("CARGO_BIN_EXE_rolegate"), "serve"])
        .args(["--cluster", "off", "--listen", "127.0.0.1:0"])
        .args(["--health-listen", "127.0.0.1:0"]);
    Process::run(limited).serving()
}

/// As many connections as there are file descriptors for, and not one more.
#[tokio::test(flavor = "multi_thread")]
async fn few_file_descriptors_mean_few_connections() {
    let mut process = limited("-n 200");
    assert!(
        process.log.contains("wanted=3072 connections=72"),
        "{}",
        process.log
    );
    let mut kept = Client::connect(process.https).await;
    assert_eq!(kept.post("/mutate", REVIEW).await.status, 200);
    let mut silent = Vec::new();
    for _ in 0..400 {
        silent.push(tokio::net::TcpStream::connect(process.https).await.unwrap());
    }
    assert_eq!(kept.post("/mutate", REVIEW).await.status, 200);
    let mut new = Client::connect(process.https).await;
    assert_eq!(new.post("/mutate", REVIEW).await.status, 200);
    process.signal("INT");
    process.wait_for("still accepting");
    assert!(!process.log.contains("cannot accept"), "{}", process.log);
}

#[test]
fn the_limit_of_open_files_is_raised() {
    let process = limited("-Sn 256");
    let raised = "the limit of open files was raised";
    let fits = "allows fewer connections";
    assert!(
        process.log.contains(raised) || process.log.contains(fits),
        "{}",
        process.log
    );
    let own = limited("-Sn $(ulimit -Hn)");
    assert!(!own.log.contains(raised), "{}", own.log);
}

/// What 800 connections take, by the process's own count.
#[tokio::test(flavor = "multi_thread")]
async fn open_connections_take_little_memory() {
    const COUNT: usize = 800;
    let process = Process::start(&["--cluster", "off"]);
    let resident = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", process.child.id()));
        let status = status.unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.unwrap().trim().trim_end_matches(" kB");
        kib.parse::<usize>().unwrap()
    };
    let mut first = Client::connect(process.https).await;
    assert_eq!(first.post("/mutate", REVIEW).await.status, 200);
    let before = resident();
    let mut clients = Vec::new();
    for _ in 0..COUNT {
        let mut client = Client::connect(process.https).await;
        assert_eq!(client.post("/mutate", REVIEW).await.status, 200);
        clients.push(client);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let each = resident().saturating_sub(before) / COUNT;
    // So all that there are places for take less than 64 MiB.
    assert!(each <= 18, "{each} KiB a connection");
    for client in &mut clients {
        assert_eq!(client.post("/mutate", REVIEW).await.status, 200);
    }
}

#[test]
fn json_lines_are_json() {
    let mut process = Process::spawn(&[
        "--cluster",
        "off",
        "--drain-delay",
        "0s",
        "--log-format",
        "json",
    ]);
    process.wait_for("serving");
    process.signal("TERM");
    assert_eq!(process.exit_code(), Some(0));
    process.wait_for("no longer accepting");
    for line in process.log.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(
            value["timestamp"].is_string() && value["message"].is_string(),
            "{line}"
        );
    }
}

#[test]
fn bad_input_is_exit_code_2_with_a_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let policy = directory.path().join("policy.yaml");
    std::fs::write(
        &policy,
        "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nrulez: {}\n",
    )
    .unwrap();
    let policy = policy.to_str().unwrap();
    let missing = directory
        .path()
        .join("missing")
        .to_str()
        .unwrap()
        .to_owned();
    for (arguments, wanted) in [
        (vec!["--policy", policy], "policy.yaml:"),
        (vec!["--policy", &missing], "cannot read"),
        (
            vec!["--tls-cert", &missing, "--tls-key", &missing],
            "cannot read",
        ),
        (
            vec!["--tls-cert", policy, "--tls-key", policy],
            "no certificate",
        ),
        (vec!["--tls-cert", policy], "--tls-key"),
        (vec!["--client-ca", &missing], "--client-ca: cannot read"),
        (vec!["--client-ca", policy], "no certificate in PEM form"),
        (vec!["--cluster", "required"], "cluster"),
        (vec!["--log-level", "a=b=c"], "log filter"),
        (vec!["--drain-delay", "soon"], "500ms"),
        (
            vec!["--listen", "192.0.2.1:1"],
            "cannot listen on 192.0.2.1:1",
        ),
    ] {
        let output = command(&arguments).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(text.contains(wanted), "{arguments:?}: {text}");
    }
}

#[test]
fn auto_serves_without_a_cluster() {
    let mut process = Process::start(&["--drain-delay", "0s"]);
    assert!(
        process.log.contains("running without a cluster"),
        "{}",
        process.log
    );
    process.signal("TERM");
    assert_eq!(process.exit_code(), Some(0));
}

/// `/mutate` patches a chained pod, logs and counts it, and leaves other
/// requests unchanged.
#[tokio::test(flavor = "multi_thread")]
async fn a_chained_pod_is_patched_counted_and_logged() {
    let folder = "tests/cases/chain-profile/driver-without-the-required-profile";
    let policy = format!("{folder}/policy.yaml");
    let mut process = Process::start(&["--cluster", "off", "--policy", &policy]);
    let body = std::fs::read_to_string(format!("{folder}/request.json")).unwrap();
    let mut client = Client::connect(process.https).await;
    let answer = client.post("/mutate", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let response = &answer["response"];
    assert_eq!(response["uid"], "705ab4f5-6393-11e8-b7cc-42010a800002");
    assert_eq!(
        (&response["allowed"], &response["patchType"]),
        (&true.into(), &"JSONPatch".into())
    );
    assert_eq!(
        response["auditAnnotations"]["chain"],
        "arn:aws:iam::444455556666:role/client-role-2 (profile)"
    );
    assert!(response["patch"].as_str().unwrap().len() > 1000);
    let line = process.wait_for("reviewed");
    assert!(
        line.contains("door=\"mutate\"") || line.contains("door=mutate"),
        "{line}"
    );
    assert!(
        line.contains("decision=\"patch\"") || line.contains("decision=patch"),
        "{line}"
    );
    assert!(
        !line.contains("credential") && !line.contains("spark-kubernetes"),
        "{line}"
    );
    // The validating endpoint denies the same pod, which has no profile yet.
    let answer = client.post("/validate/enforce", &body).await;
    assert!(
        answer.body.contains("it has no chained profile"),
        "{}",
        answer.body
    );
    // Other requests are allowed unchanged; an invalid pod is an error.
    let answer = client.post("/mutate", REVIEW).await;
    assert!(
        answer.body.contains("\"allowed\":true") && !answer.body.contains("patch"),
        "{}",
        answer.body
    );
    let broken = body.replacen("\"containers\": [", "\"containers\": [7,", 1);
    assert_ne!(broken, body);
    assert_eq!(client.post("/mutate", &broken).await.status, 400);
    let metrics = get(process.health, "/metrics").await;
    for line in [
        r#"rolegate_admission_requests_total{door="mutate",operation="CREATE",decision="patch"} 1"#,
        r#"rolegate_admission_requests_total{door="mutate",operation="UPDATE",decision="allow"} 1"#,
        r#"rolegate_admission_failures_total{door="mutate",reason="bad_review"} 1"#,
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
}
