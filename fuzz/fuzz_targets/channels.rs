#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| reverb_fuzz::channels::run(data));
