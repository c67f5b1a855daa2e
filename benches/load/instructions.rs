//! Instructions of a request in the shipped program, counted by callgrind.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::Failure;
use crate::generator::{Arrivals, Load, Request};
use crate::machine::MEASURED_CORE;
use crate::requests::{LINK, get, sign_up};
use crate::subjects::{Gateway, neighbours};

/// Requests before counting begins: what is made on first use is made.
const WARM_UP: u64 = 200;
/// Requests that are counted.
const COUNTED: u64 = 1_000;

/// Prints a line for each kind of request: its name and its instructions.
pub async fn count(binary: &Path) -> Result<(), Failure> {
    let folder = std::env::temp_dir().join(format!("signup-gateway-instructions-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let studio = neighbours(&folder)?;
    let kinds: [(&str, Request, u16); 3] = [
        ("get-pro", get("/signup/pro"), 200),
        ("get-trial-marketing-link", get(&format!("/signup/trial?{LINK}")), 200),
        ("post-pro", sign_up("/signup/pro")?, 303),
    ];
    for (name, request, status) in kinds {
        let out = folder.join(name);
        let to = format!("--callgrind-out-file={}", out.display());
        let gateway = Gateway {
            binary,
            folder: &folder,
            cores: MEASURED_CORE,
            under: &["valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no", &to],
            studio: studio.address,
            siteverify: studio.address,
            redis: None,
            variables: &[],
        };
        let subject = gateway.start()?;
        let load = |first, requests| Load {
            target: subject.address,
            request: std::sync::Arc::clone(&request),
            connections: 1,
            arrivals: Arrivals::Counted(requests),
            lasts: Duration::MAX,
            status,
            first,
        };
        served(load(1, WARM_UP).run().await.answers, WARM_UP)?;
        instrument("on", subject.process.id())?;
        served(load(WARM_UP + 1, COUNTED).run().await.answers, COUNTED)?;
        instrument("off", subject.process.id())?;
        callgrind_control("--dump", subject.process.id())?;
        println!("{name} {}", total(&folder, name)? / COUNTED);
    }
    fs::remove_dir_all(&folder)?;
    Ok(())
}

fn served(answers: u64, wanted: u64) -> Result<(), Failure> {
    if answers == wanted { Ok(()) } else { Err(format!("{answers} of {wanted} requests were answered").into()) }
}

fn instrument(switch: &str, process: u32) -> Result<(), Failure> {
    callgrind_control(&format!("--instr={switch}"), process)
}

fn callgrind_control(argument: &str, process: u32) -> Result<(), Failure> {
    let done =
        Command::new("callgrind_control").arg(argument).arg(process.to_string()).stdout(Stdio::null()).status()?;
    if done.success() { Ok(()) } else { Err("callgrind_control failed".into()) }
}

/// The sum over all threads of what callgrind wrote.
fn total(folder: &Path, name: &str) -> Result<u64, Failure> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(name) {
            continue;
        }
        let text = fs::read_to_string(entry.path())?;
        let totals =
            text.lines().filter_map(|line| line.strip_prefix("totals:").or_else(|| line.strip_prefix("summary:")));
        sum += totals.filter_map(|count| count.trim().parse::<u64>().ok()).max().unwrap_or(0);
    }
    Ok(sum)
}
