-- Who may call the service: tokens of accounts. The secret itself is nowhere; what is kept is its
-- SHA-256, and a secret of 256 random bits needs no slower hash. Times are Unix microseconds by
-- the service's clock: the same clock says whether a token has ended.
CREATE TABLE token (
    id         BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    sha256     BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
    account    BLOB NOT NULL CHECK (length(account) = 16),
    scope      TEXT NOT NULL CHECK (scope IN ('read', 'write')),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    CHECK (created_at < expires_at)
) STRICT, WITHOUT ROWID;

-- A token is made and revoked, never lengthened, given to another account or forgotten.
CREATE TRIGGER token_kept_update BEFORE UPDATE OF id, sha256, account, scope, created_at, expires_at
    ON token
BEGIN SELECT RAISE(ABORT, 'annals: a token is revoked, not changed'); END;
CREATE TRIGGER token_kept_delete BEFORE DELETE ON token
BEGIN SELECT RAISE(ABORT, 'annals: tokens are revoked, not forgotten'); END;
