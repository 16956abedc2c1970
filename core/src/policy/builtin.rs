//! The built-in policy, in effect without a policy file.

use std::fmt::Write as _;

use super::accounts::Accounts;
use super::platform_table;
use super::{
    Doors, EmrService, Platform, Policy, PolicyHash, RuleList, RuleSettings, Subjects,
    VirtualClusters,
};
use crate::names::Glob;

/// EMR's usernames: the one that `eksctl` and AWS's guide map its role to, and the
/// one that an access entry for the service-linked role gives it.
const EMR_USERS: [&str; 2] = [
    "emr-containers",
    "arn:*:sts::*:assumed-role/AWSServiceRoleForAmazonEMRContainers/*",
];

/// Kubernetes' built-in group of cluster administrators.
const ADMIN_GROUP: &str = "system:masters";

pub(super) fn emr_service() -> EmrService {
    EmrService {
        users: EMR_USERS.map(Glob::new).into(),
        roles: Vec::new(),
        components: Vec::new(),
    }
}

pub(super) fn admins() -> Subjects {
    Subjects {
        users: Vec::new(),
        groups: vec![ADMIN_GROUP.to_owned()],
    }
}

impl Policy {
    /// The policy in effect without a file: EMR by its usual names, `system:masters`
    /// as administrators, of the table of cluster software what runs in kube-system
    /// (other add-ons count once a file names them), and no permission for any tenant.
    #[must_use]
    pub fn builtin_for<R: RuleList>() -> Self {
        let (emr_service, admins, platform) =
            (emr_service(), admins(), platform_table::platform(&[]));
        let hash = PolicyHash::of(canonical(&emr_service, &admins, &platform).as_bytes());
        let mut policy = Self {
            hash,
            emr_service,
            admins,
            platform,
            operators: Vec::new(),
            doors: Doors::default(),
            rules: RuleSettings::default(),
            exemptions: Vec::new(),
            clusters: VirtualClusters::default(),
            accounts: Accounts::default(),
        };
        policy.accounts = Accounts::of(&policy);
        policy.rules.modes = policy.effective_modes(R::ABOUT, &[]);
        policy.rules.planned = R::PLANNED;
        policy
    }
}

/// One line per built-in fact, so that the hash changes when one of them does.
fn canonical(emr: &EmrService, admins: &Subjects, platform: &[Platform]) -> String {
    let mut text = String::from("rolegate.dev/v1alpha1 built-in\n");
    // Writing to a String cannot fail.
    for user in &emr.users {
        let _ = writeln!(text, "emrService {user}");
    }
    for group in &admins.groups {
        let _ = writeln!(text, "admins {group}");
    }
    for row in platform {
        let _ = writeln!(
            text,
            "platform {} {}",
            row.users.join(","),
            row.capabilities
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::policy::Mode;
    use crate::policy::Policy;

    #[test]
    fn holds_the_line_without_a_file() {
        let policy = Policy::builtin();
        assert_eq!(policy.hash, Policy::builtin().hash);
        for (about, mode) in &policy.rules.modes {
            let expected = match about.id.as_str() {
                "job-lifecycle" => Mode::Warn,
                "image-source" | "chain-profile" => Mode::Off,
                _ => Mode::Enforce,
            };
            assert_eq!(*mode, expected, "{}", about.id);
        }
        assert!(policy.tenancy("anywhere").submitters.is_empty());
        assert_eq!(
            policy.fixed_service_account("spark-a", "emr-containers-sa-spark"),
            None
        );
        assert_eq!(
            (policy.doors.cluster, policy.doors.authorize_cluster_scoped),
            (Mode::Audit, Mode::Audit)
        );
    }

    #[test]
    fn knows_emr_by_both_usual_names() {
        let emr = Policy::builtin().emr_service;
        let role = "AWSServiceRoleForAmazonEMRContainers";
        assert!(emr.names("emr-containers"));
        assert!(emr.names(&format!(
            "arn:aws-cn:sts::111122223333:assumed-role/{role}/session"
        )));
        for other in [
            "emr-containers-x",
            "EMR-containers",
            "arn:aws:sts::111122223333:assumed-role/other/session",
        ] {
            assert!(!emr.names(other), "{other}");
        }
        assert!(!emr.names(&format!(
            "arn:aws:sts::111122223333:assumed-role/x/{role}/session"
        )));
    }
}
