#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gitlab_render_fuzz::gitlab_rb(data));
