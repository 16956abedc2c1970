//! Into a pod with the real kubectl.

use super::pair::Pair;
use super::refusal::{POD_EXEC, assert_kubectl_refused};
use crate::harness::dirs;

#[test]
fn exec_attach_cp_and_port_forward_are_refused() {
    let pair = Pair::with_driver();
    let alice = pair.cluster().alice();
    let file = dirs::fresh("cp").join("to-copy");
    dirs::write(&file, "text");
    let file = file.display().to_string();
    // Websocket or SPDY, whichever it tries first. Where it is let through, the
    // pod has no node.
    for (command, seen) in [
        (&["exec", "driver", "--", "id"][..], "exec into"),
        (
            &["exec", "-i", "driver", "-c", "main", "--", "sh"],
            "exec into",
        ),
        (&["exec", "deployment/none", "--", "id"], ""),
        (&["attach", "driver"], "attach to"),
        (&["attach", "-i", "driver", "-c", "main"], "attach to"),
        (&["cp", "driver:/etc/passwd", "copied"], "exec into"),
        (&["cp", &file, "driver:/tmp/x"], "exec into"),
        (&["port-forward", "driver", ":4040"], "forward ports of"),
        (&["port-forward", "service/ui", ":4040"], "forward ports of"),
    ] {
        if seen.is_empty() {
            continue;
        }
        let kubectl = |namespace| pair.cluster().kubectl(alice).namespace(namespace);
        let open = kubectl(&pair.open).run(command).expect_refused();
        eprintln!("{command:?} OPEN {open}");
        let refused = kubectl(&pair.enforced).run(command).expect_refused();
        eprintln!("{command:?} {refused}");
        assert_kubectl_refused(
            &refused,
            &pair.enforced,
            POD_EXEC,
            &format!("alice may not {seen} pod <ns>/driver."),
        );
    }
}
