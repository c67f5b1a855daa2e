//! What must hold for any bytes: `tests/properties/targets`, where the property tests have it too.

#[path = "../../tests/properties/targets/mod.rs"]
pub mod targets;
