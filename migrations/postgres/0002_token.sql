-- Who may call the service: tokens of accounts. The secret itself is nowhere; what is kept is its
-- SHA-256, and a secret of 256 random bits needs no slower hash. Times are Unix microseconds by
-- the service's clock, not timestamptz: the same clock says whether a token has ended.
CREATE TABLE token (
    id         uuid PRIMARY KEY,
    sha256     bytea NOT NULL UNIQUE CHECK (octet_length(sha256) = 32),
    account    uuid NOT NULL,
    scope      text COLLATE "C" NOT NULL CHECK (scope IN ('read', 'write')),
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    revoked_at bigint,
    CHECK (created_at < expires_at)
);

-- A token is made and revoked, never lengthened, given to another account or forgotten.
GRANT SELECT, INSERT, UPDATE (revoked_at) ON token TO annals_service;
