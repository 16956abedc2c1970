//! Role chaining: the pod that the API server stores after EKS's webhook and
//! rolegate's, laid out as the kubelet would, and real AWS SDKs in it.
//!
//! A control plane of its own, with rolegate's shipped configurations in front
//! and a policy of its own behind: `policy.yaml`, a namespace a scene.

mod chains;
mod guide;
mod matrix;
mod recorded;
mod refused;
mod watched;

mod job;
mod scene;
