//! What the name of a field says about its value.

use crate::json::Text;

/// A field's name without separators and in lower case: `service-account`,
/// `SERVICE_ACCOUNT` and `serviceAccount` are one. Longer names are cut at the front,
/// because the last words say what a field holds.
pub(super) struct Plain {
    text: [u8; Self::LONGEST],
    length: usize,
}

impl Plain {
    const LONGEST: usize = 64;

    pub(super) fn of(key: &str) -> Self {
        let mut text = [0; Self::LONGEST];
        let mut start = Self::LONGEST;
        let letters = key.bytes().rev().filter(u8::is_ascii_alphanumeric);
        for byte in letters.take(Self::LONGEST) {
            start -= 1;
            if let Some(place) = text.get_mut(start) {
                *place = byte.to_ascii_lowercase();
            }
        }
        text.rotate_left(start);
        Self {
            text,
            length: Self::LONGEST - start,
        }
    }

    fn bytes(&self) -> &[u8] {
        self.text.get(..self.length).unwrap_or_default()
    }

    fn get(&self) -> &str {
        std::str::from_utf8(self.bytes()).unwrap_or_default()
    }

    fn ends_with_any(&self, ends: &[&str]) -> bool {
        let bytes = self.bytes();
        let last = bytes.last();
        // The last letter first, because a walk asks this of thousands of keys.
        ends.iter()
            .map(|end| end.as_bytes())
            .any(|end| end.last() == last && bytes.ends_with(end))
    }

    /// Whether it holds a service account's name: `serviceAccountName`,
    /// `service_account`, `executorServiceAccount`, `serviceAccountRef`,
    /// `spark.kubernetes.authenticate.driver.serviceAccountName`.
    pub(super) fn is_account(&self) -> bool {
        self.ends_with_any(&[
            "serviceaccount",
            "serviceaccounts",
            "serviceaccountname",
            "serviceaccountnames",
            "serviceaccountref",
        ])
    }

    /// Whether it ends like the name of an option that takes an account of some kind.
    pub(super) fn is_any_account(&self) -> bool {
        self.is_account()
            || self.ends_with_any(&["account", "accounts", "accountname", "accountnames"])
    }

    /// Whether it holds the role that a job runs as: `executionRoleArn`.
    pub(super) fn is_execution_role(&self) -> bool {
        self.ends_with_any(&["executionrolearn"])
    }

    /// Whether it holds the ARN of some role.
    pub(super) fn is_role(&self) -> bool {
        self.ends_with_any(&["rolearn", "rolearns", "role", "roles", "roletoassume"])
    }

    /// Whether AWS's software takes a role from it: `AWS_ROLE_ARN`, or the annotation by
    /// which EKS gives one to a service account. `ROLE_1_ARN` only asks for a chain.
    pub(super) fn is_identity(&self) -> bool {
        self.ends_with_any(&["awsrolearn", "eksamazonawscomrolearn"])
    }

    /// Whether its text is for people, or names an image: nothing chooses an identity by
    /// it.
    pub(super) fn is_prose(&self) -> bool {
        self.ends_with_any(&["description", "message", "image"])
            || [
                "error",
                "reason",
                "title",
                "summary",
                "comment",
                "comments",
                "note",
                "notes",
                "displayname",
                "documentation",
                "log",
                "logs",
            ]
            .contains(&self.get())
    }

    /// Whether it holds labels. What one says is for selectors and for people.
    pub(super) fn is_labels(&self) -> bool {
        self.ends_with_any(&["labels"])
    }

    /// Whether it holds what a program is started with.
    pub(super) fn is_arguments(&self) -> bool {
        self.ends_with_any(&[
            "args",
            "arguments",
            "parameters",
            "command",
            "commands",
            "script",
            "options",
        ])
    }

    /// Whether it holds pairs of an option and its value.
    pub(super) fn is_configuration(&self) -> bool {
        self.ends_with_any(&[
            "conf",
            "config",
            "configuration",
            "configurations",
            "properties",
        ])
    }

    /// Whether a pod's kubelet, not the kind's controller, reads the Secrets below it.
    pub(super) fn is_part_of_pod(&self) -> bool {
        matches!(
            self.get(),
            "env"
                | "envfrom"
                | "envvars"
                | "envsecretkeyrefs"
                | "volumes"
                | "containers"
                | "initcontainers"
                | "ephemeralcontainers"
                | "sidecars"
                | "imagepullsecrets"
                | "imagepullsecret"
        )
    }

