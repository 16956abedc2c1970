//! tmp
use serde_json::{Value, json};

use super::by_hand;
use crate::harness::accounts::emr_service_account;
use crate::harness::aws::Trust;
use crate::harness::{Cluster, Namespace, pod_identity};

pub(super) const ROLE_1: &str = "arn:aws:iam::111122223333:role/job-execution-role-1";
pub(super) const ROLE_2: &str = "arn:aws:iam::444455556666:role/client-role-2";

pub(super) fn driver(mode: &str) -> Value {
    let cluster = Cluster::shared();
    pod_identity::install_shared();
    let namespace = Namespace::unmanaged(cluster);
    let account = emr_service_account("spark", "driver", "111122223333", "job-execution-role-1");
    let annotations = if mode == "pod-identity" {
        json!({})
    } else {
        json!({"eks.amazonaws.com/role-arn": ROLE_1})
    };
    namespace.annotated_service_account(&account, &annotations);
    let mut pod = pod_identity::recorded_case("irsa-driver")["podSubmitted"].clone();
    pod["spec"]["serviceAccountName"] = account.as_str().into();
    pod["spec"]["serviceAccount"] = account.as_str().into();
    let session = "emr-0000000337okspsc913";
    let text = if mode == "pod-identity" {
        format!(
            "[default]\nrole_arn = {ROLE_2}\ncredential_source = EcsContainer\nrole_session_name = {session}\nsts_regional_endpoints = regional\n"
        )
    } else {
        format!(
            "# Written by rolegate.\n[default]\nrole_arn = {ROLE_2}\nsource_profile = rolegate-source\nrole_session_name = {session}\nexternal_id = example\nsts_regional_endpoints = regional\n[profile rolegate-source]\nrole_arn = {ROLE_1}\nweb_identity_token_file = /var/run/secrets/eks.amazonaws.com/serviceaccount/token\nrole_session_name = {session}\nsts_regional_endpoints = regional\n"
        )
    };
    by_hand::chain(&mut pod, mode, &text);
    cluster.create(&namespace.core("pods"), &pod)
}

pub(super) fn trust(pod: &Value) -> Trust {
    let subject = crate::harness::kubelet::subject(pod);
    Trust::default()
        .web_identity(ROLE_1, &subject)
        .pod_identity(ROLE_1, &subject)
        .role(ROLE_1, ROLE_2)
}
