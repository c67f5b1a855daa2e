//! The load bench: the gateway beside nginx and a bare handler, in one run, alternating; prints a table.
//!
//! `benches/load/run` installs what it needs and builds the gateway as it is shipped. Every figure of a part comes from
//! the same minutes on the same machine, so ratios hold where requests a second do not.

#![expect(unreachable_pub, clippy::print_stdout, clippy::print_stderr, reason = "a program of its own that prints")]

mod generator;
mod instructions;
mod machine;
mod parts;
mod requests;
mod subjects;

use std::path::PathBuf;

/// Why a part could not be measured.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.split_first() {
        Some((first, rest)) if first == "bare" => parts::serve_bare(rest),
        Some((first, [binary])) if first == "instructions" => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(instructions::count(&PathBuf::from(binary)))
        }
        Some((binary, wanted)) => {
            machine::stay_on(machine::OTHER_CORE)?;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(parts::run(&PathBuf::from(binary), wanted))
        }
        None => {
            eprintln!("usage: load BINARY [PART…]");
            Err("which binary?".into())
        }
    }
}