    /// Whether the controller writes what it names, and does not read it:
    /// `writeConnectionSecretToRef`, `outputSecretRef`, an issuer's `privateKeySecretRef`.
    pub(super) fn is_written(&self) -> bool {
        let text = self.get();
        let starts = |word: &&str| text.starts_with(*word);
        ["write", "output", "publish"].iter().any(starts)
            || text.ends_with("connectionsecret")
            || text == "privatekeysecretref"
    }

    /// How a field names a Secret.
    pub(super) fn secret(&self) -> Option<SecretKey> {
        let text = self.get();
        if let Some(at) = text.rfind("secret") {
            // A store, a class or a template of Secrets is another object.
            let others = ["externalsecret", "sealedsecret", "pullsecret"];
            if others.iter().any(|other| text.contains(other)) {
                return None;
            }
            let before = text.get(..at).unwrap_or_default();
            return match text.get(at + "secret".len()..).unwrap_or_default() {
                "name" | "names" | "ref" | "refs" | "reference" | "references" => {
                    Some(SecretKey::Named)
                }
                "keyref" | "keyselector" | "keyreference" | "selector" | "targetref" => {
                    Some(SecretKey::Object)
                }
                // The text may be the secret itself.
                "" | "s" if is_name_of(before) => Some(SecretKey::Named),
                "" | "s" => Some(SecretKey::Object),
                _ => None,
            };
        }
        let words = [
            "password",
            "passwordref",
            "token",
            "tokenref",
            "credentials",
            "username",
            "apikey",
            "accesskey",
            "accesskeyid",
            "privatekey",
        ];
        self.ends_with_any(&words).then_some(SecretKey::Selector)
    }
}

/// Whether an option of that name is a label: Spark's `spark.kubernetes.driver.label.app`,
/// Flink's `kubernetes.jobmanager.labels`.
pub(super) fn is_label_option(key: &str) -> bool {
    let word = memchr::memmem::find(key.as_bytes(), b".label");
    word.is_some_and(|_| key.contains(".label.") || key.ends_with(".labels"))
}

/// Whether an entry of that name holds a role: in a pod's environment one that AWS's
/// software takes, elsewhere any.
pub(super) fn is_called_role(text: &str, is_pod: bool) -> bool {
    let mut letters = text.bytes().rev().filter(u8::is_ascii_alphanumeric);
    let last = letters.next().map(|byte| byte.to_ascii_lowercase());
    if !matches!(last, Some(b'n' | b'e' | b's')) {
        return false;
    }
    let plain = Plain::of(text);
    plain.is_identity() || !is_pod && plain.is_role()
}

/// Whether a text is called like a field that holds a service account's name.
pub(super) fn is_called_account(text: &str) -> bool {
    let mut letters = text.bytes().rev().filter(u8::is_ascii_alphanumeric);
    // The last letter of each such name; nearly no other text goes on.
    let last = letters.next().map(|byte| byte.to_ascii_lowercase());
    matches!(last, Some(b't' | b's' | b'e' | b'f')) && Plain::of(text).is_account()
}

/// Whether an option of that name takes a service account, in configuration and commands:
/// also `--sa`, `driver.account`, `executorSa`.
pub(super) fn is_account_option(key: &str) -> bool {
    Plain::of(key).is_any_account() || is_last_word_sa(key)
}

/// Whether the last word of an option's name is `sa`: after a sign, or with a capital letter.
pub(super) fn is_last_word_sa(key: &str) -> bool {
    let key = key.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    let Some((before, word)) = key
        .len()
        .checked_sub(2)
        .and_then(|at| key.split_at_checked(at))
    else {
        return false;
    };
    let is_new_word = match before.chars().next_back() {
        Some(last) if last.is_alphanumeric() => last.is_ascii_lowercase() && word.starts_with('S'),
        _ => true,
    };
    is_new_word && word.eq_ignore_ascii_case("sa")
}

/// Whether a field called after these words holds a Secret's name and not the secret:
/// nobody writes a certificate into one word.
fn is_name_of(before: &str) -> bool {
    let words = ["credentials", "credential", "tls", "cert", "certificate"];
    words.iter().any(|word| before.ends_with(word))
}

/// What the value of a field that names a Secret looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SecretKey {
    /// The name, or an object that holds it.
    Named,
    /// An object that holds the name; a text would be the secret itself.
    Object,
    /// An object of a name and a key.
    Selector,
}

