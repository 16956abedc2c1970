//! What the objects of any kind name: service accounts, roles and Secrets.
//!
//! A custom resource can start pods through fields that rolegate does not know:
//! `spec.driver.serviceAccount`, `sparkConf`, submit arguments in one long
//! string. So the whole object is walked once, without building a tree of it.
//! `metadata` counts only where an annotation is named after a service account or a
//! role, and `status` not at all: no operator starts anything by it, but for the kinds
//! of which the caller knows better.
//!
//! | file | gives |
//! |---|---|
//! | `guide` | what the caller knows of the kind |
//! | `keys` | what the name of a field says about its value |
//! | `place` | what all names above a value say about it |
//! | `members` | what the members of an object say together |
//! | `text`, `decoded` | names inside text, as the program reads it that takes it |
//! | `walk` | the walk |

mod decoded;
mod guide;
mod keys;
mod members;
mod place;
mod text;
mod walk;

use crate::json::{self, Raw};

use super::{Object, Path, ReviewError};

use self::walk::{Node, Walk};

pub use guide::{Guide, Logins, Secrets};

/// Deeper objects are reported and not read: manifests of this depth do not
/// occur, and the limit must be this one, not the parser's own (128).
pub const MAX_DEPTH: usize = 100;

/// Objects that name more are reported and not read to the end: three megabytes hold
/// a hundred thousand names, and each costs a path.
pub const MOST_NAMES: usize = 2_000;

/// The size of a path, in bytes of its keys. The key that exceeds it is cut, and
/// the path ends there: each of [`MOST_NAMES`] references has its own copy, and a
/// key may have megabytes.
const LONGEST_PATH: usize = 300;

/// One place that names something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// Where, as `spec.driver.serviceAccount`.
    pub path: Path,
    /// A service account's name in lower case, a role's ARN or name, a Secret's name;
    /// empty for [`By::Template`].
    pub name: String,
    pub by: By,
}

/// What a place names, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// A service account: the value of a field named after one.
    Field,
    /// A service account: a name inside other text.
    Text,
    /// A service account as which something logs in.
    Login,
    /// A field that says where a driver's pod template is. An operator that
    /// submits for others fetches it and starts the pod that it describes.
    Template,
    /// The role that something will run as, by its ARN.
    Role,
    /// Some role, by its ARN.
    SomeRole,
    /// Some role, by its name without an account.
    RoleName,
    /// A Secret that the kind's controller reads.
    Secret,
}

impl By {
    /// Whether it is a service account.
    #[must_use]
    pub const fn is_account(self) -> bool {
        matches!(self, Self::Field | Self::Text | Self::Login)
    }
}

/// What a walk found.
#[derive(Debug, Default)]
pub struct References {
    /// Every place, in document order.
    pub found: Vec<Reference>,
    /// Why and where the walk ended before the object did.
    pub unread: Option<(Unread, Path)>,
}

/// Why an object was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// More than [`MAX_DEPTH`] levels.
    TooDeep,
    /// More than [`MOST_NAMES`] names.
    TooMany,
}

/// Walks `object`. `fixed` are further names to look for: job service accounts
/// that the policy declares for an operator and that lack the reserved prefix.
///
/// # Errors
///
/// [`ReviewError::Json`] when the object is not valid JSON.
pub fn find(object: Object<'_>, guide: Guide, fixed: &[&str]) -> Result<References, ReviewError> {
    let mut walk = Walk::new(guide, fixed);
    match json::from_str_seed(object.raw().get(), Node::root(&mut walk)) {
        Ok(_) => Ok(walk.out),
        Err(_) if walk.out.unread.is_some() => Ok(walk.out),
        Err(error) => Err(ReviewError::json(object.what(), error)),
    }
}

