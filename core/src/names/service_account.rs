//! What a service account's name says: EMR names them after the role they become.
//!
//! `emr-containers-sa-<framework>-<component>-<account>-<base36 of the role name>`
//! (aws-cli, `emrcontainers/constants.py`). Components hold dashes
//! (`jeg-kernel`), so the name is read from the right.

use std::fmt;

use super::{AccountId, Role, RoleName, base36};

/// Prefixes that only EMR and administrators may use. The singular one is what
/// EMR's Livy set-up creates.
pub const RESERVED_PREFIXES: [&str; 2] = ["emr-containers-sa-", "emr-container-sa-"];

/// Whether a name begins with one of [`RESERVED_PREFIXES`].
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    RESERVED_PREFIXES
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// What a service account's name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceAccountName {
    /// Names a role: a pod under this service account can become that role.
    Job(JobServiceAccount),
    /// Has a reserved prefix and names no role. A wide trust policy
    /// (`emr-containers-sa-*`) still allows it to assume one.
    Reserved,
    /// Any other.
    Ordinary,
}

/// A service account name that names a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobServiceAccount {
    /// `spark`, `flink`, ...
    pub framework: Framework,
    /// The part of the job that runs under it.
    pub component: Component,
    /// The execution role.
    pub role: Role,
}

/// The engine a job runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framework {
    /// Apache Spark.
    Spark,
    /// Apache Flink.
    Flink,
    /// Any that this version does not know.
    Other,
}

impl Framework {
    fn of(word: &str) -> Self {
        match word {
            "spark" | "livy" => Self::Spark,
            "flink" => Self::Flink,
            _ => Self::Other,
        }
    }

    /// The engine behind a fixed name, which carries no component: the first
    /// word that names one (`emr-containers-sa-flink`, `team-a-flink`).
    #[must_use]
    pub fn of_fixed(name: &str) -> Self {
        name.split('-')
            .map(Self::of)
            .find(|framework| *framework != Self::Other)
            .unwrap_or(Self::Other)
    }
}

/// The part of a job that a service account is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    /// The job runner, which submits.
    Client,
    /// The Spark driver.
    Driver,
    /// A Spark executor.
    Executor,
    /// The gateway of an interactive endpoint.
    Jeg,
    /// A kernel of an interactive endpoint.
    JegKernel,
    /// A session of an interactive endpoint.
    Session,
    /// The Flink job manager.
    JobManager,
    /// A Flink task manager.
    TaskManager,
    /// Any that this version does not know.
    Other,
}

impl ServiceAccountName {
    /// Reads a name.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        if !is_reserved(name) {
            return Self::Ordinary;
        }
        JobServiceAccount::parse(name).map_or(Self::Reserved, Self::Job)
    }
}

impl JobServiceAccount {
    /// The name that EMR gives the service account of a Spark job's component:
    /// `driver`, `executor`, `client`.
    #[must_use]
    pub fn sparks(component: &str, role: &Role) -> String {
        Self::named("spark", component, role)
    }

    /// The same for Flink's: `jobmanager`, `taskmanager`.
    #[must_use]
    pub fn flinks(component: &str, role: &Role) -> String {
        Self::named("flink", component, role)
    }

    fn named(framework: &str, component: &str, role: &Role) -> String {
        let digits = base36::encode(role.name.as_str());
        format!(
            "emr-containers-sa-{framework}-{component}-{}-{digits}",
            role.account.as_str()
        )
    }

    fn parse(name: &str) -> Option<Self> {
        let (kind, account, digits) = parts(name)?;
        let (framework, component) = kind.split_once('-')?;
        if framework.is_empty() || component.is_empty() {
            return None;
        }
        let role = Role {
            account: AccountId::parse(account)?,
            name: RoleName::parse(&base36::decode(digits)?)?,
        };
        Some(Self {
            framework: Framework::of(framework),
            component: Component::of(component),
            role,
        })
    }
}

/// Framework with component, account and encoded role of a job service account's name.
fn parts(name: &str) -> Option<(&str, &str, &str)> {
    let rest = name.strip_prefix("emr-containers-sa-")?;
    let (rest, digits) = at_last_dash(rest)?;
    let (kind, account) = at_last_dash(rest)?;
    Some((kind, account, digits))
}

