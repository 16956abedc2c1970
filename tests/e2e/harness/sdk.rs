//! Real AWS SDKs. Each client is a short program in `tests/e2e/clients`: it prints the ARN
//! of the role whose credentials its SDK finds.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::Value;

use super::aws::{Aws, moto};
use super::kubelet::Container;
use super::{dirs, install};

const JS_MAIN: &str = include_str!("../clients/js/client.mjs");
const JS2_MAIN: &str = include_str!("../clients/js2/client.js");
const JS2_PACKAGE: &str = include_str!("../clients/js2/package.json");
const JS2_LOCK: &str = include_str!("../clients/js2/package-lock.json");
const JS_PACKAGE: &str = include_str!("../clients/js/package.json");
const JS_LOCK: &str = include_str!("../clients/js/package-lock.json");
const RUST_MAIN: &str = include_str!("../clients/rust/src/main.rs");
const RUST_TOML: &str = include_str!("../clients/rust/Cargo.toml");
const RUST_LOCK: &str = include_str!("../clients/rust/Cargo.lock");
const JAVA_MAIN: &str = include_str!("../clients/java/Client.java");
const JAVA_POM: &str = include_str!("../clients/java/pom.xml");
const JAVA_SUMS: &str = include_str!("../clients/java/jars.sha256");
const JAVA1_MAIN: &str = include_str!("../clients/java1/Client.java");
const JAVA1_POM: &str = include_str!("../clients/java1/pom.xml");
const JAVA1_SUMS: &str = include_str!("../clients/java1/jars.sha256");
const GO_MAIN: &str = include_str!("../clients/go/main.go");
const GO_MOD: &str = include_str!("../clients/go/go.mod");
const GO_SUM: &str = include_str!("../clients/go/go.sum");
const GO1_MAIN: &str = include_str!("../clients/go1/main.go");
const GO1_MOD: &str = include_str!("../clients/go1/go.mod");
const GO1_SUM: &str = include_str!("../clients/go1/go.sum");

/// The SDKs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sdk {
    Boto3,
    Cli,
    JavaScript,
    Rust,
    Java,
    Go,
    /// AWS has ended support for this one and the next two; many jobs still use them.
    Go1,
    JavaScript2,
    Java1,
}

/// Where a client takes its credentials from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From<'a> {
    /// Whatever its SDK does by default.
    DefaultChain,
    /// A profile that the program names itself.
    Profile(&'a str),
}

impl Sdk {
    /// Those that AWS still maintains.
    pub(crate) const ALL: [Self; 6] = [
        Self::Boto3,
        Self::Cli,
        Self::JavaScript,
        Self::Rust,
        Self::Java,
        Self::Go,
    ];

