//! AWS's guide to role chaining, as people follow it: both of its pairs of variables
//! and what becomes of them when half is written, its pod templates, and what a pod's
//! author is told.

use crate::support::chain::{
    CHAIN_TO, ROLE_1, ROLE_2, ROLE_3, account, annotate, bare, by_default, chained, create, driver,
    irsa, list, policy, push, runner, set, spark, text,
};
use crate::support::{Review, judge};
use rolegate_core::decision::Door;
use rolegate_core::policy::Policy;
use rolegate_core::request::AdmissionReview;
use serde_json::{Value, json};

const OLD: [&str; 2] = ["CLIENT_ROLE_ARN", "WEB_IDENTITY_ROLE_ARN"];
const NEW: [&str; 2] = ["ROLE_2_ARN", "ROLE_1_ARN"];
const UNLISTED: &str = "arn:aws:iam::444455556666:role/root";

/// A driver with these variables.
fn with(variables: &[(&str, &str)]) -> Value {
    let mut pod = irsa();
    for (name, value) in variables {
        set(spark(&mut pod), name, value);
    }
    pod
}

/// Replaces the value of a variable, as a pod template does: EKS then writes none.
fn replace(pod: &mut Value, name: &str, value: &str) {
    let env = list(&mut spark(pod)["env"]);
    env.retain(|variable| variable["name"] != name);
    set(spark(pod), name, value);
}

/// A driver with the pod template of AWS's guide: the chained role in the place of
/// the execution role.
fn template(role: &str) -> Value {
    let mut pod = irsa();
    replace(&mut pod, "AWS_ROLE_ARN", role);
    pod
}

fn message(review: &Review, policy: &Policy) -> String {
    let body = review.body();
    let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
    let decision = judge(&review.request, Door::Enforce, policy).expect("a decision");
    decision.message()
}

/// The pod gets the profile of this role, and passes with it and not without.
#[track_caller]
fn asks_for(role: &str, pod: &Value, policy: &Policy) {
    let after = chained(&runner(), pod, policy);
    let first = format!("[default]\nrole_arn = {role}\nsource_profile = rolegate-source\n");
    assert!(text(&after).contains(&first), "{}", text(&after));
    let source = format!("[profile rolegate-source]\nrole_arn = {ROLE_1}\n");
    assert!(text(&after).contains(&source), "{}", text(&after));
    assert_eq!(message(&create(runner(), &after), policy), "");
    let without = message(&create(runner(), pod), policy);
    assert!(without.contains("it has no chained profile"), "{without}");
}

/// The pod is refused in words with these in them.
#[track_caller]
fn refused(pod: &Value, policy: &Policy, words: &[&str]) {
    let review = create(runner(), pod);
    let (patch, warnings) = review.mutation(policy);
    assert_eq!(patch, Value::Null);
    assert!(warnings[0].contains(words[0]), "{warnings:?}");
    let message = message(&review, policy);
    for words in words {
        assert!(message.contains(words), "{words}: {message}");
    }
}

#[test]
fn every_pair_of_names() {
    for target in [OLD[0], NEW[0]] {
        for source in [OLD[1], NEW[1]] {
            let asking = |role| with(&[(target, role), (source, ROLE_1)]);
            for policy in [policy(""), by_default(""), by_default("required: true")] {
                asks_for(ROLE_3, &asking(ROLE_3), &policy);
                let words = ["lists no chain", UNLISTED, ROLE_2, ROLE_3];
                refused(&asking(UNLISTED), &policy, &words);
                let wrong = with(&[(target, ROLE_2), (source, ROLE_3)]);
                refused(
                    &wrong,
                    &policy,
                    &[source, "111122223333/job-execution-role-1"],
                );
            }
            // The path makes no difference.
            let path = "arn:aws:iam::111122223333:role/other/job-execution-role-1";
            let pod = with(&[(target, ROLE_2), (source, path)]);
            asks_for(ROLE_2, &pod, &policy(""));
        }
    }
    // In an executor, by `spark.executorEnv`.
    let mut pod = with(&[(NEW[0], ROLE_2), (NEW[1], ROLE_1)]);
    pod["metadata"]["name"] = "etl-exec-1".into();
    pod["spec"]["serviceAccountName"] = account("executor").into();
    pod["spec"]["serviceAccount"] = account("executor").into();
    spark(&mut pod)["name"] = "spark-kubernetes-executor".into();
    assert!(text(&chained(&driver(), &pod, &policy(""))).contains(ROLE_2));
}

#[test]
fn both_pairs_at_once() {
    let both = |old: &str, new: &str| {
        with(&[
            (OLD[0], old),
            (OLD[1], ROLE_1),
            (NEW[0], new),
            (NEW[1], ROLE_1),
        ])
    };
    asks_for(ROLE_3, &both(ROLE_3, ROLE_3), &policy(""));
    refused(&both(ROLE_2, ROLE_3), &policy(""), &["two different"]);
    refused(&both(ROLE_2, UNLISTED), &policy(""), &["lists no chain"]);
    // A whole pair counts before half of the other one, which is the application's.
    let pod = with(&[(OLD[0], ROLE_3), (NEW[0], ROLE_2), (NEW[1], ROLE_1)]);
    asks_for(ROLE_2, &pod, &policy(""));
    // An annotation that says otherwise.
    let mut pod = with(&[(NEW[0], ROLE_2), (NEW[1], ROLE_1)]);
    annotate(&mut pod, CHAIN_TO, ROLE_3);
    refused(&pod, &policy(""), &["two different", "ask once"]);
}