/// Walks the value of one field, at `at`, as if its whole content were a spec.
///
/// # Errors
///
/// As [`find`].
pub fn find_in(value: Raw<'_>, at: &Path, fixed: &[&str]) -> Result<References, ReviewError> {
    let mut walk = Walk::inside(fixed);
    let read = json::from_str_seed(value.get(), Node::root(&mut walk));
    let References { mut found, unread } = walk.out;
    if let (Err(error), None) = (read, &unread) {
        return Err(ReviewError::json("a field", error));
    }
    for reference in &mut found {
        reference.path = at.join(&reference.path);
    }
    Ok(References { found, unread })
}

#[cfg(test)]
mod tests {
    use crate::json::Raw;
    use crate::request::Version;

    use super::*;

    fn read(json: &str, fixed: &[&str]) -> References {
        let raw = Raw::parse(json).expect("test JSON");
        find(Object::new(raw, Version::New), Guide::default(), fixed).expect("valid")
    }

    fn found(json: &str) -> Vec<String> {
        read(json, &["livy-runner"])
            .found
            .into_iter()
            .map(|found| format!("{}={}", found.path, found.name))
            .collect()
    }

    #[test]
    fn every_way_to_name_one() {
        for (json, expected) in [
            (
                r#"{"spec":{"serviceAccountName":"a"}}"#,
                "spec.serviceAccountName=a",
            ),
            (
                r#"{"spec":{"serviceAccount":"a"}}"#,
                "spec.serviceAccount=a",
            ),
            (
                r#"{"spec":{"service_account_name":"a"}}"#,
                "spec.service_account_name=a",
            ),
            (
                r#"{"spec":{"executorServiceAccount":"a"}}"#,
                "spec.executorServiceAccount=a",
            ),
            (
                r#"{"spec":{"SERVICEACCOUNTNAME":"a"}}"#,
                "spec.SERVICEACCOUNTNAME=a",
            ),
            (
                r#"{"spec":{"serviceAccountRef":{"name":"a"}}}"#,
                "spec.serviceAccountRef.name=a",
            ),
            (
                r#"{"spec":{"serviceAccountNames":["a"]}}"#,
                "spec.serviceAccountNames[0]=a",
            ),
            (
                r#"{"sparkConf":{"spark.kubernetes.authenticate.driver.serviceAccountName":"a"}}"#,
                r#"sparkConf["spark.kubernetes.authenticate.driver.serviceAccountName"]=a"#,
            ),
            (
                r#"{"args":["--conf","x=emr-containers-sa-spark-driver-1"]}"#,
                "args[1]=emr-containers-sa-spark-driver-1",
            ),
            (r#"{"a":"EMR-Containers-SA-x"}"#, "a=emr-containers-sa-x"),
            (
                r#"{"env":[{"name":"SERVICE_ACCOUNT","value":"a"}]}"#,
                "env[0].value=a",
            ),
            (
                r#"{"env":[{"value":"a","name":"SERVICE_ACCOUNT"}]}"#,
                "env[0].value=a",
            ),
            (r#"{"a":"{\"serviceAccount\":\"\\u0061\"}"}"#, "a=a"),
            (
                r#"{"metadata":{"annotations":{"x/service-account":"a"}}}"#,
                r#"metadata.annotations["x/service-account"]=a"#,
            ),
            (
                r#"{"executionRoleARN":"arn:aws:iam::111122223333:role/a"}"#,
                "executionRoleARN=arn:aws:iam::111122223333:role/a",
            ),
            (r#"{"args":["--sa","livy-runner"]}"#, "args[1]=livy-runner"),
            (
                r#"{"a":"emr-container-sa-spark-livy"}"#,
                "a=emr-container-sa-spark-livy",
            ),
            (
                r#"{"a":"\u0065mr-containers-sa-x"}"#,
                "a=emr-containers-sa-x",
            ),
            (r#"{"a":"serviceAccount=livy-runner,"}"#, "a=livy-runner"),
            (
                r#"{"serviceAccount":"team:livy-runner"}"#,
                "serviceAccount=livy-runner",
            ),
        ] {
            assert_eq!(found(json), [expected], "{json}");
        }
        assert_eq!(
            found(r#"{"emr-containers-sa-k":{"x":1}}"#),
            ["=emr-containers-sa-k"]
        );
        assert_eq!(
            found(r#"{"spec":{"driver.podTemplateFile":"s3://b/t.yaml"}}"#),
            [r#"spec["driver.podTemplateFile"]="#]
        );
    }

    #[test]
    fn roles_by_their_arns() {
        const ARN: &str = "arn:aws:iam::111122223333:role/x/a";
        let roles = |json: &str| -> Vec<(String, By)> {
            let found = read(&json.replace('@', ARN), &[]).found.into_iter();
            found.map(|one| (one.name, one.by)).collect()
        };
        assert_eq!(
            roles(r#"{"spec":{"executionRoleArn":"@"}}"#),
            [(ARN.to_owned(), By::Role)]
        );
        for json in [
            r#"{"spec":{"assume_role":"@"}}"#,
            r#"{"spec":{"roles":["@"]}}"#,
            r#"{"metadata":{"annotations":{"eks.amazonaws.com/role-arn":"@"}}}"#,
            r#"{"containers":[{"env":[{"name":"AWS_ROLE_ARN","value":"@"}]}]}"#,
            r#"{"env":{"AWS_ROLE_ARN":"@"}}"#,
            r#"{"params":[{"value":"@","name":"roleArn"}]}"#,
            r#"{"a":"x.AWS_ROLE_ARN=@ more"}"#,
            r#"{"a":"spec:\n  roleArn: \"@\"\n"}"#,
            r#"{"a":"b:c,eks.amazonaws.com/role-arn:@,d:e"}"#,
        ] {
            assert_eq!(roles(json), [(ARN.to_owned(), By::SomeRole)], "{json}");
        }
        for json in [
            // What a program is told, and what a pod may ask for.
            r#"{"args":["--execution-role-arn","@"]}"#,
            r#"{"a":"submit --execution-role-arn @"}"#,
            r#"{"args":["{\"executionRoleArn\":\"@\"}"]}"#,
            r#"{"containers":[{"env":[{"name":"ROLE_1_ARN","value":"@"}]}]}"#,
            r#"{"principal":"@"}"#,
            r#"{"a":"allowed for @"}"#,
            r#"{"seLinuxOptions":{"role":"system_r"}}"#,
            r#"{"labels":{"role":"@"}}"#,
        ] {
            assert_eq!(roles(json), [], "{json}");
        }
    }

    #[test]
    fn a_long_path_is_cut() {
        let account = r#"{"serviceAccount":"a"}"#;
        let key = "k".repeat(120);
        assert_eq!(
            found(&format!(r#"{{"{key}":{{"{key}":{{"{key}":{account}}}}}}}"#)),
            [format!("{key}.{key}[\"{}...\"]=a", "k".repeat(80))]
        );
        let key = "k".repeat(LONGEST_PATH);
        let path = format!("[\"{}…\"].serviceAccount", "k".repeat(119));
        assert_eq!(
            found(&format!(r#"{{"{key}":{account}}}"#)),
            [format!("{path}=a")]
        );
    }

    #[test]
    fn too_many_names_end_the_walk() {
        let names = r#""emr-containers-sa-x""#;
        let list = |count| format!("[{}]", vec![names; count].join(","));
        assert_eq!(read(&list(MOST_NAMES), &[]).unread, None);
        let more = read(&list(MOST_NAMES + 1), &[]);
        let at = Path::root().index(MOST_NAMES);
        assert_eq!(more.unread, Some((Unread::TooMany, at)));
        assert_eq!(more.found.len(), MOST_NAMES);
    }

    #[test]
    fn what_only_sounds_like_one() {
        for json in [
            r#"{"automountServiceAccountToken":false}"#,
            r#"{"serviceAccountToken":{"path":"token","audience":"x"}}"#,
            r#"{"serviceAccount":{"create":true,"annotations":{"name2":"x"}}}"#,
            r#"{"serviceAccountName":""}"#,
            r#"{"a":"emr-containers-job"}"#,
            r#"{"a":"livy-runner-2"}"#,
            r#"{"a":"app=livy-runner"}"#,
            r#"{"a":"Uses EMR-Containers-SA-x."}"#,
            r#"{"description":"emr-containers-sa-x"}"#,
            r#"{"status":{"serviceAccount":"emr-containers-sa-x"}}"#,
            r#"{"metadata":{"annotations":{"last":"{\"serviceAccount\":\"a\"}"}}}"#,
            "{}",
        ] {
            assert_eq!(found(json), [""; 0], "{json}");
        }
    }

    #[test]
    fn the_record_of_managed_fields_is_not_read_again() {
        let record = r#"[{"fieldsV1":{"f:spec":{"f:emr-containers-sa-x":{}}}}]"#;
        let object = |path: &str| {
            let json = format!(r#"{{"{path}":{{"managedFields":{record}}}}}"#);
            found(&json).len()
        };
        assert_eq!(object("metadata"), 0);
        // Anywhere else a field of that name is a field like any other.
        assert_eq!(object("spec"), 1);
        let nested = format!(r#"{{"spec":{{"metadata":{{"managedFields":{record}}}}}}}"#);
        assert_eq!(found(&nested).len(), 1);
    }

    #[test]
    fn secrets_that_a_controller_reads() {
        let secrets = |json: &str| -> Vec<String> {
            let found = read(json, &[]).found.into_iter();
            let secrets = found.filter(|found| found.by == By::Secret);
            secrets.map(|found| found.name).collect()
        };
        for json in [
            r#"{"secretName":"s"}"#,
            r#"{"auth":{"secretRef":{"name":"s","key":"k"}}}"#,
            r#"{"auth":{"passwordSecretRef":{"name":"s"}}}"#,
            r#"{"x":{"valueFrom":{"secretKeyRef":{"key":"k","name":"s"}}}}"#,
            r#"{"credentialsSecret":"s"}"#,
            r#"{"git":{"secret":{"name":"s"}}}"#,
            r#"{"password":{"key":"k","name":"s"}}"#,
            r#"{"valuesFrom":[{"kind":"Secret","name":"s"}]}"#,
        ] {
            assert_eq!(secrets(json), ["s"], "{json}");
        }
        for json in [
            r#"{"clientSecret":"s"}"#,
            r#"{"secretName":"Not A Name"}"#,
            r#"{"secretStoreRef":{"name":"s"}}"#,
            r#"{"writeConnectionSecretToRef":{"name":"s"}}"#,
            r#"{"valuesFrom":[{"kind":"ConfigMap","name":"s"}]}"#,
            r#"{"password":"s"}"#,
            // The kubelet reads these for the pod, which is judged by itself.
            r#"{"env":[{"name":"a","valueFrom":{"secretKeyRef":{"key":"k","name":"s"}}}]}"#,
            r#"{"volumes":[{"secret":{"secretName":"s"}}]}"#,
            r#"{"imagePullSecrets":[{"name":"s"}]}"#,
        ] {
            assert_eq!(secrets(json), [""; 0], "{json}");
        }
    }

    #[test]
    fn depth_is_reported_not_passed_over() {
        for depth in [101, 5_000, 100_000] {
            let json = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            let (why, path) = read(&json, &[]).unread.expect("an end");
            assert_eq!(why, Unread::TooDeep, "{depth}");
            assert_eq!(path.segments().len(), MAX_DEPTH + 1, "{path}");
        }
        let json = format!("{}{}", "[".repeat(100), "]".repeat(100));
        assert_eq!(read(&json, &[]).unread, None);
    }
}