/// Whether a field of this name says where a pod template is that an operator reads
/// by itself: Spark's `spark.kubernetes.driver.podTemplateFile`, Flink's
/// `kubernetes.pod-template-file.jobmanager` and `….default`. (The templates of
/// executors and task managers need no look: the driver or the job manager starts
/// them, under its own role or not at all.)
pub(super) fn is_template_key(key: &str) -> bool {
    const ENDS: [&[u8]; 4] = [
        b"driver.podtemplatefile",
        b"kubernetes.pod-template-file",
        b"kubernetes.pod-template-file.default",
        b"kubernetes.pod-template-file.jobmanager",
    ];
    ENDS.into_iter().any(|ending| {
        let start = key.len().checked_sub(ending.len());
        let end = start.and_then(|start| key.as_bytes().get(start..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(ending))
    })
}

/// Whether a text can be the name of a Kubernetes object.
pub(super) fn is_object_name(text: &str) -> bool {
    let byte = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=253).contains(&text.len())
        && text.bytes().all(|b| byte(b) || matches!(b, b'-' | b'.'))
        && text.bytes().next().is_some_and(byte)
        && text.bytes().next_back().is_some_and(byte)
}

/// A step from a value to one inside it.
pub(super) enum Step<'de> {
    Key(Text<'de>),
    Index(usize),
}

/// Whether `path` is what a pattern such as `spec.tasks[].role` stands for. `*` stands
/// for any key, and a key may hold dots: `metadata.annotations.example.com/name`.
pub(super) fn is_at(path: &[Step<'_>], pattern: &str) -> bool {
    let mut rest = pattern;
    for step in path {
        let after = match step {
            Step::Index(_) => rest.strip_prefix("[]"),
            Step::Key(key) => {
                let key_of = rest.strip_prefix('.').unwrap_or(rest);
                let fixed = key_of.strip_prefix(key.as_str());
                let fixed = fixed.filter(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
                fixed.or_else(|| key_of.strip_prefix('*'))
            }
        };
        match after {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_key_keeps_its_end() {
        let key = format!("{}.serviceAccountName", "spark-kubernetes.".repeat(20));
        assert!(Plain::of(&key).is_account());
        assert!(!Plain::of("serviceAccountName.x").is_account());
        assert_eq!(Plain::of("").get(), "");
        assert_eq!(Plain::of("Ä-b_1").get(), "b1");
    }

    #[test]
    fn options_that_take_accounts() {
        for key in [
            "--sa",
            "sa",
            "SA",
            "--driver-sa=",
            "driverSa",
            "livy.sa",
            "JOB_SA",
            "account",
            "--account-name",
            "kubernetes.service-account",
            "-Dkubernetes.service-account",
            "spark.kubernetes.authenticate.driver.serviceAccountName",
        ] {
            assert!(is_account_option(key), "{key}");
        }
        for key in [
            "",
            "a",
            "visa",
            "VISA",
            "--engine",
            "sas",
            "spark.app.name",
            "queue",
            "ä",
            "--",
            "accounting",
            "spark.kubernetes.namespace",
        ] {
            assert!(!is_account_option(key), "{key}");
        }
    }

    #[test]
    fn how_keys_name_secrets() {
        use SecretKey::{Named, Object, Selector};
        for (key, expected) in [
            ("secretName", Some(Named)),
            ("caBundleSecretRef", Some(Named)),
            ("credentialsSecret", Some(Named)),
            ("tls-secret", Some(Named)),
            ("clientSecret", Some(Object)),
            ("secretKeyRef", Some(Object)),
            ("secretTargetRef", Some(Object)),
            ("secret", Some(Object)),
            ("password", Some(Selector)),
            ("secretStoreRef", None),
            ("secretTemplate", None),
            ("externalSecretName", None),
            ("imagePullSecrets", None),
            ("name", None),
        ] {
            assert_eq!(Plain::of(key).secret(), expected, "{key}");
        }
        for key in ["writeConnectionSecretToRef", "outputSecretRef"] {
            assert!(Plain::of(key).is_written(), "{key}");
        }
    }

    #[test]
    fn patterns() {
        let path = |text: &str| -> Vec<Step<'static>> {
            let steps = text.split('/');
            steps
                .map(|step| match step.parse() {
                    Ok(index) => Step::Index(index),
                    Err(_) => Step::Key(Text::from(&*step.to_owned().leak())),
                })
                .collect()
        };
        for (at, pattern, expected) in [
            ("spec/role", "spec.role", true),
            ("spec/tasks/3/role", "spec.tasks[].role", true),
            ("spec/roles", "spec.role", false),
            ("spec", "spec.role", false),
            ("spec/role/name", "spec.role", false),
            ("spec/x/role", "spec.*.role", true),
            ("metadata/annotations/a.b", "metadata.annotations.a.b", true),
        ] {
            assert_eq!(is_at(&path(at), pattern), expected, "{at} {pattern}");
        }
    }
}
