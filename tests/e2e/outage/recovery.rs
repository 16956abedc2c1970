//! rolegate goes and comes back, by accident and on purpose.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::ScopedJoinHandle;

use crate::harness::http::Answer;
use crate::harness::rolegate::Rolegate;
use crate::harness::webhook::VALIDATING;
use crate::harness::{Cluster, Namespace, wait};

/// A control plane whose rolegate one test at a time may stop and start.
struct Own {
    rolegate: Rolegate,
    namespace: Namespace<'static>,
}

fn own() -> MutexGuard<'static, Own> {
    static OWN: LazyLock<Mutex<Own>> = LazyLock::new(|| {
        let cluster: &'static Cluster = Box::leak(Box::new(Cluster::start()));
        let rolegate = Rolegate::start(None);
        cluster.install(VALIDATING, &rolegate);
        cluster.wait_until_enforced();
        let namespace = Namespace::labelled(cluster, "enforce");
        Mutex::new(Own {
            rolegate,
            namespace,
        })
    });
    // The other test's failure is not this one's.
    let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
    own.rolegate.restart();
    wait_until_it_refuses(&own.namespace);
    own
}

fn wait_until_it_refuses(namespace: &Namespace<'_>) {
    wait::until("rolegate's own refusal", || {
        let answer = namespace.try_config_map()?;
        is_our_refusal(&answer).then_some(()).ok_or(answer.body)
    });
}

fn is_our_refusal(answer: &Answer) -> bool {
    answer.status == 403
        && answer
            .message()
            .contains("rolegate refused this request: configmap-mutation")
}

#[test]
fn restarted_on_the_same_port_it_refuses_with_its_own_words_again() {
    let mut own = own();
    let Own {
        rolegate,
        namespace,
    } = &mut *own;
    rolegate.kill();
    let answer = namespace.try_config_map().expect("an answer");
    assert_eq!(answer.status, 500, "{}", answer.body);
    assert!(
        answer.message().contains("failed calling webhook"),
        "{}",
        answer.body
    );
    rolegate.restart();
    wait_until_it_refuses(namespace);
}

/// How many requests arrive after "not ready", while load balancers and API
/// servers have not heard of it yet.
const LATE: usize = 40;

#[test]
fn sigterm_in_the_middle_of_traffic_loses_no_request() {
    let mut own = own();
    let Own {
        rolegate,
        namespace,
    } = &mut *own;
    let health_port = rolegate.health_port;
    let (draining, enough) = (AtomicBool::new(false), AtomicBool::new(false));
    let late = AtomicUsize::new(0);
    // Each ends by itself with the first answer that is not rolegate's.
    let client = || {
        let mut answers = Vec::new();
        while !enough.load(Ordering::Relaxed) {
            let was_draining = draining.load(Ordering::Relaxed);
            let answer = namespace.try_config_map().expect("an answer");
            let ours = is_our_refusal(&answer);
            answers.push(answer);
            if !ours {
                break;
            }
            late.fetch_add(usize::from(was_draining), Ordering::Relaxed);
        }
        answers
    };
    let (answers, exit) = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..4).map(|_| scope.spawn(client)).collect();
        let exit = scope.spawn(|| rolegate.terminate());
        wait::until("not ready", || {
            let status = readiness(health_port)?;
            (status == "503").then_some(()).ok_or(status)
        });
        draining.store(true, Ordering::Relaxed);
        wait::until("enough traffic after that, or an answer lost", || {
            let arrived = late.load(Ordering::Relaxed);
            let ended = clients.iter().any(ScopedJoinHandle::is_finished);
            (arrived >= LATE || ended)
                .then_some(())
                .ok_or_else(|| format!("{arrived} arrived"))
        });
        enough.store(true, Ordering::Relaxed);
        let answers: Vec<Answer> = clients
            .into_iter()
            .flat_map(|client| client.join().expect("a client that does not panic"))
            .collect();
        (answers, exit.join().expect("no panic"))
    });
    let lost: Vec<&Answer> = answers
        .iter()
        .filter(|answer| !is_our_refusal(answer))
        .collect();
    assert!(
        lost.is_empty(),
        "{} of {}: {lost:?}",
        lost.len(),
        answers.len()
    );
    assert!(late.into_inner() >= LATE);
    assert_eq!(exit, Some(0), "{}", rolegate.log_text());
}

/// The status of `/readyz`. By hand: `Rolegate::terminate` holds the only
/// handle until the process has ended.
fn readiness(port: u16) -> Result<String, String> {
    let text = |e: std::io::Error| e.to_string();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(text)?;
    stream
        .write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .map_err(text)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(text)?;
    let status = answer.split(' ').nth(1).unwrap_or_default();
    Ok(status.to_owned())
}
