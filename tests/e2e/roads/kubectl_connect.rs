//! Into a pod with the real kubectl.

use super::pair::Pair;
use super::refusal::{POD_EXEC, assert_kubectl_refused};
use crate::harness::{Namespace, dirs};

/// Where nothing stops kubectl, the pod has no node.
const ADMITTED: &str = "pod driver does not have a host assigned";

/// What people type, the subresource it asks for, and what a refusal calls it.
const COMMANDS: [(&[&str], &str, &str); 8] = [
    (&["exec", "driver", "--", "id"], "exec", "exec into"),
    (
        &["exec", "-i", "driver", "-c", "main", "--", "sh"],
        "exec",
        "exec into",
    ),
    (&["attach", "driver"], "attach", "attach to"),
    (
        &["attach", "-i", "driver", "-c", "main"],
        "attach",
        "attach to",
    ),
    (&["cp", "driver:/etc/passwd", "copied"], "exec", "exec into"),
    (&["cp", "to-copy", "driver:/tmp/x"], "exec", "exec into"),
    (
        &["port-forward", "driver", ":4040"],
        "portforward",
        "forward ports of",
    ),
    (
        &["port-forward", "service/ui", ":4040"],
        "portforward",
        "forward ports of",
    ),
];

#[test]
fn exec_attach_cp_and_port_forward_say_why() {
    let pair = Pair::with_driver();
    dirs::write(&dirs::run().join("to-copy"), "text");
    let run = |namespace: &Namespace<'static>, command: &[&str]| {
        let kubectl = pair.cluster().kubectl(pair.cluster().alice());
        kubectl.namespace(namespace).run(command).expect_refused()
    };
    for (command, subresource, seen) in COMMANDS {
        let open = run(&pair.open, command);
        assert!(open.contains(ADMITTED), "{command:?}: {open}");
        assert_kubectl_refused(
            &run(&pair.enforced, command),
            &pair.enforced,
            POD_EXEC,
            &format!("alice may not {seen} pod <ns>/driver."),
        );
        // kubectl drops the code of a connection that was refused.
        pair.enforced
            .wait_for_audit("the refused connection", |event| {
                event["objectRef"]["subresource"] == subresource
                    && event["responseStatus"]["code"] == 403
            });
    }
}
