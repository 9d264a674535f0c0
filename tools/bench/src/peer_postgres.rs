//! What PostgreSQL does with the same bytes when nothing is hashed, chained, signed or anchored.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use annals::store::Row;
use annals_harness::{Cluster, SUPERUSER};
use sqlx::postgres::{PgBindIterExt, PgPoolOptions};
use sqlx::{PgPool, Row as _};
use tokio::task::JoinSet;

use crate::Failed;
use crate::figures::{Figures, Where};
use crate::sample::{BULK_ROWS, Sample};

const DATABASE: &str = "plain";
/// Tasks that each give one command at a time.
const TASKS: u32 = 64;

/// One table that holds what our two hold, with their unique keys and their way of storing.
const SCHEMA: &str = "
    CREATE TABLE plain (
        position bigint PRIMARY KEY, leaf bytea NOT NULL, header bytea NOT NULL,
        signature bytea NOT NULL, facts bytea NOT NULL, facts_salt bytea NOT NULL,
        stream text COLLATE \"C\" NOT NULL, version bigint NOT NULL,
        command_key bytea, command_index integer, salt bytea NOT NULL, bytes bytea NOT NULL,
        UNIQUE (stream, version)
    );
    CREATE UNIQUE INDEX plain_command ON plain (command_key, command_index);
    ALTER TABLE plain ALTER COLUMN header SET STORAGE EXTERNAL;
    ALTER TABLE plain ALTER COLUMN facts SET STORAGE EXTERNAL;
    ALTER TABLE plain ALTER COLUMN bytes SET STORAGE EXTERNAL;
    ALTER TABLE plain SET (toast_tuple_target = 8160);
    CREATE SEQUENCE plain_position CACHE 32;
    CREATE TABLE plain_head (one integer PRIMARY KEY, size bigint NOT NULL)
        WITH (fillfactor = 10);
    INSERT INTO plain_head VALUES (1, 0);";

const BULK: &str = "
    INSERT INTO plain SELECT * FROM unnest(
        $1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[],
        $7::text[], $8::bigint[], $9::bytea[], $10::integer[], $11::bytea[], $12::bytea[])";

const ONE: &str = "INSERT INTO plain VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

/// See the module.
pub struct Plain<'a> {
    cluster: &'a Cluster,
    pool: PgPool,
    sample: Sample,
    script: tempfile::NamedTempFile,
    span: Duration,
}

impl<'a> Plain<'a> {
    /// Make the tables and the script.
    pub async fn new(
        cluster: &'a Cluster,
        sample: Sample,
        span: Duration,
    ) -> Result<Plain<'a>, Failed> {
        let urls = cluster.create_database(DATABASE)?;
        cluster.sql(DATABASE, SCHEMA)?;
        let pool = PgPoolOptions::new().max_connections(TASKS).connect(&urls.superuser).await?;
        let script = tempfile::NamedTempFile::new()?;
        std::fs::write(script.path(), script_of(&sample))?;
        Ok(Plain { cluster, pool, sample, script, span })
    }

    /// One round of each.
    pub async fn round(&self, figures: &mut Figures) -> Result<(), Failed> {
        for (name, clients) in [("pgbench_1", 1), ("pgbench_64", 64)] {
            let rate = tokio::task::block_in_place(|| self.pgbench(clients))?;
            figures.add(Where::Postgres, name, rate);
            self.empty().await?;
        }
        figures.add(Where::Postgres, "unsigned_bulk", self.bulk().await?);
        self.empty().await?;
        figures.add(Where::Postgres, "one_each", self.one_each().await?);
        self.empty().await?;
        Ok(())
    }

    async fn empty(&self) -> Result<(), Failed> {
        sqlx::raw_sql("TRUNCATE plain; UPDATE plain_head SET size = 0; CHECKPOINT")
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    fn pgbench(&self, clients: u32) -> Result<f64, Failed> {
        let output = Command::new(self.cluster.programs().join("pgbench"))
            .args(["-n", "-M", "prepared", "-j", if clients > 1 { "2" } else { "1" }])
            .args(["-c", &clients.to_string(), "-T", &seconds(self.span)])
            .args(["-U", SUPERUSER, "-f"])
            .arg(self.script.path())
            .arg("-h")
            .arg(self.cluster.folder())
            .arg(DATABASE)
            .stdin(Stdio::null())
            .output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let rate = said.lines().find_map(|line| line.strip_prefix("tps = "));
        let rate = rate.and_then(|rest| rest.split(' ').next()?.parse().ok());
        rate.ok_or_else(|| {
            format!("pgbench: {said} {}", String::from_utf8_lossy(&output.stderr)).into()
        })
    }

    /// One connection, a statement of a thousand rows after the other.
    async fn bulk(&self) -> Result<f64, Failed> {
        let mut connection = self.pool.acquire().await?;
        let (mut count, begun) = (0, Instant::now());
        while begun.elapsed() < self.span {
            let rows = self.sample.rows(count, BULK_ROWS);
            let private = &self.sample.private;
            sqlx::query(BULK)
                .bind(rows.iter().map(|row| row.position as i64).bind_iter())
                .bind(rows.iter().map(|row| &row.leaf[..]).bind_iter())
                .bind(rows.iter().map(|row| &row.header[..]).bind_iter())
                .bind(rows.iter().map(|row| &row.signature[..]).bind_iter())
                .bind(rows.iter().map(|row| &row.facts[..]).bind_iter())
                .bind(rows.iter().map(|row| &row.facts_salt[..]).bind_iter())
                .bind(rows.iter().map(|row| &row.stream[..]).bind_iter())
                .bind(rows.iter().map(|_| 0_i64).bind_iter())
                .bind(rows.iter().map(|row| row.command_key.as_ref().map(|k| &k[..])).bind_iter())
                .bind(rows.iter().map(|_| 0_i32).bind_iter())
                .bind(rows.iter().map(|_| &private.0[..]).bind_iter())
                .bind(rows.iter().map(|_| &private.1[..]).bind_iter())
                .execute(&mut *connection)
                .await?;
            count += rows.len() as u64;
        }
        Ok(count as f64 / begun.elapsed().as_secs_f64())
    }

    /// How an event store without a sequencer keeps its order: lock the head, insert, commit.
    async fn one_each(&self) -> Result<f64, Failed> {
        let (count, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let begun = Instant::now();
        let mut tasks = JoinSet::new();
        for _ in 0..TASKS {
            let (pool, sample) = (self.pool.clone(), self.sample.clone());
            let (count, stop) = (count.clone(), stop.clone());
            tasks.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    locked(&pool, &sample).await?;
                    count.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<(), sqlx::Error>(())
            });
        }
        tokio::time::sleep(self.span).await;
        let rate = count.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64();
        stop.store(true, Ordering::Relaxed);
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        Ok(rate)
    }
}