/// What is before the last dash and after it.
fn at_last_dash(text: &str) -> Option<(&str, &str)> {
    let dash = memchr::memrchr(b'-', text.as_bytes())?;
    Some((text.get(..dash)?, text.get(dash + 1..)?))
}

/// The framework and the component that a job service account's name says, as
/// `spark-driver`.
#[must_use]
pub fn component_of(name: &str) -> Option<&str> {
    JobServiceAccount::parse(name)?;
    parts(name).map(|(kind, ..)| kind)
}

impl Component {
    /// The component of this word.
    #[must_use]
    pub fn of(word: &str) -> Self {
        match word {
            "client" => Self::Client,
            "driver" => Self::Driver,
            "executor" => Self::Executor,
            "jeg" => Self::Jeg,
            "jeg-kernel" => Self::JegKernel,
            "session" => Self::Session,
            "jobmanager" => Self::JobManager,
            "taskmanager" => Self::TaskManager,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Driver => "driver",
            Self::Executor => "executor",
            Self::Jeg => "jeg",
            Self::JegKernel => "jeg-kernel",
            Self::Session => "session",
            Self::JobManager => "jobmanager",
            Self::TaskManager => "taskmanager",
            Self::Other => "unknown component",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_name_a_role() {
        for (name, framework, component, role) in [
            (
                "emr-containers-sa-spark-driver-682942051493-76simz7hn0n7qw78flb3z0c1ldt10ou9nmbeg8sh29",
                Framework::Spark,
                Component::Driver,
                "682942051493/pin-aws-eks-poc1-emr-team-a",
            ),
            (
                "emr-containers-sa-spark-jeg-kernel-111122223333-16o0gwny3p",
                Framework::Spark,
                Component::JegKernel,
                "111122223333/myrole",
            ),
            (
                "emr-containers-sa-flink-taskmanager-000022223333-16o0gwny3p",
                Framework::Flink,
                Component::TaskManager,
                "000022223333/myrole",
            ),
            (
                "emr-containers-sa-x-y-111122223333-16o0gwny3p",
                Framework::Other,
                Component::Other,
                "111122223333/myrole",
            ),
        ] {
            let ServiceAccountName::Job(account) = ServiceAccountName::parse(name) else {
                panic!("{name}")
            };
            assert_eq!(
                (account.framework, account.component),
                (framework, component)
            );
            assert_eq!(account.role.to_string(), role);
        }
    }

    #[test]
    fn reserved_names_without_a_role() {
        for name in [
            "emr-containers-sa-",
            "emr-containers-sa-spark",
            "emr-containers-sa-spark-operator",
            "emr-container-sa-spark-livy",
            "emr-container-sa-spark-driver-111122223333-16o0gwny3p",
            "emr-containers-sa-spark-driver-11112222333-16o0gwny3p",
            "emr-containers-sa-spark-driver-111122223333-016o0gwny3p",
            "emr-containers-sa-spark-driver-111122223333-",
            "emr-containers-sa-spark-driver-111122223333-0",
            "emr-containers-sa-spark-111122223333-16o0gwny3p",
            "emr-containers-sa--driver-111122223333-16o0gwny3p",
        ] {
            assert_eq!(
                ServiceAccountName::parse(name),
                ServiceAccountName::Reserved,
                "{name}"
            );
        }
    }

    #[test]
    fn ordinary_names() {
        for name in [
            "default",
            "",
            "emr-containers",
            "my-emr-containers-sa-x",
            "EMR-containers-sa-x",
        ] {
            assert_eq!(
                ServiceAccountName::parse(name),
                ServiceAccountName::Ordinary,
                "{name}"
            );
        }
    }

    proptest! {
        #[test]
        fn every_role_comes_back(account in "[0-9]{12}", role in "[A-Za-z0-9_+=,.@-]{1,64}") {
            let name = format!("emr-containers-sa-spark-driver-{account}-{}", base36::encode(&role));
            let ServiceAccountName::Job(parsed) = ServiceAccountName::parse(&name) else {
                return Err(TestCaseError::fail(name));
            };
            prop_assert_eq!(parsed.role.to_string(), format!("{account}/{role}"));
        }
    }
}
