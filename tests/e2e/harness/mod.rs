//! What the end-to-end tests stand on: a real control plane, real clients, our
//! own binary, and nothing that pretends to be Kubernetes.
//!
//! | module | gives |
//! |---|---|
//! | `cluster` | a control plane: [`Cluster::shared`], [`Cluster::start`] |
//! | `users`, `accounts` | who acts: people, service accounts, their tokens |
//! | `namespace` | a namespace for a test: unmanaged or labelled |
//! | `cast`, `workloads` | the roles, jobs, accounts and objects that most tests need |
//! | `http`, `kubectl` | requests, raw and by the real client |
//! | `road`, `refusal` | a request for any namespace, and what a refusal must say |
//! | `audit` | what the API server's audit log says about them |
//! | `definitions` | custom resources of any content |
//! | `guards` | our shipped admission policies, and somebody they stop |
//! | `authorizer` | a control plane that asks rolegate at both doors, admission and `/authorize` |
//! | `rolegate`, `webhook` | `rolegate serve`, and our shipped configuration pointed at it |
//! | `pod_identity`, `https` | a stand-in for EKS's pod identity webhook |
//! | `every_pod` | a watcher: every pod of every control plane, chained, and taken by the API server |
//! | `spark` | a real `spark-submit` |
//! | `kubelet`, `sdk` | a container's files and environment, and real AWS SDKs in it |
//! | `aws` | the AWS that those meet: moto, with trust policies and a record in front |
//! | `assets`, `install`, `components`, `supervise`, `dirs`, `tls`, `wait` | how all that is built, started and ended |
//!
//! A part that is missing (Go, Java, a manifest) fails the test with a sentence
//! that says what to install. Nothing is ever skipped: a suite that passes
//! because it did nothing is worse than none.

mod assets;
mod components;
mod https;
pub(crate) mod install;
mod supervise;

pub(crate) mod accounts;
pub(crate) mod audit;
pub(crate) mod authorizer;
pub(crate) mod aws;
pub(crate) mod cast;
pub(crate) mod cluster;
pub(crate) mod definitions;
pub(crate) mod dirs;
pub(crate) mod every_pod;
pub(crate) mod guards;
pub(crate) mod http;
pub(crate) mod kubectl;
pub(crate) mod kubelet;
pub(crate) mod namespace;
pub(crate) mod pod_identity;
pub(crate) mod refusal;
pub(crate) mod road;
pub(crate) mod rolegate;
pub(crate) mod scan;
pub(crate) mod sdk;
pub(crate) mod spark;
pub(crate) mod tls;
pub(crate) mod users;
pub(crate) mod wait;
pub(crate) mod webhook;
pub(crate) mod workloads;

pub(crate) use cluster::Cluster;
pub(crate) use namespace::Namespace;
