//! Pods that would get round their chain, or that a chain would break: each is legal
//! where rolegate is not, and refused or put right where it is.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::job::{self, Job, set_variable};
use super::scene::{self, CONFIG, DRIVER, ROLE_1, ROLE_2, ROLE_3};
use crate::harness::Namespace;
use crate::harness::http::Answer;
use crate::harness::sdk::{From, Sdk};

const HIDDEN: fn(&str) -> Value = |name| json!({"name": name, "valueFrom": {"configMapKeyRef": {"name": "mine", "key": "k", "optional": true}}});

/// A pod that is sent to a namespace without rolegate, as it is.
#[track_caller]
fn assert_works_without_rolegate(job: &Job, pod: &Value) {
    static OPEN: LazyLock<String> = LazyLock::new(|| {
        let cluster = scene::job("mode-profile").namespace.cluster;
        let open = Namespace::unmanaged(cluster);
        for component in job::COMPONENTS {
            open.service_account(&job::account(component));
        }
        open.name
    });
    let cluster = job.namespace.cluster;
    let mut pod = pod.clone();
    pod["metadata"]["namespace"] = OPEN.as_str().into();
    let path = format!("/api/v1/namespaces/{}/pods?dryRun=All", *OPEN);
    let request = cluster.request(cluster.admin(), "POST", &path);
    request.json(&pod).send().expect_status(201);
}

/// Sends a driver after an edit; it is legal without rolegate.
fn send(namespace: &str, edit: impl FnOnce(&mut Value)) -> Answer {
    let job = scene::job(namespace);
    let mut pod = job.driver_pod();
    edit(&mut pod);
    assert_works_without_rolegate(&job, &pod);
    job.submit("pods?dryRun=All", &pod)
}

/// Such a driver is refused by `rule`, in these words.
#[track_caller]
fn refused(namespace: &str, rule: &str, words: &str, edit: impl FnOnce(&mut Value)) {
    let answer = send(namespace, edit);
    assert!(answer.refused_by_webhook(), "{words}: {}", answer.body);
    for text in [rule, words] {
        assert!(answer.message().contains(text), "{text}: {}", answer.body);
    }
}

fn push(object: &mut Value, list: &str, item: Value) {
    if object[list].is_null() {
        object[list] = json!([]);
    }
    object[list].as_array_mut().expect("a list").push(item);
}

fn code(pod: &mut Value) -> &mut Value {
    let containers = pod["spec"]["containers"].as_array_mut();
    let mut containers = containers.into_iter().flatten();
    containers
        .find(|one| one["name"] == DRIVER)
        .expect("a driver")
}

/// The value of a variable in a container of a stored pod.
fn value<'p>(pod: &'p Value, container: &str, name: &str) -> Option<&'p str> {
    let spec = &pod["spec"];
    let lists = [&spec["containers"], &spec["initContainers"]];
    let mut containers = lists.into_iter().filter_map(Value::as_array).flatten();
    let container = containers.find(|one| one["name"] == container)?;
    let env = container["env"].as_array()?.iter();
    let mut env = env.rev().filter(|variable| variable["name"] == name);
    Some(env.next()?["value"].as_str().unwrap_or_default())
}

/// H1: the session has the name of the pod that Kubernetes really makes.
#[test]
fn h1_sessions_are_named_after_the_pod() {
    let job = scene::job("profiles");
    let cluster = job.namespace.cluster;
    let session = |metadata: Value| {
        let mut pod = job.driver_pod();
        pod["metadata"] = metadata;
        assert_works_without_rolegate(&job, &pod);
        let path = job.namespace.core("pods?dryRun=All");
        let request = cluster.request(cluster.admin(), "POST", &path);
        let stored = request.json(&pod).send().expect_status(201).json();
        let text = stored["metadata"]["annotations"][CONFIG]
            .as_str()
            .unwrap_or_default();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("role_session_name = "));
        line.expect("a session's name").to_owned()
    };
    let other = "0000000337okspsc999";
    let prefix = format!("spark-{other}-driver-");
    assert_eq!(
        session(json!({"name": "pi-h1", "generateName": prefix})),
        "emr-pi-h1"
    );
    assert_eq!(session(json!({"name": other})), format!("emr-pod-{other}"));
    assert_eq!(session(json!({"generateName": "pi-"})), "emr-pi");
}

/// H2: a variable that decides the identity and comes from elsewhere.
#[test]
fn h2_hidden_variables_are_refused_whatever_the_token() {
    for namespace in [
        "own-token",
        "mode-exclusive",
        "mode-java-v2",
        "mode-pod-identity",
    ] {
        for name in [
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_ROLE_ARN",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        ] {
            let words = format!("takes {name} from another object");
            refused(namespace, "chain-profile", &words, |pod| {
                push(code(pod), "env", HIDDEN(name));
            });
        }
    }
}

