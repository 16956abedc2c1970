//! The JSON reader accepts what `serde_json` accepts, with the same result.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rolegate_core::json::{self, Raw};
use serde_json::Value;
use serde_json::value::RawValue;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let theirs = serde_json::from_str::<&RawValue>(text).ok();
    let ours = Raw::parse(text).ok();
    assert_eq!(ours.map(Raw::get), theirs.map(RawValue::get));
    let theirs = serde_json::from_str::<Value>(text).ok();
    assert_eq!(json::from_str::<Value>(text).ok(), theirs);
});
