//! Role chaining: the pod that the API server stores after EKS's webhook and
//! rolegate's, laid out as the kubelet would, and real AWS SDKs in it.

mod by_hand;
mod matrix;
mod scene;