#[test]
fn one_of_a_pair_alone() {
    for [target, source] in [OLD, NEW] {
        for policy in [policy(""), by_default(""), by_default("required: true")] {
            let plain = create(runner(), &irsa());
            // A role that the policy does not list is the application's own business.
            for pair in [(target, UNLISTED), (target, "x"), (source, ROLE_1)] {
                let review = create(runner(), &with(&[pair]));
                assert_eq!(review.findings(&policy), plain.findings(&policy));
                let (patch, _) = review.mutation(&policy);
                assert_eq!(patch.is_null(), plain.mutation(&policy).0.is_null());
            }
            // One that it lists is probably half of a request: the pod passes or not
            // as without it, and its author is told.
            let review = create(runner(), &with(&[(target, ROLE_3)]));
            assert_eq!(review.findings(&policy), plain.findings(&policy));
            let (_, warnings) = review.mutation(&policy);
            let told = format!("sets {target} without {source}");
            assert!(warnings[0].contains(&told), "{warnings:?}");
            assert!(warnings[0].contains(CHAIN_TO), "{warnings:?}");
            // Its name alone is the same slip; of a part of it nothing is said.
            let name = ROLE_3.rsplit_once('/').expect("an ARN").1;
            let review = create(runner(), &with(&[(target, name)]));
            assert_eq!(review.findings(&policy), plain.findings(&policy));
            let (_, warnings) = review.mutation(&policy);
            assert!(warnings[0].contains(&told), "{warnings:?}");
            let review = create(runner(), &with(&[(target, &name[1..])]));
            let (_, warnings) = review.mutation(&policy);
            assert!(
                warnings.iter().all(|line| !line.contains(&told)),
                "{warnings:?}"
            );
        }
        // Nothing to tell where it gets that role anyway.
        let (patch, warnings) =
            create(runner(), &with(&[(target, ROLE_2)])).mutation(&by_default(""));
        assert!(!patch.is_null());
        assert!(
            warnings.iter().all(|line| !line.contains(target)),
            "{warnings:?}"
        );
        let name = ROLE_2.rsplit_once('/').expect("an ARN").1;
        let (_, warnings) = create(runner(), &with(&[(target, name)])).mutation(&by_default(""));
        assert!(
            warnings.iter().all(|line| !line.contains(target)),
            "{warnings:?}"
        );
    }
}

#[test]
fn values_that_are_no_role() {
    for [target, source] in [OLD, NEW] {
        let ask = |role: &str, own: &str| with(&[(target, role), (source, own)]);
        let open = policy("");
        // Two empty ones ask for nothing.
        let (patch, warnings) = create(runner(), &ask("", "")).mutation(&open);
        assert_eq!((patch, warnings.len()), (Value::Null, 0));
        assert_eq!(message(&create(runner(), &ask("", "")), &open), "");
        asks_for(
            ROLE_2,
            &with(&[
                (OLD[0], ROLE_2),
                (OLD[1], ROLE_1),
                (NEW[0], ""),
                (NEW[1], ""),
            ]),
            &open,
        );
        // One empty one is a mistake, such as a shell variable that is not set.
        refused(&ask("", ROLE_1), &open, &["is empty", target, ROLE_2]);
        refused(&ask(ROLE_2, ""), &open, &[source]);
        for blank in [" ", "\t", "\n"] {
            for role in [format!("{ROLE_2}{blank}"), format!("{blank}{ROLE_2}")] {
                refused(&ask(&role, ROLE_1), &open, &["not the ARN", ROLE_3]);
            }
            refused(&ask(ROLE_2, &format!("{ROLE_1}{blank}")), &open, &[source]);
        }
        refused(
            &ask(&format!("{ROLE_2},{ROLE_3}"), ROLE_1),
            &open,
            &["not the ARN"],
        );
        // What comes from elsewhere cannot be judged.
        for (hidden, shown, value) in [(target, source, ROLE_1), (source, target, ROLE_2)] {
            let mut pod = with(&[(shown, value)]);
            let from = json!({ "configMapKeyRef": { "name": "m", "key": "k" } });
            push(
                spark(&mut pod),
                "env",
                json!({ "name": hidden, "valueFrom": from }),
            );
            refused(&pod, &open, &["takes", hidden, "ask once"]);
            let mut pod = with(&[(shown, value)]);
            set(spark(&mut pod), hidden, "$(SPARK_USER)");
            refused(&pod, &open, &["takes", hidden]);
        }
    }
}

