//! Section E: parts of another's job.

use super::{Row, row};
use crate::bypasses::ways::{kinds, parts};

pub(super) const ROWS: &[Row] = &[
    row("E1", "pod-tampering", parts::LABELS),
    row("E3", "foreign-volume", parts::CLAIMS),
    row("E4", "configmap-mutation", parts::MAPS),
    row("E5", "endpoint-exposure", parts::API_SERVER),
    row("E7", "foreign-service-account", parts::NAMES),
    row("E8", "foreign-volume", parts::BOOKKEEPING),
    row("E9", "endpoint-exposure", parts::SELECTORS),
    row("E10", "endpoint-exposure", parts::ROUTES),
    row("E11", "pod-tampering", parts::TEMPLATES),
    row("E12", "endpoint-exposure", parts::NAMESAKES),
    row("E13", "endpoint-exposure", parts::SNIPPETS),
    row("E14", "pod-tampering", parts::OWNERS),
    row("E15", "foreign-volume", parts::CLAIMS_OF_PODS),
    row("E16", "endpoint-exposure", parts::CUT_OFF),
    row("E17", "job-lifecycle", kinds::QUEUES),
];
