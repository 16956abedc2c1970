//! A real `spark-submit`: Apache Spark's own Kubernetes client, from `PyPI`.
//!
//! What Spark sends is what rolegate must let pass, so it is not imitated.
//! Nothing runs, as there are no nodes: the client makes its objects and goes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use super::aws::Aws;
use super::cluster::Cluster;
use super::install::{self, need, run};
use super::kubelet::Container;
use super::{dirs, sdk};

const S3A_POM: &str = include_str!("../clients/s3a/pom.xml");
const S3A_SUMS: &str = include_str!("../clients/s3a/jars.sha256");

/// EMR 7.9's Spark is a 3.5; this is the last of that line on `PyPI`.
const PYSPARK: &str = "3.5.9";

/// Runs `spark-submit` with these arguments (`--master` is added) and
/// environment.
pub(crate) fn spark_submit(cluster: &Cluster, args: &[&str], env: &[(&str, &str)]) -> Output {
    let (home, bin) = (pyspark().join("home"), pyspark().join("bin"));
    Command::new(bin.join("spark-submit"))
        .args([
            "--master",
            &format!("k8s://https://127.0.0.1:{}", cluster.port),
        ])
        // The API server's certificate is signed by the run's own authority.
        .args(["--conf", "spark.kubernetes.trust.certificates=true"])
        .args(args)
        // Nothing of the developer's own: no kubeconfig, no Spark settings.
        .env_clear()
        .env("PATH", search_path(&bin))
        .envs(std::env::var_os("JAVA_HOME").map(|java| ("JAVA_HOME", java)))
        .env("HOME", &home)
        .env("KUBECONFIG", home.join("none"))
        .env("SPARK_LOCAL_IP", "127.0.0.1")
        .envs(env.iter().copied())
        .current_dir(dirs::run())
        .output()
        .unwrap_or_else(|e| panic!("cannot run spark-submit: {e}"))
}

/// Runs a `PySpark` application of the repository in a container, all of Spark in
/// one process, with S3A and these settings.
pub(crate) fn application(
    (script, args): (&str, &[&str]),
    conf: &[&str],
    container: &Container,
    aws: &Aws,
) -> Output {
    let bin = pyspark().join("bin");
    let mut command = Command::new("timeout");
    command
        .arg("180")
        .arg(bin.join("spark-submit"))
        .args(["--master=local[1]", "--conf=spark.ui.enabled=false"])
        // In front of the class path: a newer Hadoop than this Spark's own.
        .arg(format!("--driver-class-path={}/lib/*", s3a().display()))
        // A bucket's name does not go before an address.
        .arg("--conf=spark.hadoop.fs.s3a.path.style.access=true")
        .arg(format!("--conf=spark.hadoop.fs.s3a.endpoint={}", aws.url()))
        .args(conf.iter().map(|setting| format!("--conf={setting}")))
        .arg(sdk::repository(script))
        .args(args);
    sdk::enter(&mut command, container, aws)
        .env("PATH", search_path(&bin))
        .env("SPARK_LOCAL_IP", "127.0.0.1")
        .env("SPARK_HOME", spark_home())
        // The application's Python has boto3; it finds pyspark by SPARK_HOME.
        .env("PYSPARK_PYTHON", sdk::interpreter())
        .output()
        .unwrap_or_else(|e| panic!("cannot run spark-submit: {e}"))
}

/// Where pip put Spark itself.
fn spark_home() -> PathBuf {
    let lib = pyspark().join("lib");
    let mut pythons = std::fs::read_dir(&lib).into_iter().flatten().flatten();
    let found = pythons.find_map(|python| {
        let home = python.path().join("site-packages/pyspark");
        home.is_dir().then_some(home)
    });
    found.unwrap_or_else(|| panic!("no pyspark below {}", lib.display()))
}

/// Spark's scripts find it with the first python3 on the path.
fn search_path(bin: &Path) -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{}:{path}", bin.display())
}

/// The jars of S3A.
fn s3a() -> &'static Path {
    static DIR: LazyLock<PathBuf> = LazyLock::new(|| {
        install::once("s3a", &[S3A_POM, S3A_SUMS], |dir| {
            install::jars(dir, S3A_POM, S3A_SUMS);
        })
    });
    &DIR
}

/// The virtual environment with pyspark in it, made on first use.
fn pyspark() -> &'static Path {
    static DIR: LazyLock<PathBuf> = LazyLock::new(|| dirs::locked("pyspark", install));
    &DIR
}

fn install() -> PathBuf {
    need("java", &["-version"], "Java 17 (a JRE is enough)");
    let dir = dirs::base().join(format!("pyspark-{PYSPARK}"));
    let done = dir.join("complete");
    if done.is_file() {
        return dir;
    }
    need("python3", &["--version"], "Python 3");
    // A virtual environment holds its own path: it cannot be made elsewhere
    // and renamed, so a last file says that it is complete.
    let _ = std::fs::remove_dir_all(&dir);
    run(
        Command::new("python3").args(["-m", "venv"]).arg(&dir),
        "install Python's venv module (Debian: python3-venv)",
    );
    run(
        Command::new(dir.join("bin/pip"))
            .args([
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--no-cache-dir",
            ])
            .arg(format!("pyspark=={PYSPARK}")),
        "pip needs to reach PyPI once, for 300 MB",
    );
    std::fs::create_dir_all(dir.join("home")).expect("a folder in one just made");
    dirs::write(&done, "");
    dir
}
