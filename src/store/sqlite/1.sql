-- Journals. `last` is the sequence of the newest event.
CREATE TABLE streams (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    last INTEGER NOT NULL
) STRICT;

-- Events. `text` comes last: what lies behind it on overflow pages is not read for a page of events.
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL REFERENCES streams (id),
    sequence INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    once TEXT,
    body TEXT NOT NULL,
    text TEXT,
    UNIQUE (stream, sequence)
) STRICT;

CREATE UNIQUE INDEX events_once ON events (stream, once) WHERE once IS NOT NULL;

-- What events are found by, under their id. It keeps no text of its own, so that scripts without
-- spaces can be indexed letter by letter.
CREATE VIRTUAL TABLE words USING fts5 (
    text,
    content = '',
    contentless_delete = 1,
    tokenize = 'unicode61 remove_diacritics 2'
);

-- Records by space and key, and every order they are listed in.
CREATE TABLE records (
    id INTEGER PRIMARY KEY,
    space TEXT NOT NULL,
    key TEXT NOT NULL,
    rank INTEGER NOT NULL,
    "group" TEXT NOT NULL,
    revision INTEGER NOT NULL,
    value TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX records_by_key ON records (space, key);
CREATE INDEX records_by_rank ON records (space, rank, key);
CREATE INDEX records_by_group_key ON records (space, "group", key);
CREATE INDEX records_by_group_rank ON records (space, "group", rank, key);

-- How many records there are, so that counting costs the same whatever there is to count.
-- `revision` is the highest of a deleted record: a new one begins above it.
CREATE TABLE spaces (
    space TEXT NOT NULL PRIMARY KEY,
    records INTEGER NOT NULL,
    revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE group_sizes (
    space TEXT NOT NULL,
    "group" TEXT NOT NULL,
    records INTEGER NOT NULL,
    PRIMARY KEY (space, "group")
) STRICT, WITHOUT ROWID;

CREATE TRIGGER record_added AFTER INSERT ON records BEGIN
    INSERT INTO spaces (space, records, revision) VALUES (new.space, 1, 0)
        ON CONFLICT (space) DO UPDATE SET records = records + 1;
    INSERT INTO group_sizes (space, "group", records) VALUES (new.space, new."group", 1)
        ON CONFLICT (space, "group") DO UPDATE SET records = records + 1;
END;

CREATE TRIGGER record_deleted AFTER DELETE ON records BEGIN
    UPDATE spaces SET records = records - 1, revision = max(revision, old.revision)
        WHERE space = old.space;
    UPDATE group_sizes SET records = records - 1 WHERE space = old.space AND "group" = old."group";
    DELETE FROM group_sizes WHERE space = old.space AND "group" = old."group" AND records = 0;
END;

CREATE TRIGGER record_regrouped AFTER UPDATE OF "group" ON records
WHEN old."group" <> new."group" BEGIN
    UPDATE group_sizes SET records = records - 1 WHERE space = old.space AND "group" = old."group";
    DELETE FROM group_sizes WHERE space = old.space AND "group" = old."group" AND records = 0;
    INSERT INTO group_sizes (space, "group", records) VALUES (new.space, new."group", 1)
        ON CONFLICT (space, "group") DO UPDATE SET records = records + 1;
END;

-- Leases that are held. Tokens are never given twice.
CREATE TABLE leases (
    token INTEGER PRIMARY KEY AUTOINCREMENT,
    lease TEXT NOT NULL UNIQUE,
    holder TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

-- What is to be delivered, and for a day the marks of what was.
CREATE TABLE parcels (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL,
    once TEXT,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    delivered_at INTEGER,
    why TEXT,
    body TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX parcels_once ON parcels (topic, once) WHERE once IS NOT NULL;
CREATE INDEX parcels_due ON parcels (topic, due_at, id) WHERE delivered_at IS NULL;
CREATE INDEX parcels_delivered ON parcels (delivered_at) WHERE delivered_at IS NOT NULL;

-- API keys by their SHA-256.
CREATE TABLE keys (
    hash BLOB NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    grants TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
