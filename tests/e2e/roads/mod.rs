//! Every road of the rules, on the real API server, through the shipped
//! webhook configuration.
//!
//! Each attack is tried twice: where rolegate is not, to show that it works,
//! and in an enforce namespace, where it must be refused in so many words.
//!
//! | module | roads |
//! |---|---|
//! | `connect`, `kubectl_connect`, `debug`, `nodes` | `pod-exec` |
//! | `config_maps`, `kubectl_config_maps` | `configmap-mutation` |
//! | `pods`, `workloads`, `harmless`, `custom_resources`, `waiting` | `foreign-service-account` |
//! | `identities` | `service-account-token`, `service-account-identity`, `ControllerRevisions` |
//! | `images` | `image-source` |
//! | `owners`, `jobs` | those whose work it is |
//! | `impersonation` | those who only look like them |
//! | `modes`, `policies` | what a finding leads to |
//! | `road`, `pair`, `refusal`, `private`, `sample`, `kinds`, `custom_kinds` | what the others are written in |

mod custom_kinds;
mod kinds;
mod pair;
mod private;
mod refusal;
mod road;
mod sample;

mod config_maps;
mod connect;
mod custom_resources;
mod debug;
mod harmless;
mod identities;
mod images;
mod impersonation;
mod jobs;
mod kubectl_config_maps;
mod kubectl_connect;
mod modes;
mod nodes;
mod owners;
mod pods;
mod policies;
mod waiting;
mod workloads;
