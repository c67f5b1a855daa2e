#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| signup_gateway_fuzz::targets::link_query(bytes));
