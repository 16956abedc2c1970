//! What the caller of a walk knows of the kind of object.

/// Places in the objects of one kind, beside those that every walk finds by the names
/// of fields. Paths are written as `spec.tasks[].role`; `*` stands for any key.
#[derive(Clone, Copy, Debug, Default)]
pub struct Guide {
    /// Fields that hold a service account's name.
    pub accounts: &'static [&'static str],
    /// Service accounts as which something logs in.
    pub logins: Logins,
    /// Fields that hold the ARN of the role that something will run as.
    pub roles: &'static [&'static str],
    /// Fields that hold the ARN of some role, although they are called like those above.
    pub other_roles: &'static [&'static str],
    /// Fields that hold the name of an IAM role, without an account.
    pub role_names: &'static [&'static str],
    /// How its objects name Secrets.
    pub secrets: Secrets,
}

/// Which service accounts of a kind's objects log in somewhere: the software that reads
/// the object takes their tokens, or acts in their names. It starts no pods under them.
#[derive(Clone, Copy, Debug, Default)]
pub enum Logins {
    #[default]
    None,
    /// Those in these fields.
    In(&'static [&'static str]),
    /// All.
    All,
}

/// How the objects of a kind name the Secrets that their controller reads.
#[derive(Clone, Copy, Debug, Default)]
pub enum Secrets {
    /// By fields whose names say so; what is known of no kind.
    #[default]
    ByName,
    /// By that, and by every object of a `name` and a `key` that is not a `ConfigMap`'s.
    Selectors,
    /// By their names, and in these fields.
    And(&'static [&'static str]),
    /// In these fields, and in no others.
    In(&'static [&'static str]),
}
