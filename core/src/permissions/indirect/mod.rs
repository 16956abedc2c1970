//! The ways to permissions that a subject does not hold itself: by acting as somebody
//! else, and by giving roles.
//!
//! One step only: who may become somebody who may become a holder is not followed.
//! Subjects are those of bindings. A user and its groups are separate subjects, so two
//! rights of which a user has one and its group the other are not put together.
//!
//! | module | gives |
//! |---|---|
//! | `way` | a [`Way`], and the requests by which somebody acts as a subject |
//! | `routes` | who can get one permission |
//! | `reach` | what one subject can get |

mod reach;
mod routes;
#[cfg(test)]
mod tests;
mod way;

pub use reach::{Gain, Reach, reach};
pub use routes::{Route, Routes, routes};
pub use way::Way;
