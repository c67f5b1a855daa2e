//! The machine: processes with their processor time and memory, and which core they may use.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::Failure;

/// The core of what is measured. The load and everything behind the gateway have the other.
pub const MEASURED_CORE: &str = "0";
/// Both, for a gateway of two workers.
pub const BOTH_CORES: &str = "0,1";
/// The core of everything else.
pub const OTHER_CORE: &str = "1";

/// Processor time.
#[derive(Clone, Copy)]
pub struct Spent {
    /// User and system.
    pub all: Duration,
    /// System alone.
    pub kernel: Duration,
}

impl Spent {
    /// What was spent since, on each of so many answers: microseconds, all and in the kernel.
    pub fn micros_each(self, before: Self, answers: u64) -> (f64, f64) {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let each = |now: Duration, then: Duration| now.saturating_sub(then).as_secs_f64() * 1e6 / answers as f64;
        (each(self.all, before.all), each(self.kernel, before.kernel))
    }
}

/// A process that ends with its value.
pub struct Process(Child);

impl Process {
    /// Starts a program on some cores; what it says goes to a file.
    pub fn start(cores: &str, command: &Command, says: &Path) -> Result<Self, Failure> {
        let mut pinned = Command::new("taskset");
        pinned.args(["-c", cores]).arg(command.get_program()).args(command.get_args());
        pinned.env_clear().env("PATH", "/usr/bin:/usr/sbin:/bin:/sbin");
        for (name, value) in command.get_envs() {
            pinned.env(name, value.unwrap_or_default());
        }
        let says = File::create(says)?;
        Ok(Self(pinned.stdin(Stdio::null()).stdout(says).spawn()?))
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Processor time spent so far by all threads.
    pub fn processor_time(&self) -> Result<Spent, Failure> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id()))?;
        // After the name in parentheses: utime and stime are the 12th and 13th, in hundredths of a second.
        let after_name = stat.rsplit_once(") ").ok_or("an odd /proc/stat")?.1;
        let mut times = after_name.split(' ').skip(11).map(|ticks| ticks.parse().map(|ticks: u64| ticks * 10));
        let mut next = || times.next().ok_or("a short /proc/stat");
        let (user, kernel) = (Duration::from_millis(next()??), Duration::from_millis(next()??));
        Ok(Spent { all: user + kernel, kernel })
    }

    /// Resident memory in MiB.
    pub fn resident_mib(&self) -> Result<f64, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS")).ok_or("no VmRSS")?;
        let kib: f64 = line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).ok_or("no VmRSS")?;
        Ok(kib / 1024.0)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

/// Keeps this process to a core.
pub fn stay_on(core: &str) -> Result<(), Failure> {
    let own = std::process::id().to_string();
    Command::new("taskset").args(["-a", "-cp", core, &own]).stdout(Stdio::null()).status()?;
    Ok(())
}

/// The middle of some figures.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
