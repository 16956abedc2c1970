//! moto: an AWS that hands out credentials and knows them again.
//!
//! It asks neither for a right nor for a signature: what AWS would refuse,
//! the module around this one refuses.

use std::path::PathBuf;
use std::sync::{LazyLock, Mutex};

use crate::harness::supervise::Supervised;
use crate::harness::{dirs, install, wait};

/// What is in the virtual environment.
pub(in crate::harness) const REQUIREMENTS: &str =
    include_str!("../../clients/python/requirements.txt");

/// The virtual environment with boto3, the AWS CLI, pyarrow and moto in it.
pub(crate) fn python() -> PathBuf {
    let advice = "pip needs to reach PyPI once, for 90 MB";
    install::venv("aws-python", REQUIREMENTS, advice)
}

/// The port of the one server that all tests share.
pub(super) fn port() -> u16 {
    static MOTO: LazyLock<(u16, Mutex<Supervised>)> = LazyLock::new(|| {
        let dir = dirs::fresh("moto");
        let port = dirs::free_port();
        let mut server = Supervised::start(
            "moto",
            &python().join("bin/python"),
            &[
                "-m",
                "moto.server",
                "-H",
                "127.0.0.1",
                "-p",
                &port.to_string(),
            ]
            .map(str::to_owned),
            &[],
            &dir.join("moto.log"),
        );
        wait::until("moto to listen", || {
            server.assert_running();
            std::net::TcpStream::connect(("127.0.0.1", port)).map_err(|e| e.to_string())
        });
        (port, Mutex::new(server))
    });
    MOTO.0
}
