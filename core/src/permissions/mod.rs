//! What subjects may do by RBAC, beside what rolegate does about it.
//!
//! | module | gives |
//! |---|---|
//! | `question` | a question from the command line: `get secrets`, `create pods/exec` |
//! | `standing` | what rolegate does about a permission that a class holds |
//! | `ceiling` | what may not be granted to a class |
//! | `given` | what rules give a subject beyond its ceiling |
//! | `class` | the class that rolegate gives a subject |
//! | `held` | the permissions of one subject that matter to jobs |
//! | `indirect` | the ways to another's permissions: impersonation, tokens, pods, bindings |

mod ceiling;
mod class;
mod given;
mod held;
mod indirect;
mod question;
mod standing;

pub use ceiling::{Cover, Excess, exceeds, excesses};
pub use class::{class_of, class_of_requester, class_of_subject};
pub use given::{Given, GivenLine, Recipient};
pub use held::{Held, held};
pub use indirect::{Gain, Reach, Route, Routes, Way, reach, routes};
pub use question::{Question, QuestionError};
pub use standing::Standing;