/// H3: options of Java after rolegate's, or that nobody sees.
#[test]
fn h3_java_options_that_undo_the_mode() {
    let token = "-Daws.webIdentityTokenFile=/tmp/token";
    for (name, text) in [
        ("_JAVA_OPTIONS", token),
        ("JDK_JAVA_OPTIONS", token),
        ("JDK_JAVA_OPTIONS", "@/tmp/options"),
        ("JDK_JAVA_OPTIONS", "$(OPTIONS)"),
        ("SPARK_JAVA_OPT_0", token),
        ("JAVA_TOOL_OPTIONS", "-XX:VMOptionsFile=/tmp/options"),
        ("JAVA_TOOL_OPTIONS", "-Daws.webIdentityTokenFile= -Dx='"),
        ("JAVA_TOOL_OPTIONS", "'-Daws.roleArn'=x"),
        ("JVM_ARGS", token),
        ("FLINK_ENV_JAVA_OPTS_TM", token),
        (
            "PYSPARK_SUBMIT_ARGS",
            "--driver-java-options -Daws.profile=x",
        ),
        ("SPARK_SUBMIT_OPTS", r"-D\aws.profile=x"),
    ] {
        refused("mode-java-v2", "chain-profile", name, |pod| {
            set_variable(pod, name, text);
        });
    }
    refused("mode-java-v2", "chain-profile", "its arguments", |pod| {
        let conf = format!("spark.driver.extraJavaOptions={token}");
        for argument in ["--conf", &conf] {
            push(code(pod), "args", argument.into());
        }
    });
    refused("mode-java-v2", "chain-profile", "its arguments", |pod| {
        let conf = "spark.driver.extraJavaOptions=-D\"aws.profile\"=x";
        push(code(pod), "args", conf.into());
    });
    // Another variable brings them along.
    refused(
        "mode-java-v2",
        "chain-profile",
        "JAVA_TOOL_OPTIONS",
        |pod| {
            set_variable(pod, "MORE", "y -Daws.profile=rolegate-source");
            set_variable(pod, "JAVA_TOOL_OPTIONS", "-Dx=$(MORE)");
        },
    );
    // What is harmless stays, before rolegate's option.
    let options = "-Daws.webIdentityTokenFile= -Dhost='$(POD_IP)'";
    let answer = send("mode-java-v2", |pod| {
        set_variable(pod, "JAVA_TOOL_OPTIONS", options);
    });
    let stored = answer.expect_status(201).json();
    let expected = format!("{options} -Daws.webIdentityTokenFile=");
    assert_eq!(
        value(&stored, DRIVER, "JAVA_TOOL_OPTIONS"),
        Some(&*expected)
    );
}

/// H4: EMR's own variable names a role that the policy does not list.
#[test]
fn h4_every_variable_that_names_a_role_is_a_request() {
    let name = "ASSUME_ROLE_CREDENTIALS_ROLE_ARN";
    let foreign = "arn:aws:iam::444455556666:role/somebody-elses";
    for namespace in ["asked", "mode-profile"] {
        refused(namespace, "chain-profile", foreign, |pod| {
            set_variable(pod, name, foreign);
        });
    }
    refused("asked", "chain-profile", "two different chains", |pod| {
        set_variable(pod, name, ROLE_3);
        pod["metadata"]["annotations"]["rolegate.dev/chain-to"] = ROLE_2.into();
    });
    let answer = send("asked", |pod| set_variable(pod, name, ROLE_2));
    let stored = answer.expect_status(201).json();
    assert!(stored["metadata"]["annotations"][CONFIG].is_string());
}

