//! Objects as they are stored, where nobody asks.
//!
//! A scan asks of each object: who could have written it as it is? If the rules let none of
//! those whom the policy and the object's own owners suggest write it, only an
//! administrator could have, and that is a finding. So every rule about writes judges
//! stored objects, too, without a second opinion of its own.
//!
//! | module | gives |
//! |---|---|
//! | `object` | a stored object, and the request that would write it |
//! | `writers` | who could have written it |
//! | `judge` | what the rules say of the likeliest writer |
//! | `checks` | what a scan finds beside the rules; each has a page |
//! | `uses` | under which execution roles a namespace's pods run, and what waits to |

mod checks;
mod judge;
mod object;
#[cfg(test)]
mod tests;
mod uses;
mod writers;

pub use checks::{
    CHECKS, Place, Told, emr_access, node_access, pod_readers, trust_policies, waiting_workload,
};
pub use judge::{Seen, SeenFinding, judge};
pub use object::{Owner, StoredObject};
pub use uses::{Use, Waiting, role_in_use, waiting};
pub use writers::{Writer, emr, writers};
