//! Every fuzz target as a property test: its corpus, the inputs that once broke it, and bytes like them.

#![expect(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod targets;

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// The committed inputs of a target, those that once broke it among them.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files = fs::read_dir(&folder).unwrap_or_else(|missing| panic!("{}: {missing}", folder.display()));
    files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect()
}

/// Random bytes, or an input of the corpus with a few places written over, cut out or doubled.
fn bytes_like(target: &str) -> impl Strategy<Value = Vec<u8>> {
    let edits = prop::collection::vec((any::<Index>(), 0_usize..8, prop::collection::vec(any::<u8>(), 0..6)), 0..5);
    let edited = (select(corpus(target)), edits).prop_map(|(mut bytes, edits)| {
        for (place, cut, inserted) in edits {
            let place = place.index(bytes.len() + 1);
            let end = (place + cut).min(bytes.len());
            let removed: Vec<u8> = bytes.splice(place..end, inserted).collect();
            if cut % 2 == 1 {
                bytes.extend_from_slice(&removed);
            }
        }
        bytes
    });
    prop_oneof![3 => edited, 1 => prop::collection::vec(any::<u8>(), 0..400)]
}

/// A module for each target.
macro_rules! targets {
    ($($target:ident)*) => {
        $(mod $target {
            use super::*;

            #[test]
            fn holds_for_its_corpus() {
                let corpus = corpus(stringify!($target));
                assert!(corpus.len() >= 3, "only {} inputs", corpus.len());
                for bytes in &corpus {
                    targets::$target(bytes);
                }
            }

            proptest! {
                #[test]
                fn holds_for_bytes_like_its_corpus(bytes in bytes_like(stringify!($target))) {
                    targets::$target(&bytes);
                }
            }
        })*

        #[test]
        fn every_target_is_fuzzed_too() {
            let mut fuzzed: Vec<_> = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/fuzz_targets"))
                .unwrap()
                .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
                .collect();
            fuzzed.sort();
            assert_eq!(fuzzed, [$(stringify!($target)),*]);
        }
    };
}

targets! { account_answer creation_answer form_body forwarding_header link_query sealed_text siteverify_answer }