/// H5, H15: paths that lead to the profile by links or dots, and devices.
#[test]
fn h5_nothing_is_mounted_where_the_profile_belongs() {
    for path in [
        "/var/run/../var/run/secrets/rolegate.dev/aws/config",
        "/var/lock/../secrets/rolegate.dev/aws",
        "/run/secrets/rolegate.dev/aws/config",
        "/opt/../run/secrets",
        "/run//secrets",
        "/opt/rolegate.dev",
    ] {
        refused(
            "mode-profile",
            "chain-profile",
            "mounts something else",
            |pod| {
                push(
                    code(pod),
                    "volumeMounts",
                    json!({"name": "home-dir", "mountPath": path}),
                );
            },
        );
    }
    let config = "/var/run/secrets/rolegate.dev/aws/config";
    let device = |pod: &mut Value, volume: &str, path: &str| {
        push(
            code(pod),
            "volumeDevices",
            json!({"name": volume, "devicePath": path}),
        );
        let claim = json!({"name": volume, "persistentVolumeClaim": {"claimName": "c"}});
        push(&mut pod["spec"], "volumes", claim);
    };
    for (volume, path) in [("disk", config), ("rolegate-aws-config", "/dev/xvda")] {
        // A legal pod stays legal: it gets no profile, and a warning. A volume of
        // rolegate's name is refused for that where there is a mode.
        let namespace = if volume == "disk" {
            "profiles"
        } else {
            "no-mode-default"
        };
        let answer = send(namespace, |pod| device(pod, volume, path)).expect_status(201);
        let said = answer.warnings().join("\n");
        assert!(said.contains("mounts something else"), "{said}");
        refused(
            "mode-profile",
            "chain-profile",
            "mounts something else",
            |pod| {
                device(pod, volume, path);
            },
        );
    }
}

