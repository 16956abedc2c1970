//! Role chaining: the pod that the API server stores after EKS's webhook and
//! rolegate's, laid out as the kubelet would, and real AWS SDKs in it.
//!
//! A control plane of its own, with rolegate's shipped configurations in front
//! and a policy of its own behind: `policy.yaml`, a namespace a scene.
//!
//! `attacks` has the rows of `docs/bypasses.md` about chains: H1, H2, H3, H4, H5, H6,
//! H7, H8, H10, H11, H12, H13, H14, H15, H16, H17, H18, H19. H9 is of the policy file:
//! `core/tests/policies/bad/chains-across.yaml`.

mod attacks;
mod chains;
mod guide;
mod matrix;
mod readers;
mod recorded;
mod refused;
mod watched;

mod job;
mod scene;