/// AWS's guide has its pod templates write the chained role into `AWS_ROLE_ARN`, so
/// that the Java SDK's first try fails and it goes on to the profile.
#[test]
fn the_guides_pod_template() {
    // With its variables, as the guide's second job has it.
    let mut pod = template(ROLE_2);
    for (name, value) in [(NEW[0], ROLE_2), (NEW[1], ROLE_1)] {
        set(spark(&mut pod), name, value);
    }
    for policy in [policy(""), by_default(""), by_default("required: true")] {
        asks_for(ROLE_2, &pod, &policy);
    }
    // What it means for other code is said, in words with whole names.
    let (_, warnings) = create(runner(), &pod).mutation(&policy(""));
    let [warning] = &warnings[..] else {
        panic!("{warnings:?}")
    };
    assert!(
        warning.contains("AWS_ROLE_ARN names the chained role"),
        "{warning}"
    );
    assert!(!warning.contains('…'), "{warning}");
    // Alone it is enough: the same role is meant. It takes the place of the default, and
    // a pod that gets no profile passes, as one with a default does.
    for policy in [policy(""), by_default("")] {
        let after = chained(&runner(), &template(ROLE_3), &policy);
        assert!(text(&after).contains(&format!("[default]\nrole_arn = {ROLE_3}\n")));
        assert!(text(&after).contains(&format!("role_arn = {ROLE_1}\n")));
        for pod in [&after, &template(ROLE_3)] {
            assert_eq!(message(&create(runner(), pod), &policy), "");
        }
        // The second call of the webhook changes nothing.
        assert!(create(runner(), &after).mutation(&policy).0.is_null());
    }
    let required = by_default("required: true");
    let words = message(&create(runner(), &template(ROLE_3)), &required);
    assert!(words.contains("no chained profile"), "{words}");
    let after = chained(&runner(), &template(ROLE_3), &required);
    assert_eq!(message(&create(runner(), &after), &required), "");
    // In mode exclusive the variable does no harm: the token's is empty.
    let strict = by_default("mode: exclusive");
    let after = chained(&runner(), &template(ROLE_2), &strict);
    assert_eq!(message(&create(runner(), &after), &strict), "");
    // Before EKS's webhook has been called.
    let mut early = bare();
    set(spark(&mut early), "AWS_ROLE_ARN", ROLE_2);
    set(
        spark(&mut early),
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        crate::support::chain::TOKEN,
    );
    let after = chained(&runner(), &early, &policy(""));
    assert!(text(&after).contains(&format!("role_arn = {ROLE_1}\n")));
}

#[test]
fn a_template_that_says_something_else() {
    // Another role than the variables.
    let mut pod = template(ROLE_3);
    for (name, value) in [(NEW[0], ROLE_2), (NEW[1], ROLE_1)] {
        set(spark(&mut pod), name, value);
    }
    refused(&pod, &policy(""), &["two different"]);
    // A role that the policy does not list: `execution-role` says what helps.
    for policy in [policy(""), by_default(""), by_default("required: true")] {
        let words = message(&create(runner(), &template(UNLISTED)), &policy);
        for part in [
            "execution-role",
            "AWS_ROLE_ARN of container spark-kubernetes-driver",
            "leave AWS_ROLE_ARN out",
            "virtualClusters[].chains",
            ROLE_2,
            ROLE_3,
        ] {
            assert!(words.contains(part), "{part}: {words}");
        }
        assert!(!words.contains("chain-profile:"), "one cause: {words}");
    }
    // Where nothing is chained, it names no roles.
    let none = Policy::builtin();
    let words = message(&create(runner(), &template(ROLE_2)), &none);
    assert!(words.contains("leave AWS_ROLE_ARN out"), "{words}");
}

/// Five hundred roles of the longest names: the refusal and the warning name some,
/// whole, and say how many more there are.
#[test]
fn lists_of_many_roles() {
    let role = |index: usize| format!("arn:aws:iam::444455556666:role/{index:0>64}");
    let roles: Vec<_> = (0..500)
        .map(|index| format!("\"{}\"", role(index)))
        .collect();
    let many = crate::support::policy(&format!(
        "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nvirtualClusters:\n  - namespaces: [spark-a]\n    \
         chains: [{{ from: \"{ROLE_1}\", to: [{}] }}]\n",
        roles.join(", ")
    ));
    let mut pod = irsa();
    annotate(&mut pod, CHAIN_TO, ROLE_2);
    let review = create(runner(), &pod);
    let message = message(&review, &many);
    assert!(message.len() < 4_000, "{}", message.len());
    let (_, warnings) = review.mutation(&many);
    for text in [&message, &warnings[0]] {
        assert!(text.contains(&role(0)), "{text}");
        assert!(text.contains(" more"), "{text}");
        for word in text
            .split([' ', ','])
            .filter(|word| word.starts_with("arn:"))
        {
            let word = word.trim_end_matches(['.', ';']);
            let listed = (0..500).any(|index| word == role(index));
            assert!(listed || word == ROLE_2, "cut: {word}");
        }
    }
}
