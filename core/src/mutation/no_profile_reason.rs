//! Why a pod or a container gets no profile.

use std::fmt;

use crate::names::Role;
use crate::names::shown;

/// One reason, as a clause about the pod: "it …".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The role asked for is not one the policy lists.
    NotListed {
        /// What was asked for, escaped.
        asked: String,
    },
    /// What is asked for is no role's ARN.
    NotAnArn {
        /// What was asked for, escaped.
        asked: String,
    },
    /// Annotation and variables, or two containers, ask for different roles.
    TwoTargets,
    /// A variable that decides is taken from another object.
    Hidden {
        /// The container, escaped.
        container: String,
        /// The variable.
        variable: &'static str,
    },
    /// `WEB_IDENTITY_ROLE_ARN` names another role than the pod runs as.
    WrongExecutionRole {
        /// The container, escaped.
        container: String,
        /// The role it runs as.
        role: Role,
    },
    /// The mode asked for is unknown or weaker than the policy's.
    ModeNotAllowed {
        /// What was asked for, escaped.
        asked: String,
    },
    /// The policy requires a chain, has no default, and nothing is asked for.
    NothingAsked,
    /// The policy requires a chain and the pod runs under an account whose pods get none.
    RunnersAccount,
    /// None of the containers that get a profile is there.
    NoContainer,
    /// A container has no credentials that could be chained from.
    NoSource {
        /// The container, escaped.
        container: String,
    },
    /// A container's credentials are another role's.
    ForeignRole {
        /// The container, escaped.
        container: String,
        /// The role it should be.
        role: Role,
    },
    /// A container's token file is no path that could be written into a profile.
    BadTokenFile {
        /// The container, escaped.
        container: String,
    },
    /// Two containers of one pod have credentials from different places.
    SourcesDiffer,
    /// A container sets what the profile would be beside.
    OwnSettings {
        /// The container, escaped.
        container: String,
        /// The variable.
        variable: &'static str,
    },
    /// A container has something else where the profile belongs.
    InTheWay {
        /// The container, escaped.
        container: String,
    },
    /// The token is not where EKS mounts it, so that the path would be lost
    /// with the variable's value.
    CannotBlank {
        /// The container, escaped.
        container: String,
    },
}

impl Trouble {
    /// Whether the request itself is wrong, which no mode of the policy excuses.
    #[must_use]
    pub const fn is_bad_request(&self) -> bool {
        matches!(
            self,
            Self::NotListed { .. }
                | Self::NotAnArn { .. }
                | Self::TwoTargets
                | Self::WrongExecutionRole { .. }
                | Self::ModeNotAllowed { .. }
        )
    }

    /// Whether the container wants to be left alone.
    #[must_use]
    pub const fn is_own_choice(&self) -> bool {
        matches!(self, Self::OwnSettings { .. } | Self::InTheWay { .. })
    }

    /// Whether it may be over when EKS's webhook has been called.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::NoSource { .. })
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotListed { asked } => write!(f, "the policy lists no chain for it to {asked}"),
            Self::NotAnArn { asked } => write!(
                f,
                "what it asks a chain to is not the ARN of one IAM role: \"{asked}\""
            ),
            Self::TwoTargets => f.write_str("it asks for two different chains at once"),
            Self::Hidden {
                container,
                variable,
            } => write!(
                f,
                "container {container} takes {variable} from another object, which cannot be seen here"
            ),
            Self::WrongExecutionRole { container, role } => write!(
                f,
                "WEB_IDENTITY_ROLE_ARN of container {container} is not the role it runs as, {role}"
            ),
            Self::ModeNotAllowed { asked } => write!(
                f,
                "it may ask for a mode in which more SDKs follow the chain only, not for \"{asked}\""
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
            Self::InTheWay { container } => write!(
                f,
                "container {container} mounts something else below /var/run/secrets/rolegate.dev"
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
