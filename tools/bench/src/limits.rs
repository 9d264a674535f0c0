//! What the disk gives: a write of 4 KiB made durable, as every answer must wait for at least one.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::figures::{Figures, Where, quantile};

const PAGE: usize = 4_096;

/// Append, and overwrite in place, each for half the time.
pub fn fdatasync(folder: &Path, span: Duration, figures: &mut Figures) -> io::Result<()> {
    for (p50, p99, grows) in
        [("append_p50", "append_p99", true), ("overwrite_p50", "overwrite_p99", false)]
    {
        let path = folder.join("fdatasync");
        let file = OpenOptions::new().create(true).truncate(true).write(true).open(&path)?;
        let mut times = Vec::new();
        let begun = Instant::now();
        while begun.elapsed() < span / 2 {
            let at = if grows { times.len() * PAGE } else { 0 };
            let one = Instant::now();
            file.write_all_at(&[0x5a; PAGE], at as u64)?;
            file.sync_data()?;
            times.push(one.elapsed());
        }
        figures.add(Where::Machine, p50, millis(quantile(&mut times, 0.5)));
        figures.add(Where::Machine, p99, millis(quantile(&mut times, 0.99)));
        if grows {
            figures.add(
                Where::Machine,
                "append_rate",
                times.len() as f64 * 2.0 / span.as_secs_f64(),
            );
        }
        std::fs::remove_file(&path)?;
    }
    Ok(())
}

/// Milliseconds with their fraction.
pub fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Processor time that this process has used, in all its threads.
pub fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name, in parentheses, may hold anything; user and system time are fields 14 and 15 of
    // all, in hundredths of a second on every Linux.
    let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
    let ticks = after.split_whitespace().skip(11).take(2);
    Duration::from_millis(ticks.filter_map(|field| field.parse::<u64>().ok()).sum::<u64>() * 10)
}
