//! Whole jobs in a namespace that rolegate enforces: everything that Amazon
//! EMR, its operators and a job's own pods send passes untouched, and no job
//! reaches over to another.
//!
//! The requests are those of EMR on EKS, in their order and under their own
//! tokens. Between them stand the real job, replica set and garbage collection
//! controllers, and a stand-in for EKS's pod identity webhook. There are no
//! nodes: the tests act as the scheduler and as the kubelet of `n1`.
//!
//! Every attack runs twice: it works where rolegate is not, so that the
//! refusal elsewhere is rolegate's doing.

mod cross_over;
mod flink;
mod interactive_endpoint;
mod spark_operator;
mod spark_submit;
mod start_job_run;
mod waiting_template;

mod attack;
mod client;
mod emr;
mod examples;
mod node;
mod operators;
mod spark;
mod submit;
mod traces;