    /// Its name in messages and tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Boto3 => "boto3",
            Self::Cli => "AWS CLI v1",
            Self::JavaScript => "JavaScript SDK v3",
            Self::Rust => "Rust SDK",
            Self::Java => "Java SDK v2",
            Self::Go => "Go SDK v2",
            Self::Go1 => "Go SDK v1",
            Self::JavaScript2 => "JavaScript SDK v2",
            Self::Java1 => "Java SDK v1",
        }
    }

    /// The version of the SDK, as its lock file has it.
    pub(crate) fn version(self) -> &'static str {
        let (file, before) = match self {
            Self::Boto3 => (moto::REQUIREMENTS, "\nboto3=="),
            Self::Cli => (moto::REQUIREMENTS, "awscli=="),
            Self::JavaScript => (JS_PACKAGE, "client-sts\": \""),
            Self::JavaScript2 => (JS2_PACKAGE, "aws-sdk\": \""),
            Self::Rust => (RUST_LOCK, "name = \"aws-config\"\nversion = \""),
            Self::Java => (JAVA_POM, "<artifactId>bom</artifactId>\n        <version>"),
            Self::Java1 => (JAVA1_POM, "-sts</artifactId>\n      <version>"),
            Self::Go => (GO_MOD, "aws-sdk-go-v2 v"),
            Self::Go1 => (GO1_MOD, "aws-sdk-go v"),
        };
        version(file, before)
    }

    /// Runs the client in a container. Gives the ARN of its role, or what it printed if it
    /// failed.
    pub(crate) fn identity(
        self,
        from: From<'_>,
        container: &Container,
        aws: &Aws,
    ) -> Result<String, String> {
        let mut program = self.program();
        program.extend(match (self, from) {
            (_, From::DefaultChain) => vec![],
            (Self::Cli, From::Profile(name)) => vec!["--profile".to_owned(), name.to_owned()],
            (_, From::Profile(name)) => vec!["profile".to_owned(), name.to_owned()],
        });
        let output = run(&program, container, aws);
        let printed = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            return Err(format!(
                "{} ended with {}\n{printed}{}",
                self.name(),
                output.status,
                String::from_utf8_lossy(&output.stderr)
            ));
        }
        let identity: Value = serde_json::from_str(&printed)
            .unwrap_or_else(|e| panic!("{} printed {printed:?}: {e}", self.name()));
        let arn = identity["arn"].as_str().or(identity["Arn"].as_str());
        Ok(arn.expect("every client prints an ARN").to_owned())
    }

    /// The command and its first arguments. Installs it on first use.
    fn program(self) -> Vec<String> {
        static JS: LazyLock<PathBuf> =
            LazyLock::new(|| js("js", [JS_PACKAGE, JS_LOCK], ("client.mjs", JS_MAIN)));
        static JS2: LazyLock<PathBuf> =
            LazyLock::new(|| js("js2", [JS2_PACKAGE, JS2_LOCK], ("client.js", JS2_MAIN)));
        static RUST: LazyLock<PathBuf> = LazyLock::new(rust);
        static JAVA: LazyLock<PathBuf> =
            LazyLock::new(|| java("java", JAVA_MAIN, [JAVA_POM, JAVA_SUMS]));
        static JAVA1: LazyLock<PathBuf> =
            LazyLock::new(|| java("java1", JAVA1_MAIN, [JAVA1_POM, JAVA1_SUMS]));
        static GO: LazyLock<PathBuf> = LazyLock::new(|| go("go", &[GO_MAIN, GO_MOD, GO_SUM]));
        static GO1: LazyLock<PathBuf> = LazyLock::new(|| go("go1", &[GO1_MAIN, GO1_MOD, GO1_SUM]));
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        match self {
            Self::Boto3 => words(&[&interpreter(), &source("python/client.py")]),
            Self::Cli => words(&[
                &at(&moto::python(), "bin/aws"),
                "sts",
                "get-caller-identity",
                "--output=json",
            ]),
            Self::JavaScript => words(&["node", &at(&JS, "client.mjs")]),
            Self::JavaScript2 => words(&["node", &at(&JS2, "client.js")]),
            Self::Rust => words(&[&at(&RUST, "client")]),
            Self::Java | Self::Java1 => {
                let dir = if self == Self::Java { &JAVA } else { &JAVA1 };
                let class_path = format!(".:{}:{}", at(dir, "classes"), at(dir, "lib/*"));
                words(&["java", "-cp", &class_path, "Client"])
            }
            Self::Go => words(&[&at(&GO, "client")]),
            Self::Go1 => words(&[&at(&GO1, "client")]),
        }
    }
}

/// The version of the pyarrow that brings the C++ SDK.
pub(crate) fn pyarrow() -> &'static str {
    version(moto::REQUIREMENTS, "\npyarrow==")
}

/// The version of the Hadoop whose S3A uses the first Java SDK.
pub(crate) fn hadoop() -> &'static str {
    version(JAVA1_POM, "hadoop-aws</artifactId>\n      <version>")
}

/// What a lock file has behind `before`.
fn version(file: &'static str, before: &str) -> &'static str {
    let (_, version) = file
        .split_once(before)
        .expect("the lock file names the SDK");
    let is_end = |next: char| next.is_whitespace() || ['"', '<'].contains(&next);
    version.split(is_end).next().unwrap_or_default()
}

/// Lists `s3a://bucket/` by Hadoop 3.3's S3A, configured as the page has it.
pub(crate) fn s3a_33(container: &Container, aws: &Aws) -> Output {
    let mut program = Sdk::Java1.program();
    program.push("s3a".to_owned());
    run(&program, container, aws)
}

/// What `make reader-table` installs.
const READERS: &str = include_str!("../clients/readers/requirements.txt");

/// Reads `s3://bucket/in` by a library of `clients/readers`.
pub(crate) fn reader(library: &str, container: &Container, aws: &Aws) -> Output {
    let advice = "pip needs to reach PyPI once, for 200 MB";
    let python = install::venv("aws-readers", READERS, advice);
    let trusted = container.home.join("authority.pem");
    dirs::write(&trusted, Aws::authority());
    let mut command = Command::new("timeout");
    command.arg("60").arg(at(&python, "bin/python")).args([
        source("readers/reader.py"),
        library.to_owned(),
        aws.url(),
    ]);
    enter(&mut command, container, aws)
        .env("AWS_ENDPOINT_URL_STS", aws.https_url())
        .env("SSL_CERT_FILE", &trusted)
        .env("AWS_CA_BUNDLE", &trusted)
        .output()
        .unwrap_or_else(|e| panic!("cannot run {library}: {e}"))
}

/// The release of such a library.
pub(crate) fn reader_version(package: &str) -> &'static str {
    // Of several, for several Pythons, the last one is the newest.
    let name = format!("\n{package}==");
    let (_, version) = READERS.rsplit_once(&name).expect("a locked package");
    version.split_whitespace().next().unwrap_or_default()
}