async fn locked(pool: &PgPool, sample: &Sample) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let head = sqlx::query("SELECT size FROM plain_head WHERE one = 1 FOR UPDATE")
        .fetch_one(&mut *transaction)
        .await?;
    let position: i64 = head.try_get(0)?;
    let (stream, key) = Sample::keys();
    let Row { leaf, header, signature, facts, facts_salt, .. } = &sample.row;
    sqlx::query(ONE)
        .bind(position)
        .bind(&leaf[..])
        .bind(&header[..])
        .bind(&signature[..])
        .bind(&facts[..])
        .bind(&facts_salt[..])
        .bind(stream)
        .bind(0_i64)
        .bind(&key[..])
        .bind(0_i32)
        .bind(&sample.private.0[..])
        .bind(&sample.private.1[..])
        .execute(&mut *transaction)
        .await?;
    sqlx::query("UPDATE plain_head SET size = size + 1 WHERE one = 1")
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await
}

/// The bytes stand in the script as literals, so that a prepared statement parses them once and
/// `pgbench` sends nothing but the command to execute it: the fastest road there is.
fn script_of(sample: &Sample) -> String {
    let Row { leaf, header, signature, facts, facts_salt, .. } = &sample.row;
    let (salt, bytes) = &sample.private;
    format!(
        "INSERT INTO plain SELECT n, {}, {}, {}, {}, {}, 'content/' || lpad(n::text, 36, '0'), 0, \
         int8send(n) || int8send(n), 0, {}, {} \
         FROM (SELECT nextval('plain_position') AS n) AS k;\n",
        literal(leaf),
        literal(header),
        literal(signature),
        literal(facts),
        literal(facts_salt),
        literal(salt),
        literal(bytes),
    )
}

fn literal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2 + 12);
    text.push_str("'\\x");
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.push_str("'::bytea");
    text
}

fn seconds(span: Duration) -> String {
    span.as_secs().max(1).to_string()
}

/// Bytes on disk of both tables with their indexes.
pub fn bytes_on_disk(cluster: &Cluster, database: &str) -> Result<f64, Failed> {
    let said = cluster.sql(
        database,
        "SELECT pg_total_relation_size('entry') +
                (SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('private'))",
    )?;
    Ok(said.trim().parse()?)
}

/// The database of a URL of the harness.
pub fn database_of(url: &str) -> &str {
    let path = url.split('?').next().unwrap_or(url);
    Path::new(path).file_name().and_then(|name| name.to_str()).unwrap_or_default()
}
