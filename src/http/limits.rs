//! Every limit of the service's face, with its reason; what entries may hold is limited where
//! their format is.

use std::time::Duration;

/// Connections at once; more wait to be accepted.
pub const CONNECTIONS: usize = 2_048;
/// Requests worked on at once; more are answered 503 at once, for a queue would answer all late.
pub const REQUESTS: usize = 1_024;
/// Streams (events, NDJSON) at once: each may last for hours.
pub const STREAMS: usize = 256;
/// Uploads at once: each is in memory as a whole.
pub const UPLOADS: usize = 8;

/// Bytes of a request's head; hyper answers 431 beyond.
pub const HEAD_BYTES: usize = 32 * 1024;
/// Header lines of a request.
pub const HEADERS: usize = 64;
/// Bytes of a path with its query.
pub const URI_BYTES: usize = 8 * 1024;
/// Bytes of a command's envelope: the command's own 128 KiB, escaped, and the rest.
pub const ENVELOPE_BYTES: usize = 512 * 1024;
/// Bytes of a body that entries name.
pub const BODY_BYTES: usize = 64 * 1024 * 1024;

/// For the head of a request to arrive; an idle connection is closed after it.
pub const HEAD_TIME: Duration = Duration::from_secs(30);
/// For the TLS handshake.
pub const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// From a request's head to its answer's.
pub const REQUEST_TIME: Duration = Duration::from_secs(60);
/// The same for an upload: 64 MiB over a slow line.
pub const UPLOAD_TIME: Duration = Duration::from_secs(300);
/// Between two pieces of a request's body.
pub const PIECE_TIME: Duration = Duration::from_secs(20);
/// For a client to take some of its answer: who takes nothing for so long is let go.
pub const TAKE_TIME: Duration = Duration::from_secs(60);
/// For an earlier write to be folded, when `min_position` asks for it.
pub const POSITION_TIME: Duration = Duration::from_secs(5);
/// For requests under way when the service stops.
pub const STOP_TIME: Duration = Duration::from_secs(20);
/// Between two signs of life of a stream of events: proxies close what is silent.
pub const HEARTBEAT: Duration = Duration::from_secs(15);

/// Entries on a page, unless asked otherwise.
pub const PAGE: u64 = 100;
/// Entries on a page at most.
pub const PAGE_MAX: u64 = 1_000;
/// Entries looked at for one page: a filter that hits nothing answers with a cursor.
pub const LOOKED_MAX: u64 = 20_000;
/// Days that are looked up one by one in the index; a longer time is read through.
pub const DAYS_MAX: i64 = 62;
/// Entries that a stream keeps ready for its client.
pub const READY: u32 = 200;
/// Entries shown of those missed, when what was seen is stale.
pub const MISSED: u32 = 100;
/// Sites whose pages are kept folded.
pub const SITES: usize = 16;