/// Runs a script of the repository with the Python that has boto3.
pub(crate) fn python(script: &str, args: &[&str], container: &Container, aws: &Aws) -> Output {
    let mut program = vec![interpreter(), repository(script)];
    program.extend(args.iter().map(|arg| (*arg).to_owned()));
    run(&program, container, aws)
}

/// The Python that has boto3.
pub(super) fn interpreter() -> String {
    at(&moto::python(), "bin/python")
}

/// A file of the repository.
pub(super) fn repository(path: &str) -> String {
    at(Path::new(env!("CARGO_MANIFEST_DIR")), path)
}

/// Runs a program to its end, as the container's process.
fn run(program: &[String], container: &Container, aws: &Aws) -> Output {
    // A client that takes longer than a minute is ended, and its test fails.
    let mut command = Command::new("timeout");
    command.arg("60").args(program);
    enter(&mut command, container, aws)
        .output()
        .unwrap_or_else(|e| panic!("cannot run {program:?}: {e}"))
}

/// Gives a command the environment of a container only: none of the variables of the
/// developer's shell, such as keys, a profile or a proxy.
pub(super) fn enter<'c>(
    command: &'c mut Command,
    container: &Container,
    aws: &Aws,
) -> &'c mut Command {
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs(std::env::var_os("JAVA_HOME").map(|java| ("JAVA_HOME", java)))
        .env("HOME", &container.home)
        .envs(&container.env)
        // Go's SDK reads only the second name for the STS calls that its credentials
        // make.
        .env("AWS_ENDPOINT_URL", aws.url())
        .env("AWS_ENDPOINT_URL_STS", aws.url())
        // These tests do not cover the node's role.
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .current_dir(&container.home)
}

fn js(folder: &str, [package, lock]: [&str; 2], (name, main): (&str, &str)) -> PathBuf {
    install::need("node", &["--version"], "Node.js 18 or newer");
    install::need("npm", &["--version"], "npm");
    install::once(&format!("aws-{folder}"), &[package, lock, main], |dir| {
        dirs::write(&dir.join("package.json"), package);
        dirs::write(&dir.join("package-lock.json"), lock);
        dirs::write(&dir.join(name), main);
        let mut npm = Command::new("npm");
        npm.current_dir(dir)
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        install::run(&mut npm, "npm needs to reach its registry once");
    })
}

fn rust() -> PathBuf {
    install::once("aws-rust", &[RUST_MAIN, RUST_TOML, RUST_LOCK], |dir| {
        let target = dir.join("target");
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["build", "--quiet", "--locked", "--manifest-path"])
            .arg(source("rust/Cargo.toml"))
            .arg("--target-dir")
            .arg(&target);
        install::run(&mut cargo, "cargo needs to reach crates.io once");
        let built = target.join("debug/rolegate-e2e-client");
        std::fs::rename(built, dir.join("client")).expect("cargo built it");
        let _ = std::fs::remove_dir_all(target);
    })
}

fn java(folder: &str, main: &str, [pom, sums]: [&str; 2]) -> PathBuf {
    install::need("javac", &["-version"], "a JDK 17 or newer, not only a JRE");
    install::once(&format!("aws-{folder}"), &[main, pom, sums], |dir| {
        install::jars(dir, pom, sums);
        let mut javac = Command::new("javac");
        javac
            .arg("-cp")
            .arg(dir.join("lib/*"))
            .arg("-d")
            .arg(dir.join("classes"))
            .arg(source(&format!("{folder}/Client.java")));
        install::run(&mut javac, "the client compiles with JDK 17");
    })
}

fn go(folder: &str, sources: &[&str]) -> PathBuf {
    install::need("go", &["version"], "Go 1.26 or newer");
    install::once(&format!("aws-{folder}"), sources, |dir| {
        let mut go = Command::new("go");
        go.current_dir(source(folder))
            .env("CGO_ENABLED", "0")
            .args(["build", "-trimpath", "-o"])
            .arg(dir.join("client"))
            .arg(".");
        install::run(&mut go, "go needs to reach its module proxy once");
    })
}

fn at(dir: &Path, rest: &str) -> String {
    dir.join(rest).display().to_string()
}

/// A file of `tests/e2e/clients`.
fn source(path: &str) -> String {
    repository(&format!("tests/e2e/clients/{path}"))
}
