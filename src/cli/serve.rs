//! `rolegate serve`.
