-- The ledger's tables. Run as the role that shall own them (annals_owner); the service connects
-- as annals_service, which can add evidence and can neither change nor remove any.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'annals_service') THEN
        RAISE EXCEPTION 'the role annals_service does not exist; a superuser creates it with: '
            'CREATE ROLE annals_service LOGIN PASSWORD ''choose one''; then migrate again';
    END IF;
END
$$;

-- Bytes are bytea and never jsonb: jsonb re-orders members and rewrites numbers, and what was
-- signed must come back as it was. Text that is compared is COLLATE "C": order by bytes, the same
-- on every host and after every upgrade of the operating system.
CREATE TABLE entry (
    position      bigint PRIMARY KEY CHECK (position >= 0),
    leaf          bytea NOT NULL CHECK (octet_length(leaf) = 32),
    header        bytea NOT NULL,
    signature     bytea NOT NULL CHECK (octet_length(signature) = 64),
    facts         bytea NOT NULL,
    facts_salt    bytea NOT NULL CHECK (octet_length(facts_salt) = 32),
    stream        text COLLATE "C" NOT NULL,
    version       bigint NOT NULL CHECK (version >= 0),
    command_key   bytea CHECK (octet_length(command_key) = 16),
    command_index integer CHECK (command_index >= 0),
    CHECK ((command_key IS NULL) = (command_index IS NULL)),
    CONSTRAINT entry_stream_version UNIQUE (stream, version)
);

-- Entries of no command have no line here, so the index is partial.
CREATE UNIQUE INDEX entry_command ON entry (command_key, command_index)
    WHERE command_key IS NOT NULL;

-- A header of 1.5 KB with facts lies just under the size from which PostgreSQL would compress it
-- and move it aside. Neither is wanted on the road of every append: hashes do not compress, and a
-- second table with its own index costs more than the bytes. Up to 8 KB a row stays in one piece.
ALTER TABLE entry ALTER COLUMN header SET STORAGE EXTERNAL;
ALTER TABLE entry ALTER COLUMN facts SET STORAGE EXTERNAL;
ALTER TABLE entry SET (toast_tuple_target = 8160);

-- Nothing here is ever dead, so only the insert threshold starts a vacuum; at the default of a
-- fifth of the table the visibility map of a large ledger would be years behind.
ALTER TABLE entry SET (
    autovacuum_vacuum_insert_scale_factor = 0.01,
    autovacuum_analyze_scale_factor = 0.01
);

-- The removable part, in its own table so that a removal rewrites one partition and not the
-- ledger. No foreign key to entry: it would cost a look-up for each line of each append, and both
-- are written by one statement; verification compares them anyway. A line past the last partition
-- goes to the default one, so that a full year never stops the service.
CREATE TABLE private (
    position bigint NOT NULL CHECK (position >= 0),
    salt     bytea NOT NULL CHECK (octet_length(salt) = 32),
    bytes    bytea NOT NULL,
    PRIMARY KEY (position)
) PARTITION BY RANGE (position);
ALTER TABLE private ALTER COLUMN bytes SET STORAGE EXTERNAL;

DO $$
DECLARE
    span CONSTANT bigint := 1048576;
BEGIN
    FOR n IN 0..31 LOOP
        EXECUTE format(
            'CREATE TABLE %I PARTITION OF private FOR VALUES FROM (%s) TO (%s)',
            'private_' || lpad(n::text, 4, '0'), n * span, (n + 1) * span
        );
    END LOOP;
END
$$;
CREATE TABLE private_default PARTITION OF private DEFAULT;

-- Page texts, images, attachments that an entry names. Compression is left to PostgreSQL here.
CREATE TABLE body (
    id    bytea PRIMARY KEY CHECK (octet_length(id) = 32),
    salt  bytea NOT NULL CHECK (octet_length(salt) = 32),
    bytes bytea NOT NULL
);

-- From the plain digest to the body, per site. Apart from the body, because it must be removable
-- on its own: whoever holds a copy of a page could otherwise still prove that it was here. The
-- first body of a digest keeps the line.
CREATE TABLE body_digest (
    site   bytea NOT NULL CHECK (octet_length(site) = 16),
    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
    body   bytea NOT NULL CHECK (octet_length(body) = 32),
    PRIMARY KEY (site, sha256)
);

