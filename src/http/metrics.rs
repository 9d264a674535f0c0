//! What is counted, as Prometheus reads it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper ends of the histogram's buckets, in microseconds.
const BUCKETS: [u64; 12] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000,
    30_000_000,
];

#[derive(Default)]
struct Served {
    statuses: BTreeMap<u16, u64>,
    buckets: [u64; BUCKETS.len()],
    micros: u64,
    count: u64,
}

/// See the module.
#[derive(Default)]
pub struct Metrics {
    /// By method and path as the table has it: never a path as a client wrote it.
    served: Mutex<BTreeMap<(String, &'static str), Served>>,
    /// Entries that commands wrote here.
    pub appended: AtomicU64,
    /// Commands that the rules refused.
    pub refused: AtomicU64,
    /// Panics that were caught.
    pub panics: AtomicU64,
}

impl Metrics {
    /// Nothing yet.
    pub fn new() -> Metrics {
        Metrics::default()
    }

    /// A request was answered.
    pub fn served(&self, method: &str, path: &'static str, status: u16, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let mut all = self.served.lock().expect("no holder panics");
        let served = all.entry((method.to_owned(), path)).or_default();
        *served.statuses.entry(status).or_default() += 1;
        for (bucket, most) in served.buckets.iter_mut().zip(BUCKETS) {
            *bucket += u64::from(micros <= most);
        }
        served.micros = served.micros.saturating_add(micros);
        served.count += 1;
    }

    /// Everything counted here as text, with gauges that others measured.
    pub fn to_text(&self, gauges: &[(&str, &str, u64)]) -> String {
        let mut out = String::new();
        let head = |out: &mut String, name: &str, kind: &str, help: &str| {
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        };
        let all = self.served.lock().expect("no holder panics");
        let name = "annals_http_requests_total";
        head(&mut out, name, "counter", "Requests answered.");
        for ((method, path), served) in all.iter() {
            for (status, count) in &served.statuses {
                let labels = format!("method=\"{method}\",route=\"{path}\",status=\"{status}\"");
                let _ = writeln!(out, "{name}{{{labels}}} {count}");
            }
        }
        let name = "annals_http_request_seconds";
        head(&mut out, name, "histogram", "Time to the beginning of the answer.");
        for ((method, path), served) in all.iter() {
            let labels = format!("method=\"{method}\",route=\"{path}\"");
            for (count, most) in served.buckets.iter().zip(BUCKETS) {
                let le = seconds(most);
                let _ = writeln!(out, "{name}_bucket{{{labels},le=\"{le}\"}} {count}");
            }
            let (count, sum) = (served.count, seconds(served.micros));
            let _ = writeln!(out, "{name}_bucket{{{labels},le=\"+Inf\"}} {count}");
            let _ = writeln!(out, "{name}_sum{{{labels}}} {sum}");
            let _ = writeln!(out, "{name}_count{{{labels}}} {count}");
        }
        for (name, help, value) in [
            ("annals_appended_total", "Entries that commands wrote here.", &self.appended),
            ("annals_refused_total", "Commands that the rules refused here.", &self.refused),
            ("annals_panics_total", "Panics caught while answering.", &self.panics),
        ] {
            head(&mut out, name, "counter", help);
            let _ = writeln!(out, "{name} {}", value.load(Ordering::Relaxed));
        }
        for (name, help, value) in gauges {
            head(&mut out, name, "gauge", help);
            let _ = writeln!(out, "{name} {value}");
        }
        out
    }
}

fn seconds(micros: u64) -> String {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
