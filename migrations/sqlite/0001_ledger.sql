-- The ledger's tables, as in migrations/postgres. STRICT, or a number could be stored as text.
-- Tables with large rows keep their rowid (they are searched by position, which is the rowid);
-- tables with short rows and a compound key are WITHOUT ROWID and so lie in key order once.

CREATE TABLE entry (
    position      INTEGER PRIMARY KEY CHECK (position >= 0),
    leaf          BLOB NOT NULL CHECK (length(leaf) = 32),
    header        BLOB NOT NULL,
    signature     BLOB NOT NULL CHECK (length(signature) = 64),
    facts         BLOB NOT NULL,
    facts_salt    BLOB NOT NULL CHECK (length(facts_salt) = 32),
    stream        TEXT NOT NULL,
    version       INTEGER NOT NULL CHECK (version >= 0),
    command_key   BLOB CHECK (length(command_key) = 16),
    command_index INTEGER CHECK (command_index >= 0),
    CHECK ((command_key IS NULL) = (command_index IS NULL)),
    UNIQUE (stream, version)
) STRICT;

-- Entries of no command have no line here, so the index is partial.
CREATE UNIQUE INDEX entry_command ON entry (command_key, command_index)
    WHERE command_key IS NOT NULL;

-- The removable part. No foreign key to entry: both are written by one transaction, and
-- verification compares them anyway.
CREATE TABLE private (
    position INTEGER PRIMARY KEY CHECK (position >= 0),
    salt     BLOB NOT NULL CHECK (length(salt) = 32),
    bytes    BLOB NOT NULL
) STRICT;

-- Page texts, images, attachments that an entry names.
CREATE TABLE body (
    id    BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    salt  BLOB NOT NULL CHECK (length(salt) = 32),
    bytes BLOB NOT NULL
) STRICT;

-- From the plain digest to the body, per site. Apart from the body, because it must be removable
-- on its own: whoever holds a copy of a page could otherwise still prove that it was here. The
-- first body of a digest keeps the line.
CREATE TABLE body_digest (
    site   BLOB NOT NULL CHECK (length(site) = 16),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    body   BLOB NOT NULL CHECK (length(body) = 32),
    PRIMARY KEY (site, sha256)
) STRICT, WITHOUT ROWID;

-- Bodies that no entry names yet; swept after a while. Times are Unix microseconds.
CREATE TABLE upload (
    id          BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    salt        BLOB NOT NULL CHECK (length(salt) = 32),
    bytes       BLOB NOT NULL,
    sha256      BLOB NOT NULL CHECK (length(sha256) = 32),
    uploaded_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000000 AS INTEGER))
) STRICT;
CREATE INDEX upload_age ON upload (uploaded_at);

-- Where the ledger ends and who may extend it: one row, for a fence and a lease in two rows could
-- disagree.
CREATE TABLE head (
    one         INTEGER PRIMARY KEY DEFAULT 1 CHECK (one = 1),
    epoch       INTEGER NOT NULL CHECK (epoch BETWEEN 0 AND 4503599627370495),
    size        INTEGER NOT NULL CHECK (size >= 0),
    leaf        BLOB NOT NULL CHECK (length(leaf) = 32),
    holder      TEXT,
    lease_until INTEGER
) STRICT;
INSERT INTO head (epoch, size, leaf) VALUES (0, 0, zeroblob(32));

-- Signed checkpoints in the order they were kept. A size may come twice (another log key); the
-- later one is the newer. AUTOINCREMENT, so that no number is ever given twice.
CREATE TABLE checkpoint (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    size   INTEGER NOT NULL CHECK (size >= 0),
    note   TEXT NOT NULL
) STRICT;
CREATE INDEX checkpoint_size ON checkpoint (size, number);

-- The investigator's index: derived, fed behind the head, may be emptied and fed again.
CREATE TABLE entry_index (
    kind     INTEGER NOT NULL,
    value    TEXT NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    PRIMARY KEY (kind, value, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX entry_index_position ON entry_index (position, kind, value);

-- How far the index has been fed.
CREATE TABLE cursor (
    one        INTEGER PRIMARY KEY DEFAULT 1 CHECK (one = 1),
    indexed_to INTEGER NOT NULL CHECK (indexed_to >= 0)
) STRICT;
INSERT INTO cursor (indexed_to) VALUES (0);

-- Cached folds. The chunks go in first, each in a transaction of its own, so that a large fold
-- does not hold up the appends; the line in `snapshot` comes last and makes them count.
CREATE TABLE snapshot (
    fold      TEXT NOT NULL,
    version   INTEGER NOT NULL CHECK (version >= 0),
    size      INTEGER NOT NULL CHECK (size >= 0),
    leaf      BLOB NOT NULL CHECK (length(leaf) = 32),
    epoch     INTEGER NOT NULL CHECK (epoch >= 0),
    digest    BLOB NOT NULL CHECK (length(digest) = 32),
    signature BLOB NOT NULL CHECK (length(signature) = 64),
    chunks    INTEGER NOT NULL CHECK (chunks >= 0),
    PRIMARY KEY (fold, version, size)
) STRICT;
CREATE TABLE snapshot_chunk (
    fold    TEXT NOT NULL,
    version INTEGER NOT NULL,
    size    INTEGER NOT NULL,
    number  INTEGER NOT NULL CHECK (number >= 0),
    bytes   BLOB NOT NULL CHECK (length(bytes) <= 8388608),
    PRIMARY KEY (fold, version, size, number)
) STRICT;

-- These stop accidents only: whoever can write the file can drop a trigger. What shows a change is
-- the chain of hashes, the signatures and the anchor, not this.
CREATE TRIGGER entry_kept_update BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'annals: entries are only ever added'); END;
CREATE TRIGGER entry_kept_delete BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'annals: entries are only ever added'); END;
CREATE TRIGGER private_kept_update BEFORE UPDATE ON private
BEGIN SELECT RAISE(ABORT, 'annals: private parts are only ever added'); END;
CREATE TRIGGER private_kept_delete BEFORE DELETE ON private
BEGIN SELECT RAISE(ABORT, 'annals: private parts are only ever added'); END;
CREATE TRIGGER body_kept_update BEFORE UPDATE ON body
BEGIN SELECT RAISE(ABORT, 'annals: bodies are only ever added'); END;
CREATE TRIGGER body_kept_delete BEFORE DELETE ON body
BEGIN SELECT RAISE(ABORT, 'annals: bodies are only ever added'); END;
CREATE TRIGGER checkpoint_kept_update BEFORE UPDATE ON checkpoint
BEGIN SELECT RAISE(ABORT, 'annals: checkpoints are only ever added'); END;
CREATE TRIGGER checkpoint_kept_delete BEFORE DELETE ON checkpoint
BEGIN SELECT RAISE(ABORT, 'annals: checkpoints are only ever added'); END;
CREATE TRIGGER head_kept_delete BEFORE DELETE ON head
BEGIN SELECT RAISE(ABORT, 'annals: the head row stays'); END;