-- Bodies that no entry names yet; swept after a while. Logged, for an upload is answered as kept.
CREATE TABLE upload (
    id          bytea PRIMARY KEY CHECK (octet_length(id) = 32),
    salt        bytea NOT NULL CHECK (octet_length(salt) = 32),
    bytes       bytea NOT NULL,
    sha256      bytea NOT NULL CHECK (octet_length(sha256) = 32),
    uploaded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX upload_age ON upload (uploaded_at);

-- Where the ledger ends and who may extend it: one row, for a fence and a lease in two rows could
-- disagree. It is updated by every append, so its page is kept nearly empty for in-place updates.
CREATE TABLE head (
    one         smallint PRIMARY KEY DEFAULT 1 CHECK (one = 1),
    epoch       bigint NOT NULL CHECK (epoch BETWEEN 0 AND 4503599627370495),
    size        bigint NOT NULL CHECK (size >= 0),
    leaf        bytea NOT NULL CHECK (octet_length(leaf) = 32),
    holder      text,
    lease_until timestamptz CHECK (isfinite(lease_until))
) WITH (fillfactor = 10);
INSERT INTO head (epoch, size, leaf) VALUES (0, 0, decode(repeat('00', 32), 'hex'));

-- Signed checkpoints in the order they were kept. A size may come twice (another log key); the
-- later one is the newer.
CREATE TABLE checkpoint (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    size   bigint NOT NULL CHECK (size >= 0),
    note   text NOT NULL
);
CREATE INDEX checkpoint_size ON checkpoint (size, number);

-- The investigator's index: derived, fed behind the head, may be emptied and fed again. All of it
-- in the append would halve the throughput.
CREATE TABLE entry_index (
    kind     smallint NOT NULL,
    value    text COLLATE "C" NOT NULL,
    position bigint NOT NULL CHECK (position >= 0),
    PRIMARY KEY (kind, value, position)
);
CREATE INDEX entry_index_position ON entry_index (position, kind, value);

-- How far the index has been fed.
CREATE TABLE cursor (
    one        smallint PRIMARY KEY DEFAULT 1 CHECK (one = 1),
    indexed_to bigint NOT NULL CHECK (indexed_to >= 0)
) WITH (fillfactor = 10);
INSERT INTO cursor (indexed_to) VALUES (0);

-- Cached folds. A snapshot without all its chunks is none: `chunks` is compared when it is read.
CREATE TABLE snapshot (
    fold      text COLLATE "C" NOT NULL,
    version   bigint NOT NULL CHECK (version >= 0),
    size      bigint NOT NULL CHECK (size >= 0),
    leaf      bytea NOT NULL CHECK (octet_length(leaf) = 32),
    epoch     bigint NOT NULL CHECK (epoch >= 0),
    digest    bytea NOT NULL CHECK (octet_length(digest) = 32),
    signature bytea NOT NULL CHECK (octet_length(signature) = 64),
    chunks    integer NOT NULL CHECK (chunks >= 0),
    PRIMARY KEY (fold, version, size)
);
CREATE TABLE snapshot_chunk (
    fold    text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    size    bigint NOT NULL,
    number  integer NOT NULL CHECK (number >= 0),
    bytes   bytea NOT NULL CHECK (octet_length(bytes) <= 8388608),
    PRIMARY KEY (fold, version, size, number),
    FOREIGN KEY (fold, version, size) REFERENCES snapshot ON DELETE CASCADE
);
ALTER TABLE snapshot_chunk ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- Ends the statement that calls it, and with it everything it has written: how an append that is
-- one statement refuses after counting its rows.
CREATE FUNCTION annals_refuse(reason text) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RAISE EXCEPTION '%', reason USING ERRCODE = 'P0001';
END
$$;
REVOKE ALL ON FUNCTION annals_refuse(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION annals_refuse(text) TO annals_service;

-- What the service may do. No partition is named: through `private` only. UPDATE, DELETE and
-- TRUNCATE of evidence are granted to nobody but the owner.
GRANT SELECT ON _sqlx_migrations, entry, private, body, checkpoint, head TO annals_service;
GRANT INSERT ON entry, private, body, checkpoint TO annals_service;
GRANT UPDATE ON head TO annals_service;
GRANT SELECT, INSERT, UPDATE, DELETE
    ON body_digest, entry_index, snapshot, snapshot_chunk TO annals_service;
-- An upload is never changed, and the index never loses its mark.
GRANT SELECT, INSERT, DELETE ON upload TO annals_service;
GRANT SELECT, INSERT, UPDATE ON cursor TO annals_service;
