//! A real `spark-submit`: Apache Spark's own Kubernetes client, from `PyPI`.
//!
//! What Spark sends is what rolegate must let pass, so it is not imitated.
//! Nothing runs, as there are no nodes: the client makes its objects and goes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use super::cluster::Cluster;
use super::dirs;
use super::install::{need, run};

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
        // Spark's scripts find it with the first python3 on the path.
        .env(
            "PATH",
            format!(
                "{}:{}",
                bin.display(),
                std::env::var("PATH").unwrap_or_default()
            ),
        )
        .envs(std::env::var_os("JAVA_HOME").map(|java| ("JAVA_HOME", java)))
        .env("HOME", &home)
        .env("KUBECONFIG", home.join("none"))
        .env("SPARK_LOCAL_IP", "127.0.0.1")
        .envs(env.iter().copied())
        .current_dir(dirs::run())
        .output()
        .unwrap_or_else(|e| panic!("cannot run spark-submit: {e}"))
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
