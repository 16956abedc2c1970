//! Why a pod or a container gets no profile.

use std::fmt;

use crate::names::{Role, shown};

/// One reason, as a clause about the pod: "it …".
///
/// Texts in it are escaped already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoProfile {
    /// The policy does not list the role that is asked for.
    NotListed { asked: String },
    /// What is asked for is not the ARN of a role.
    NotAnArn { asked: String },
    /// The guide's variable for the role to chain to is empty, the other one is not.
    EmptyVariable {
        container: String,
        variable: &'static str,
    },
    /// One of the guide's two variables names a role that the policy lists; the other
    /// one is missing.
    HalfAPair {
        container: String,
        variable: &'static str,
        missing: &'static str,
    },
    /// Annotation and variables, or two containers, ask for different roles.
    TwoTargets,
    /// A variable that decides is taken from another object.
    Hidden {
        container: String,
        variable: &'static str,
    },
    /// The guide's variable for the execution role names another than the pod runs as.
    WrongExecutionRole {
        container: String,
        variable: &'static str,
        /// The role that the pod runs as.
        role: Role,
    },
    /// The mode asked for is unknown or weaker than the policy's.
    ModeNotAllowed { asked: String },
    /// The policy requires a chain, has no default, and nothing is asked for.
    NothingAsked,
    /// The policy requires a chain, and pods of this service account get none.
    RunnersAccount,
    /// The pod has none of the containers that get a profile.
    NoContainer,
    /// A container has no credentials that could be chained from.
    NoSource { container: String },
    /// A container's credentials are those of another role.
    ForeignRole {
        container: String,
        /// The role that it should be.
        role: Role,
    },
    /// A container's token file is a path that cannot be written into a profile.
    BadTokenFile { container: String },
    /// Two containers of one pod have credentials from different sources.
    SourcesDiffer,
    /// The chain starts from EKS Pod Identity, and a container has IRSA.
    OtherSource { container: String },
    /// A container sets a variable that would override the profile.
    OwnSettings {
        container: String,
        variable: &'static str,
    },
    /// A container sets a Java property that would.
    OwnJava { container: String, place: String },
    /// A container takes options of Java from elsewhere, which could.
    OpenJava { container: String, variable: String },
    /// A container mounts files where AWS SDKs look for keys and profiles.
    OwnFiles { container: String },
    /// All keys of another object become variables of a container. It has a profile.
    EnvFrom { container: String },
    /// The pod's annotations would be larger than Kubernetes allows.
    TooManyAnnotations,
    /// A container mounts something else where the profile belongs.
    InTheWay { container: String },
    /// The token is not where EKS mounts it, so its path would be lost with the
    /// variable's value.
    CannotBlank { container: String },
}

impl NoProfile {
    /// Whether the request for a chain is wrong. Such a pod is denied, whatever the
    /// policy says of pods without a profile.
    #[must_use]
    pub const fn is_bad_request(&self) -> bool {
        matches!(
            self,
            Self::NotListed { .. }
                | Self::NotAnArn { .. }
                | Self::EmptyVariable { .. }
                | Self::TwoTargets
                | Self::WrongExecutionRole { .. }
                | Self::ModeNotAllowed { .. }
        )
    }

    /// Whether another role to chain to would help.
    #[must_use]
    pub const fn is_about_target(&self) -> bool {
        matches!(
            self,
            Self::NotListed { .. }
                | Self::NotAnArn { .. }
                | Self::EmptyVariable { .. }
                | Self::NothingAsked
        )
    }

    /// Whether the container's own settings prevent the profile.
    #[must_use]
    pub const fn is_own_choice(&self) -> bool {
        matches!(
            self,
            Self::OwnSettings { .. }
                | Self::OwnJava { .. }
                | Self::OpenJava { .. }
                | Self::OwnFiles { .. }
                | Self::InTheWay { .. }
        )
    }

