//! Section G: custom resources.

use super::{Row, row};
use crate::bypasses::ways::Way::Request;
use crate::bypasses::ways::kinds;

const ACCOUNTS: &str = "foreign-service-account";

pub(super) const ROWS: &[Row] = &[
    row("G1", ACCOUNTS, kinds::ROLES),
    row("G2", ACCOUNTS, kinds::OF_OTHERS),
    row("G3", ACCOUNTS, kinds::JOINS),
    row(
        "G4",
        ACCOUNTS,
        &[
            Request("a spec in Flink's status", kinds::rolled_back),
            Request("a template in a workflow's status", kinds::stored_template),
        ],
    ),
    row("G5", "job-lifecycle", kinds::ENDED),
    row("G6", "secret-read", kinds::READERS),
    row("G7", ACCOUNTS, kinds::HIDDEN),
    row(
        "G11",
        ACCOUNTS,
        &[
            Request("cert-manager logs in with a job's token", kinds::logs_in),
            Request("External Secrets asks a job's token", kinds::asks_a_token),
        ],
    ),
];