/// H6: files, profiles, keys and endpoints of the container's own.
#[test]
fn h6_own_settings_of_every_kind() {
    for (name, text) in [
        ("AWS_CREDENTIAL_PROFILES_FILE", "/opt/credentials"),
        ("AWS_ENDPOINT_URL_STS", "https://sts.example"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:8080"),
        ("AMAZON_ACCESS_KEY_ID", "AKIAEXAMPLE"),
        ("JAVA_TOOL_OPTIONS", "-Daws.accessKeyId=AKIAEXAMPLE"),
        ("JAVA_TOOL_OPTIONS", "-Daws.profile=mine"),
    ] {
        refused("mode-profile", "chain-profile", name, |pod| {
            set_variable(pod, name, text);
        });
    }
    let files = "AWS files of its own";
    for (mount, home) in [
        ("/home/hadoop/.aws", None),
        ("/home/hadoop/.aws/credentials", None),
        ("/opt/home/.aws", Some("/opt/home")),
        ("/opt/home", Some("/opt/home")),
        ("/opt", Some("/opt/home")),
    ] {
        refused("mode-profile", "chain-profile", files, |pod| {
            push(
                &mut pod["spec"],
                "volumes",
                json!({"name": "mine", "configMap": {"name": "mine"}}),
            );
            push(
                code(pod),
                "volumeMounts",
                json!({"name": "mine", "mountPath": mount}),
            );
            if let Some(home) = home {
                set_variable(pod, "HOME", home);
            }
        });
    }
    refused("mode-profile", "chain-profile", "envFrom", |pod| {
        push(
            code(pod),
            "envFrom",
            json!({"secretRef": {"name": "mine", "optional": true}}),
        );
    });
    // A prefix shows that no key is one of AWS's; an empty home is no setting.
    let answer = send("mode-profile", |pod| {
        let from = json!({"prefix": "APP_", "configMapRef": {"name": "mine", "optional": true}});
        push(code(pod), "envFrom", from);
        set_variable(pod, "HOME", "/home/hadoop");
        set_variable(
            pod,
            "AWS_ENDPOINT_URL_STS",
            "https://sts.us-west-2.amazonaws.com",
        );
    });
    let stored = answer.expect_status(201).json();
    assert!(stored["metadata"]["annotations"][CONFIG].is_string());
}

/// H7: a legal pod is not made illegal.
#[test]
fn h7_annotations_that_leave_no_room() {
    let fill = |pod: &mut Value, room: usize| {
        let annotations = pod["metadata"]["annotations"].as_object().cloned();
        let sizes = annotations.unwrap_or_default();
        let used: usize = sizes
            .iter()
            .map(|(key, value)| key.len() + value.as_str().map_or(0, str::len))
            .sum();
        let text = "x".repeat(256 * 1024 - used - "fill".len() - room);
        pod["metadata"]["annotations"]["fill"] = text.into();
    };
    let answer = send("profiles", |pod| fill(pod, 200)).expect_status(201);
    let said = answer.warnings().join("\n");
    assert!(said.contains("no room for the profile"), "{said}");
    refused("mode-profile", "chain-profile", "no room", |pod| {
        fill(pod, 200);
    });
    let answer = send("mode-profile", |pod| fill(pod, 2000)).expect_status(201);
    assert!(answer.json()["metadata"]["annotations"][CONFIG].is_string());
}

/// H8: with `required`, whatever runs in the pod runs with the chain.
#[test]
fn h8_every_container_of_a_required_chain() {
    let image = "public.ecr.aws/docker/library/busybox:1";
    let answer = send("mode-exclusive", |pod| {
        let spec = &mut pod["spec"];
        push(
            spec,
            "containers",
            json!({"name": "worker", "image": image}),
        );
        push(
            spec,
            "initContainers",
            json!({"name": "first", "image": image}),
        );
        let native = json!({"name": "native", "image": image, "restartPolicy": "Always"});
        push(spec, "initContainers", native);
        for container in spec["containers"].as_array_mut().into_iter().flatten() {
            if container["name"] == "emr-container-fluentd" {
                container["image"] = image.into();
            }
        }
    });
    let stored = answer.expect_status(201).json();
    for container in [DRIVER, "worker", "first", "native", "emr-container-fluentd"] {
        let file = value(&stored, container, "AWS_CONFIG_FILE");
        assert_eq!(
            file,
            Some("/var/run/secrets/rolegate.dev/aws/config"),
            "{container}"
        );
        assert_eq!(
            value(&stored, container, "AWS_WEB_IDENTITY_TOKEN_FILE"),
            Some("")
        );
    }
    scene::assert_is(ROLE_2, (Sdk::Go, From::DefaultChain), (&stored, "worker"));
    // Where rolegate does not mutate, each of them is refused.
    let job = scene::job("no-label");
    for list in ["containers", "initContainers"] {
        let mut pod = job.own(&job::as_sent(&stored));
        let containers = pod["spec"][list].as_array_mut().expect("a list");
        let last = containers.last_mut().expect("some");
        last["env"]
            .as_array_mut()
            .expect("some")
            .retain(|one| one["name"] != "AWS_CONFIG_FILE");
        let answer = job.submit("pods?dryRun=All", &pod);
        assert!(
            answer.message().contains("chain-profile"),
            "{}",
            answer.body
        );
    }
}

/// H10: containers with different sources, in both orders of the webhooks.
#[test]
fn h10_the_order_of_the_webhooks_makes_no_difference() {
    let pods = ["two", "front-two"].map(|namespace| {
        let answer = send(namespace, |pod| {
            // Its own token, which it has before EKS's webhook is called.
            let token = json!({"audience": "sts.amazonaws.com", "path": "token"});
            let sources = json!([{"serviceAccountToken": token}]);
            push(
                &mut pod["spec"],
                "volumes",
                json!({"name": "t", "projected": {"sources": sources}}),
            );
            push(
                &mut pod["spec"],
                "containers",
                json!({
                    "name": "worker",
                    "image": "public.ecr.aws/docker/library/busybox:1",
                    "env": [
                        {"name": "AWS_ROLE_ARN", "value": ROLE_1},
                        {"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": "/opt/t/token"},
                    ],
                    "volumeMounts": [{"name": "t", "mountPath": "/opt/t"}],
                }),
            );
        });
        answer.expect_status(201).json()
    });
    let [after, before] = &pods;
    for container in [DRIVER, "worker"] {
        for name in [
            "AWS_CONFIG_FILE",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_ROLE_ARN",
        ] {
            let [one, other] = [after, before].map(|pod| value(pod, container, name));
            assert_eq!(one, other, "{container} {name}");
        }
    }
    let text = |pod: &Value| {
        let text = pod["metadata"]["annotations"][CONFIG]
            .as_str()
            .unwrap_or_default();
        let lines = text
            .lines()
            .filter(|line| !line.starts_with("role_session_name"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(text(after), text(before));
    assert!(!text(after).is_empty());
}

/// H11: the token at the path of rolegate's own, which it is not.
#[test]
fn h11_a_token_at_rolegates_path() {
    let edit = |pod: &mut Value| {
        set_variable(pod, "AWS_ROLE_ARN", ROLE_1);
        let path = "/var/run/secrets/rolegate.dev/token/token";
        set_variable(pod, "AWS_WEB_IDENTITY_TOKEN_FILE", path);
    };
    refused(
        "mode-exclusive",
        "chain-profile",
        "mode exclusive needs the token",
        edit,
    );
}

/// H12: who asks and has settings of its own is refused.
#[test]
fn h12_asked_and_not_given_is_refused() {
    refused("asked", "chain-profile", "sets AWS_PROFILE itself", |pod| {
        set_variable(pod, "AWS_PROFILE", "mine");
        pod["metadata"]["annotations"]["rolegate.dev/chain-to"] = ROLE_2.into();
    });
}

/// H13: what the pod brings of rolegate's is put right in every part.
#[test]
fn h13_presets_are_put_right() {
    let job = scene::job("own-token");
    let right = job.submit("pods?dryRun=All", &job.driver_pod());
    let right = job::as_sent(&right.expect_status(201).json());
    let edits: [fn(&mut Value); 3] = [
        |pod| {
            let volumes = pod["spec"]["volumes"].as_array_mut().into_iter().flatten();
            for volume in volumes.filter(|one| one["name"] == "rolegate-token") {
                let token = &mut volume["projected"]["sources"][0]["serviceAccountToken"];
                token["expirationSeconds"] = json!(4_294_967_296_i64);
            }
        },
        |pod| {
            let mounts = code(pod)["volumeMounts"]
                .as_array_mut()
                .into_iter()
                .flatten();
            for mount in mounts.filter(|one| one["name"] == "rolegate-aws-config") {
                mount["mountPropagation"] = "HostToContainer".into();
            }
        },
        |pod| {
            let mounts = code(pod)["volumeMounts"]
                .as_array_mut()
                .into_iter()
                .flatten();
            for mount in mounts.filter(|one| one["name"] == "rolegate-token") {
                mount["readOnly"] = false.into();
            }
        },
    ];
    for edit in edits {
        let mut pod = right.clone();
        edit(&mut pod);
        assert_ne!(pod, right);
        assert_works_without_rolegate(&job, &pod);
        let answer = job.submit("pods?dryRun=All", &pod).expect_status(201);
        assert_eq!(job::as_sent(&answer.json())["spec"], right["spec"]);
    }
}

/// H14: without a mode nobody refuses, so a preset text is taken out.
#[test]
fn h14_a_preset_profile_where_nobody_refuses() {
    let answer = send("no-mode", |pod| {
        pod["metadata"]["annotations"][CONFIG] = "[default]\ncredential_process = id\n".into();
    });
    let stored = answer.expect_status(201).json();
    assert_eq!(stored["metadata"]["annotations"][CONFIG], "");
}

/// H16: the mode starts from EKS Pod Identity, and the pod has IRSA.
#[test]
fn h16_the_other_source_is_told() {
    let answer = send("irsa-for-pod-identity", |_| {}).expect_status(201);
    let said = answer.warnings().join("\n");
    assert!(said.contains("has credentials by IRSA"), "{said}");
}

/// H17, H18: the credentials of another identity, in a pod and in a template.
#[test]
fn h17_credentials_of_another_identity() {
    let role = "arn:aws:iam::111122223333:role/somebody-elses";
    for (rule, name, text) in [
        ("execution-role", "AWS_ROLE_ARN", role),
        (
            "credential-provider",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "http://127.0.0.1:8080/x",
        ),
        (
            "credential-provider",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "/x",
        ),
        (
            "credential-provider",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN",
            "x",
        ),
    ] {
        refused("asked", rule, name, |pod| {
            set_variable(pod, name, text);
        });
        let job = scene::job("asked");
        let mut pod = job.driver_pod();
        set_variable(&mut pod, name, text);
        let cluster = job.namespace.cluster;
        let template = json!({
            "apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": "h17"},
            "template": {"metadata": {"labels": pod["metadata"]["labels"]}, "spec": pod["spec"]},
        });
        let path = job.namespace.core("podtemplates?dryRun=All");
        let request = cluster.request(cluster.emr(), "POST", &path);
        let answer = request.json(&template).send();
        assert!(answer.message().contains(rule), "{}", answer.body);
    }
    refused(
        "asked",
        "credential-provider",
        "without the credentials",
        |pod| {
            let token = json!({"audience": "vault", "path": "token"});
            let sources = json!([{"serviceAccountToken": token}]);
            push(
                &mut pod["spec"],
                "volumes",
                json!({"name": "t", "projected": {"sources": sources}}),
            );
            push(
                code(pod),
                "volumeMounts",
                json!({"name": "t", "mountPath": "/opt/t"}),
            );
            set_variable(pod, "AWS_ROLE_ARN", ROLE_1);
            set_variable(pod, "AWS_WEB_IDENTITY_TOKEN_FILE", "/opt/t/token");
        },
    );
}

/// H19: both pairs of names by which AWS's guide has asked.
#[test]
fn h19_the_guides_names_of_today() {
    let foreign = "arn:aws:iam::444455556666:role/somebody-elses";
    let ask = |role: &'static str| {
        move |pod: &mut Value| {
            set_variable(pod, "ROLE_1_ARN", ROLE_1);
            set_variable(pod, "ROLE_2_ARN", role);
        }
    };
    refused("asked", "chain-profile", foreign, ask(foreign));
    let answer = send("asked", ask(ROLE_3)).expect_status(201);
    let stored = answer.json();
    let text = stored["metadata"]["annotations"][CONFIG].as_str();
    assert!(text.is_some_and(|text| text.contains(ROLE_3)), "{text:?}");
}