    /// Whether it may be gone once EKS's webhook has been called.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::NoSource { .. })
    }

    /// The reason without its wording: its kind, and where there is one, the
    /// container or the text that it is about.
    #[must_use]
    pub fn key(&self) -> String {
        let (kind, about) = match self {
            Self::NotListed { asked } => ("not-listed", asked.as_str()),
            Self::NotAnArn { asked } => ("not-an-arn", asked.as_str()),
            Self::EmptyVariable { container, .. } => ("empty-variable", container.as_str()),
            Self::HalfAPair { container, .. } => ("half-a-pair", container.as_str()),
            Self::TwoTargets => ("two-targets", ""),
            Self::Hidden { container, .. } => ("hidden-variable", container.as_str()),
            Self::OtherSource { container } => ("other-source", container.as_str()),
            Self::OwnJava { container, .. } => ("own-java", container.as_str()),
            Self::OpenJava { container, .. } => ("open-java", container.as_str()),
            Self::OwnFiles { container } => ("own-files", container.as_str()),
            Self::EnvFrom { container } => ("env-from", container.as_str()),
            Self::TooManyAnnotations => ("too-many-annotations", ""),
            Self::WrongExecutionRole { container, .. } => {
                ("wrong-execution-role", container.as_str())
            }
            Self::ModeNotAllowed { asked } => ("mode-not-allowed", asked.as_str()),
            Self::NothingAsked => ("nothing-asked", ""),
            Self::RunnersAccount => ("runners-account", ""),
            Self::NoContainer => ("no-container", ""),
            Self::NoSource { container } => ("no-source", container.as_str()),
            Self::ForeignRole { container, .. } => ("foreign-role", container.as_str()),
            Self::BadTokenFile { container } => ("bad-token-file", container.as_str()),
            Self::SourcesDiffer => ("sources-differ", ""),
            Self::OwnSettings { container, .. } => ("own-settings", container.as_str()),
            Self::InTheWay { container } => ("in-the-way", container.as_str()),
            Self::CannotBlank { container } => ("cannot-blank", container.as_str()),
        };
        format!("{kind} {about}").trim_end().to_owned()
    }
}

impl fmt::Display for NoProfile {
    #[expect(clippy::too_many_lines, reason = "one sentence for each reason")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotListed { asked } => write!(f, "the policy lists no chain for it to {asked}"),
            Self::NotAnArn { asked } => write!(
                f,
                "what it asks a chain to is not the ARN of one IAM role: \"{asked}\""
            ),
            Self::EmptyVariable {
                container,
                variable,
            } => write!(
                f,
                "{variable} of container {container}, which names the role to chain to, is empty"
            ),
            Self::HalfAPair {
                container,
                variable,
                missing,
            } => write!(
                f,
                "container {container} sets {variable} without {missing}; both together, or the \
                 annotation rolegate.dev/chain-to, ask for a chain"
            ),
            Self::TwoTargets => f.write_str("it asks for two different chains at once"),
            Self::Hidden {
                container,
                variable,
            } => write!(
                f,
                "container {container} takes {variable} from another object, which cannot be seen here"
            ),
            Self::WrongExecutionRole {
                container,
                variable,
                role,
            } => write!(
                f,
                "{variable} of container {container} is not the role it runs as, {role}"
            ),
            Self::ModeNotAllowed { asked } => write!(
                f,
                "it may only ask for a mode in which more SDKs follow the chain, not for \"{asked}\""
            ),
            Self::NothingAsked => f.write_str("it asks for no chain, and the policy requires one"),
            Self::RunnersAccount => f.write_str(
                "the policy requires a chain, and pods under this service account get none",
            ),
            Self::NoContainer => {
                f.write_str("it has none of the containers that get a chained profile")
            }
            Self::NoSource { container } => write!(
                f,
                "container {container} has no credentials from EKS (IRSA or Pod Identity) to chain from"
            ),
            Self::ForeignRole { container, role } => write!(
                f,
                "AWS_ROLE_ARN of container {container} is not the role it runs as, {role}"
            ),
            Self::BadTokenFile { container } => write!(
                f,
                "AWS_WEB_IDENTITY_TOKEN_FILE of container {container} is not a plain absolute path"
            ),
            Self::SourcesDiffer => {
                f.write_str("its containers have credentials from different places")
            }
            Self::OwnSettings {
                container,
                variable,
            } => write!(f, "container {container} sets {variable} itself"),
            Self::OtherSource { container } => write!(
                f,
                "container {container} has credentials by IRSA, and the policy chains from EKS Pod Identity"
            ),
            Self::OwnJava { container, place } => {
                write!(
                    f,
                    "container {container} sets AWS options of Java in {place}"
                )
            }
            Self::OpenJava {
                container,
                variable,
            } => write!(
                f,
                "container {container} takes options of Java in {variable} from elsewhere, or leaves a quote open"
            ),
            Self::OwnFiles { container } => write!(
                f,
                "container {container} has a home directory with AWS files of its own (.aws)"
            ),
            Self::EnvFrom { container } => write!(
                f,
                "container {container} takes all keys of another object as variables (envFrom without a prefix)"
            ),
            Self::TooManyAnnotations => {
                f.write_str("its annotations leave no room for the profile (256 KiB in all)")
            }
            Self::InTheWay { container } => write!(
                f,
                "container {container} mounts something else where the profile belongs, or by a path with `..`"
            ),
            Self::CannotBlank { container } => write!(
                f,
                "mode exclusive needs the token of container {container} where EKS's webhook mounts it"
            ),
        }
    }
}

/// A container's name for a sentence.
pub(super) fn named(container: &str) -> String {
    shown(container, 63)
}
