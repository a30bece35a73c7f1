PRAGMA foreign_keys = OFF;
CREATE TABLE applications (
    tenant_id  TEXT NOT NULL,
    app_id     TEXT NOT NULL,
    provider   TEXT NOT NULL,
    app_kind   TEXT NOT NULL, -- delegated, app_only
    name       TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    entra_tenant TEXT NOT NULL, -- the Entra tenant that it belongs to; empty for none
    credential BYTEA NOT NULL, -- a client secret, or the key file of a service account
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, app_id)
);
CREATE TABLE attempts (
    tenant_id   TEXT NOT NULL,
    delivery_id TEXT NOT NULL,
    attempt     BIGINT NOT NULL, -- from 1
    at          BIGINT NOT NULL,
    latency     BIGINT NOT NULL, -- microseconds
    status      BIGINT NOT NULL, -- 0 without an answer
    failure     TEXT NOT NULL, -- empty, status, timeout, blocked, dns, tls, connect, exchange
    answer      BYTEA NOT NULL, -- the beginning of what the endpoint said
    PRIMARY KEY (tenant_id, delivery_id, attempt),
    FOREIGN KEY (tenant_id, delivery_id) REFERENCES deliveries (tenant_id, delivery_id) ON DELETE CASCADE
);
CREATE TABLE audit (
    tenant_id  TEXT NOT NULL,
    audit_id   TEXT NOT NULL,
    at         BIGINT NOT NULL,
    actor      TEXT NOT NULL, -- who: a key, the engine, an operator, a provider
    action     TEXT NOT NULL, -- noun.past
    subject    TEXT NOT NULL,
    booking_id TEXT NOT NULL,
    detail     TEXT NOT NULL, -- JSON: what was seen and why; never content
    PRIMARY KEY (tenant_id, audit_id)
);
CREATE TABLE booking_versions (
    tenant_id         TEXT NOT NULL,
    booking_id        TEXT NOT NULL,
    version           BIGINT NOT NULL,
    reservation_token TEXT NOT NULL,
    hash              TEXT NOT NULL,
    cancelled         BOOLEAN NOT NULL,
    accepted_at       BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, booking_id, version),
    UNIQUE (tenant_id, reservation_token),
    FOREIGN KEY (tenant_id, booking_id) REFERENCES bookings (tenant_id, booking_id) ON DELETE CASCADE
);
CREATE TABLE bookings (
    tenant_id   TEXT NOT NULL,
    booking_id  TEXT NOT NULL,
    version     BIGINT NOT NULL,
    revision    BIGINT NOT NULL,
    sequence    BIGINT NOT NULL, -- of its last message
    cancelled   BOOLEAN NOT NULL, -- a tombstone: the booking's content is kept for the core to read
    spec        BYTEA NOT NULL,
    slot        BYTEA NOT NULL, -- derived from the spec's wall time with tzdata
    starts_at   BIGINT NOT NULL, -- the slot's start; of an all-day booking its first date read as UTC, of one without content 0
    last_at     BIGINT NOT NULL, -- the same of its last occurrence
    tzdata      TEXT NOT NULL,
    hash        TEXT NOT NULL,
    reservation_token TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, booking_id)
);
CREATE TABLE calendars (
    tenant_id     TEXT NOT NULL,
    calendar_id   TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    remote_id     BYTEA NOT NULL, -- the provider's name for it: at Google often somebody's address
    name          BYTEA NOT NULL,
    zone          TEXT NOT NULL,
    is_primary    BOOLEAN NOT NULL,
    writable      BOOLEAN NOT NULL,
    targeted      BOOLEAN NOT NULL, -- a booking stands or stood in it
    sync          TEXT NOT NULL, -- off, busy, full
    writable_target BOOLEAN NOT NULL, -- the tenant lets bookings name it, as far as the account may write to it
    missed        BIGINT NOT NULL, -- listings in a row that lacked it
    vanished_at   BIGINT NOT NULL, -- since when it is believed that the account does not see it any more
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, calendar_id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, connection_id)
);
CREATE TABLE channels (
    tenant_id   TEXT NOT NULL,
    channel_id  TEXT NOT NULL,
    calendar_id TEXT NOT NULL,
    state       TEXT NOT NULL, -- opening, open, expiring, closing, closed
    secret_hash TEXT NOT NULL,
    remote      TEXT NOT NULL,
    resource    TEXT NOT NULL,
    opened_at   BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    pushed_at   BIGINT NOT NULL, -- when it last told of a change
    pushes      BIGINT NOT NULL, -- how often it has told of one
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, channel_id),
    FOREIGN KEY (tenant_id, calendar_id) REFERENCES calendars (tenant_id, calendar_id) ON DELETE CASCADE
);
CREATE TABLE connections (
    tenant_id     TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    provider      TEXT NOT NULL,
    app_id        TEXT NOT NULL,
    state         TEXT NOT NULL, -- pending, active, needs_reauth, disconnecting, disconnected
    account       BYTEA NOT NULL,
    mailbox       BYTEA NOT NULL, -- which one an app-only application acts for; sealed, and empty where an owner has consented
    reason        TEXT NOT NULL,
    lacks         TEXT NOT NULL, -- abilities that the owner has not allowed, separated by blanks
    on_moved      TEXT NOT NULL, -- what becomes of a person's change: report, accept, enforce
    on_cancelled  TEXT NOT NULL,
    on_edited     TEXT NOT NULL,
    closed_at     BIGINT NOT NULL, -- when it was last disconnected
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, connection_id)
);
CREATE TABLE cursors (
    tenant_id    TEXT NOT NULL,
    calendar_id  TEXT NOT NULL,
    token        BYTEA NOT NULL,
    scope        TEXT NOT NULL,
    window_from  BIGINT NOT NULL,
    window_until BIGINT NOT NULL,
    synced_at    BIGINT NOT NULL,
    spacing      BIGINT NOT NULL, -- microseconds to the next listing; 0 when idle
    recheck      BOOLEAN NOT NULL, -- a snapshot missed events: another one has to confirm
    withheld     BIGINT NOT NULL, -- rows of the last listing that could not be read
    began_at     BIGINT NOT NULL, -- when the last listing began
    missed_at    BIGINT NOT NULL, -- when a listing found what no push had announced; it counts until the next push
    poll_interval BIGINT NOT NULL, -- microseconds; 0 before it is known how much a poll finds
    tzdata       TEXT NOT NULL, -- by which series were expanded last; empty when pages of one listing disagree
    PRIMARY KEY (tenant_id, calendar_id),
    FOREIGN KEY (tenant_id, calendar_id) REFERENCES calendars (tenant_id, calendar_id) ON DELETE CASCADE
);
CREATE TABLE deletions (
    tenant_id   TEXT NOT NULL,
    link_id     TEXT NOT NULL,
    generation  BIGINT NOT NULL,
    direction   TEXT NOT NULL, -- inbound: a person's, or a mistake of the provider's
    calendar_id TEXT NOT NULL,
    booking_id  TEXT NOT NULL,
    guard_id    TEXT NOT NULL, -- what has held it; empty for none
    verdict     TEXT NOT NULL, -- let, held, approved, rejected, done (what was decided has happened), over (the event is back, or is not wanted any more)
    seen_at     BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, link_id, generation, direction),
    FOREIGN KEY (tenant_id, link_id) REFERENCES links (tenant_id, link_id) ON DELETE CASCADE
);
CREATE TABLE deliveries (
    tenant_id   TEXT NOT NULL,
    delivery_id TEXT NOT NULL,
    message_id  TEXT NOT NULL,
    endpoint_id TEXT NOT NULL,
    state       TEXT NOT NULL, -- pending, delivered, failed; pending without work waits for its endpoint to be enabled
    attempts    BIGINT NOT NULL,
    status      BIGINT NOT NULL, -- the HTTP status of the last attempt; 0 without an answer
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, delivery_id),
    UNIQUE (tenant_id, message_id, endpoint_id),
    FOREIGN KEY (tenant_id, message_id) REFERENCES messages (tenant_id, message_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES endpoints (tenant_id, endpoint_id) ON DELETE CASCADE
);
CREATE TABLE directory (
    kind      TEXT NOT NULL,
    hash      TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    subject   TEXT NOT NULL,
    PRIMARY KEY (kind, hash, tenant_id, subject)
);
CREATE TABLE drift_audits (
    tenant_id   TEXT NOT NULL,
    calendar_id TEXT NOT NULL,
    after_link  TEXT NOT NULL, -- the last link that was looked at; empty at the beginning
    links       BIGINT NOT NULL, -- looked at since started_at
    drifted     BIGINT NOT NULL, -- of those
    unreachable BIGINT NOT NULL, -- of those, how many events could not be looked at
    started_at  BIGINT NOT NULL,
    finished_at BIGINT NOT NULL, -- of the last whole audit
    PRIMARY KEY (tenant_id, calendar_id),
    FOREIGN KEY (tenant_id, calendar_id) REFERENCES calendars (tenant_id, calendar_id) ON DELETE CASCADE
);
CREATE TABLE drifts (
    tenant_id   TEXT NOT NULL,
    link_id     TEXT NOT NULL,
    booking_id  TEXT NOT NULL,
    calendar_id TEXT NOT NULL,
    would       TEXT NOT NULL, -- what the reconciler would do
    fields      TEXT NOT NULL, -- names with blanks between: what would be written
    person      TEXT NOT NULL, -- the same: what a person has changed
    reason      TEXT NOT NULL,
    found_at    BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, link_id),
    FOREIGN KEY (tenant_id, link_id) REFERENCES links (tenant_id, link_id) ON DELETE CASCADE
);
CREATE TABLE endpoints (
    tenant_id   TEXT NOT NULL,
    endpoint_id TEXT NOT NULL,
    url         BYTEA NOT NULL,
    description BYTEA NOT NULL,
    types       TEXT NOT NULL, -- of the messages that it receives, with blanks between; empty for all
    secret      BYTEA NOT NULL,
    previous_secret BYTEA NOT NULL, -- signs as well until previous_until
    previous_until  BIGINT NOT NULL,
    state       TEXT NOT NULL, -- enabled, disabled
    reason      TEXT NOT NULL, -- why it is disabled: requested, gone, failing
    disabled_at BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, endpoint_id)
);
CREATE TABLE events (
    tenant_id   TEXT NOT NULL,
    calendar_id TEXT NOT NULL,
    event_id    TEXT NOT NULL,
    etag        TEXT NOT NULL,
    status      TEXT NOT NULL,
    starts_at   BIGINT NOT NULL,
    ends_at     BIGINT NOT NULL,
    all_day     BOOLEAN NOT NULL, -- starts_at and ends_at are a day wider than its dates, read as UTC
    free        BOOLEAN NOT NULL, -- it takes none of the calendar's time
    kind        TEXT NOT NULL, -- single, series, occurrence, exception
    series_id   TEXT NOT NULL, -- of an occurrence or exception, whose place in the series is original_at
    original_at BIGINT NOT NULL,
    unexpanded  TEXT NOT NULL, -- why the occurrences of a series are not known
    content     BYTEA NOT NULL,
    meeting     TEXT NOT NULL, -- a hash that all copies of a meeting share, in whichever mailbox; empty where that is not known. It groups, and identifies no event
    missing     BIGINT NOT NULL, -- snapshots in a row that should have shown it and did not
    listing_id  TEXT NOT NULL, -- that was under way when a run wrote the row, and need not show it; empty otherwise
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, calendar_id, event_id)
);
CREATE TABLE feeds (
    tenant_id TEXT NOT NULL PRIMARY KEY,
    position  BIGINT NOT NULL -- of the last message placed
);
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
CREATE TABLE grants (
    tenant_id     TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    version       BIGINT NOT NULL, -- rises with every stored token
    access_token  BYTEA, -- NULL once it was forgotten
    refresh_token BYTEA,
    scopes        TEXT NOT NULL,
    expires_at    BIGINT NOT NULL,
    refresh_until BIGINT NOT NULL, -- somebody refreshes until then
    refresh_fence BIGINT NOT NULL, -- fences the one who refreshes
    updated_at    BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, connection_id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, connection_id) ON DELETE CASCADE
);
CREATE TABLE guard_tallies (
    tenant_id   TEXT NOT NULL,
    calendar_id TEXT NOT NULL,
    direction   TEXT NOT NULL,
    guard_id    TEXT NOT NULL, -- the hold that is open; empty for none
    since       BIGINT NOT NULL, -- of the last approval
    PRIMARY KEY (tenant_id, calendar_id, direction),
    FOREIGN KEY (tenant_id, calendar_id) REFERENCES calendars (tenant_id, calendar_id) ON DELETE CASCADE
);
CREATE TABLE guards (
    tenant_id   TEXT NOT NULL,
    guard_id    TEXT NOT NULL,
    calendar_id TEXT NOT NULL,
    direction   TEXT NOT NULL,
    state       TEXT NOT NULL, -- open, approved, rejected, ended (nothing was left to hold)
    reason      TEXT NOT NULL,
    events      BIGINT NOT NULL, -- that it holds; once it is decided: that were decided about
    told        BIGINT NOT NULL, -- as how many the core was told last
    revision    BIGINT NOT NULL, -- rises with every change
    opened_at   BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    decided_by  TEXT NOT NULL,
    PRIMARY KEY (tenant_id, guard_id),
    FOREIGN KEY (tenant_id, calendar_id) REFERENCES calendars (tenant_id, calendar_id) ON DELETE CASCADE
);
CREATE TABLE keys (
    tenant_id  TEXT NOT NULL,
    key_id     TEXT NOT NULL,
    purpose    TEXT NOT NULL, -- api, signing
    scopes     TEXT NOT NULL,
    secret     BYTEA NOT NULL, -- signing keys only: they must be read to verify; of an API key nothing but a hash is kept, in directory
    created_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, key_id)
);
CREATE TABLE link_writes (
    tenant_id  TEXT NOT NULL,
    link_id    TEXT NOT NULL,
    generation BIGINT NOT NULL,
    version    BIGINT NOT NULL,
    hash       TEXT NOT NULL,
    written_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, link_id, generation, version, hash),
    FOREIGN KEY (tenant_id, link_id) REFERENCES links (tenant_id, link_id) ON DELETE CASCADE
);
CREATE TABLE links (
    tenant_id      TEXT NOT NULL,
    link_id        TEXT NOT NULL,
    booking_id     TEXT NOT NULL,
    calendar_id    TEXT NOT NULL,
    part           TEXT NOT NULL, -- empty, or the original start of the occurrence that this link stands for
    target         BOOLEAN NOT NULL, -- whether the booking still wants to stand in this calendar
    authoritative  BOOLEAN NOT NULL,
    generation     BIGINT NOT NULL,
    event_id       TEXT NOT NULL,
    etag           TEXT NOT NULL,
    state          TEXT NOT NULL, -- pending, synced, removed, diverged, held, approved, failed
    reason         TEXT NOT NULL,
    base           BYTEA NOT NULL, -- the content last agreed on, as sent and as read back
    base_version   BIGINT NOT NULL,
    in_flight      BYTEA NOT NULL, -- writes whose outcome is not known
    observed       BYTEA NOT NULL, -- what a person made of it, reported and not yet decided
    conference     BYTEA NOT NULL, -- what has become of the conference that the booking wants
    missed_at      BIGINT NOT NULL, -- since when the event is not found, unproven
    synced_version BIGINT NOT NULL,
    failed_version BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, link_id),
    UNIQUE (tenant_id, booking_id, calendar_id, part),
    FOREIGN KEY (tenant_id, booking_id) REFERENCES bookings (tenant_id, booking_id),
    FOREIGN KEY (tenant_id, calendar_id) REFERENCES calendars (tenant_id, calendar_id)
);
CREATE TABLE listings (
    tenant_id    TEXT NOT NULL,
    calendar_id  TEXT NOT NULL,
    listing_id   TEXT NOT NULL,
    kind         TEXT NOT NULL, -- snapshot, delta
    page         BYTEA NOT NULL, -- the next page's token
    pages        BIGINT NOT NULL,
    events       BIGINT NOT NULL, -- rows of the pages so far
    withheld     BIGINT NOT NULL,
    window_from  BIGINT NOT NULL,
    window_until BIGINT NOT NULL,
    started_at   BIGINT NOT NULL,
    tzdata       TEXT NOT NULL, -- by which its series are expanded; empty when its pages disagree
    PRIMARY KEY (tenant_id, calendar_id)
);
CREATE TABLE messages (
    tenant_id   TEXT NOT NULL,
    message_id  TEXT NOT NULL,
    type        TEXT NOT NULL,
    booking_id  TEXT NOT NULL, -- empty for messages about connections and calendars
    sequence    BIGINT NOT NULL,
    position    BIGINT, -- its place in the feed, set after its commit
    data        BYTEA NOT NULL,
    traceparent TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, message_id),
    UNIQUE (tenant_id, position)
);
CREATE TABLE notifications (
    tenant_id       TEXT NOT NULL,
    notification_id TEXT NOT NULL,
    channel_id      TEXT NOT NULL,
    kind            TEXT NOT NULL,
    traceparent     TEXT NOT NULL,
    received_at     BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, notification_id)
);
CREATE TABLE oauth_flows (
    tenant_id     TEXT NOT NULL,
    flow_id       TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    browser_hash  TEXT NOT NULL, -- of the cookie that binds the flow to one browser; empty until the connect page was opened
    verifier      BYTEA NOT NULL,
    state         BYTEA NOT NULL,
    return_url    BYTEA NOT NULL, -- where the browser goes in the end; sealed and empty for nowhere
    expires_at    BIGINT NOT NULL,
    used_at       BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, flow_id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, connection_id) ON DELETE CASCADE
);
CREATE TABLE occurrences (
    tenant_id   TEXT NOT NULL,
    calendar_id TEXT NOT NULL,
    series_id   TEXT NOT NULL,
    original_at BIGINT NOT NULL,
    starts_at   BIGINT NOT NULL,
    ends_at     BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, calendar_id, series_id, original_at)
);
CREATE TABLE penalties (
    tenant_id TEXT NOT NULL,
    bucket    TEXT NOT NULL, -- mailbox/<connection>, application/<application>
    until     BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, bucket)
);
CREATE TABLE rejections (
    tenant_id    TEXT NOT NULL,
    rejection_id TEXT NOT NULL,
    booking_id   TEXT NOT NULL,
    version      BIGINT NOT NULL,
    reason       TEXT NOT NULL,
    payload      BYTEA NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, rejection_id)
);
CREATE TABLE requests (
    tenant_id   TEXT NOT NULL,
    key_hash    TEXT NOT NULL,
    fingerprint BYTEA NOT NULL, -- of all that the request asks for
    state       TEXT NOT NULL, -- running, committed (what it asked for is done, its answer is not here yet), answered
    token       TEXT NOT NULL, -- fences whoever carries it out
    lease_until BIGINT NOT NULL,
    answer      BYTEA NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, key_hash)
);
CREATE TABLE seal_keys (
    tenant_id     TEXT NOT NULL,
    seal_key      BIGINT NOT NULL, -- the key's id
    proof         BYTEA NOT NULL, -- sealed with the key: whoever opens it has that key and no other of the same id
    first_used_at BIGINT NOT NULL,
    retired_at    BIGINT NOT NULL, -- since when it may be missing
    PRIMARY KEY (tenant_id, seal_key)
);
CREATE TABLE seal_rotations (
    tenant_id   TEXT NOT NULL PRIMARY KEY,
    seal_key    BIGINT NOT NULL, -- what they are sealed with
    place       TEXT NOT NULL, -- the table.column that is looked at; empty at the beginning of a pass
    place_after TEXT NOT NULL, -- JSON: the key of its last row that was looked at; empty for none
    resealed    BIGINT NOT NULL, -- values, since started_at
    found       BIGINT NOT NULL, -- values in this pass that were not sealed with the key
    unopened    BIGINT NOT NULL, -- of those, how many do not open though their key is there
    missing     BIGINT NOT NULL, -- of those, how many lack their key
    missing_key BIGINT NOT NULL, -- the last key that was missing; 0 for none
    last_unopened BIGINT NOT NULL, -- unopened and missing, of the last whole pass
    last_missing  BIGINT NOT NULL,
    started_at  BIGINT NOT NULL,
    finished_at BIGINT NOT NULL
);
CREATE TABLE staged (
    tenant_id   TEXT NOT NULL,
    calendar_id TEXT NOT NULL,
    listing_id  TEXT NOT NULL,
    event_id    TEXT NOT NULL,
    etag        TEXT NOT NULL,
    status      TEXT NOT NULL,
    starts_at   BIGINT NOT NULL,
    ends_at     BIGINT NOT NULL,
    all_day     BOOLEAN NOT NULL, -- starts_at and ends_at are a day wider than its dates, read as UTC
    free        BOOLEAN NOT NULL, -- it takes none of the calendar's time
    kind        TEXT NOT NULL, -- single, series, occurrence, exception
    series_id   TEXT NOT NULL, -- of an occurrence or exception, whose place in the series is original_at
    original_at BIGINT NOT NULL,
    unexpanded  TEXT NOT NULL, -- why the occurrences of a series are not known
    content     BYTEA NOT NULL,
    meeting     TEXT NOT NULL,
    PRIMARY KEY (tenant_id, calendar_id, listing_id, event_id)
);
CREATE TABLE staged_occurrences (
    tenant_id   TEXT NOT NULL,
    calendar_id TEXT NOT NULL,
    listing_id  TEXT NOT NULL,
    series_id   TEXT NOT NULL,
    original_at BIGINT NOT NULL,
    starts_at   BIGINT NOT NULL,
    ends_at     BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, calendar_id, listing_id, series_id, original_at)
);
CREATE TABLE tenants (
    tenant_id  TEXT NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE TABLE work (
    tenant_id     TEXT NOT NULL,
    kind          TEXT NOT NULL,
    subject       TEXT NOT NULL,
    connection_id TEXT NOT NULL, -- whose calls it makes; empty for none
    lane          TEXT NOT NULL, -- interactive, background, bulk
    state         TEXT NOT NULL, -- ready, held, dead
    held_for      TEXT NOT NULL, -- reauth, approval, guard
    wanted        BIGINT NOT NULL, -- rises with every mark
    done          BIGINT NOT NULL, -- the last wanted that was served
    wanted_at     BIGINT NOT NULL, -- since when wanted > done
    not_before    BIGINT NOT NULL, -- of dead work: when it was given up
    in_line       BOOLEAN NOT NULL DEFAULT FALSE, -- not_before is a place among those who wait for the provider's limits
    lease_until   BIGINT NOT NULL, -- once it is over: the last claim ended without an outcome
    token         BIGINT NOT NULL, -- fences whoever holds the lease
    attempts      BIGINT NOT NULL,
    crashes       BIGINT NOT NULL, -- claims in a row without an outcome
    last_error    TEXT NOT NULL,
    traceparent   TEXT NOT NULL,
    PRIMARY KEY (tenant_id, kind, subject)
);
INSERT INTO applications (tenant_id, app_id, provider, app_kind, name, client_id, entra_tenant, credential, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'app_019cadc69a80702491549b8afa21ed9c', 'google', 'app_only', 'Ours', 'client-1', 'contoso.example', X'01C477759FDCD9092E55F817360B45E7D520A061798CA88FBA79B3DA79368F47FA153D2ACE35403352522D943733D11691D1', 1772442000000000);
INSERT INTO applications (tenant_id, app_id, provider, app_kind, name, client_id, entra_tenant, credential, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'app_019cadc69a80702cae59578bbfc1d200', 'google', 'app_only', 'Ours', 'client-1', 'contoso.example', X'01C477759F87D409EC7C4D4E74B0EE382222E30DF97F2C57198A124E862EB674C3FF047220CD67A3680344D7E86B0DA5FDAE', 1772442000000000);
INSERT INTO attempts (tenant_id, delivery_id, attempt, at, latency, status, failure, answer) VALUES ('ten_019cadc69a80700188c12758794cd519', 'dlv_019cadc69a80701192066b4ebad37e79', 1, 1772442000000000, 70000, 500, 'status', X'01C477759F76C9E03A78BF595DA2E988B67C266E3E0F5E71BC6AB70E4FED1334CB1376DE4F51AD98A2');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('installation', 'aud_019cadc69a807000a791f8a719ff2a38', 1772442000000000, 'engine', 'seal_key.used', '3296163231', '', '{}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807002b418cf19945423f9', 1772442000000000, 'test', 'tenant.created', 'ten_019cadc69a80700188c12758794cd519', '', '{}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807005b783548d743698a5', 1772442000000000, 'test', 'connection.begun', 'con_019cadc69a807003b4178ce60098a82d', '', '{"app":"app","provider":"google"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807007a5a1fe7a31e71c84', 1772442000000000, 'owner', 'connection.activated', 'con_019cadc69a807003b4178ce60098a82d', '', '{"grant":1,"lacks":"","scopes":"calendar"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807009bef962cc015e55fb', 1772442000000000, 'engine', 'connection.discovered', 'con_019cadc69a807003b4178ce60098a82d', '', '{"calendars":1,"missing":0,"vanished":0}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80700bafef2c7c193ae614', 1772442000000000, 'test', 'endpoint.created', 'end_019cadc69a80700a86b2f76e847a5b3a', '', '{}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80700d8f4714ef6a16332b', 1772442000000000, 'engine', 'calendar.targeted', 'cal_019cadc69a807008864863c5d15c2a63', '', '{}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80700fab022e2697eaa0ad', 1772442000000000, 'key_test', 'booking.accepted', 'b', 'b', '{"cancelled":false,"decides_divergence":false,"revision":1,"seen_revision":0,"targets":1,"tzdata":"2026a","version":1,"via":"http"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807014acd36ef1aa667d2e', 1772442000000000, 'owner', 'connection.activated', 'con_019cadc69a807003b4178ce60098a82d', '', '{"grant":2,"lacks":"","scopes":"calendar"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80701590093419bc94e2b0', 1772442000000000, 'test', 'seal_rotation.started', 'ten_019cadc69a80700188c12758794cd519', '', '{"key":3296163231}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807016afb12ac5ed7ebef1', 1772442000000000, 'engine', 'zones.asked', 'ten_019cadc69a80700188c12758794cd519', '', '{"tzdata":"2099a"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a8070188f45bb9e6e88f6ef', 1772442000000000, 'key_test', 'endpoint.created', 'end_019cadc69a807017b68037ab0dbb82fd', '', '{}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807019b09a6f817299d84d', 1772442000000000, 'test', 'endpoint.secret_rotated', 'end_019cadc69a80700a86b2f76e847a5b3a', '', '{}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80701ab0a388598db7e62e', 1772442000000000, 'test', 'endpoint.secret_rotated', 'end_019cadc69a807017b68037ab0dbb82fd', '', '{}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80701d8ddda55a8cfe311f', 1772442000000000, 'test', 'connection.begun', 'con_019cadc69a80701b8c5c2d2fbe0549d5', '', '{"app":"app","provider":"google"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807021951d077d11b2532b', 1772442000000000, 'owner', 'connection.activated', 'con_019cadc69a80701b8c5c2d2fbe0549d5', '', '{"grant":1,"lacks":"","scopes":"calendar"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80702384b71ee36b36f3ee', 1772442000000000, 'test', 'connection.begun', 'con_019cadc69a807003b4178ce60098a82d', '', '{"app":"app","provider":"google"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807025bfd550fc499f5e27', 1772442000000000, 'test', 'application.created', 'app_019cadc69a80702491549b8afa21ed9c', '', '{"client_id":"client-1","kind":"app_only","provider":"google"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807027b4f8194cdcb257a7', 1772442000000000, 'test', 'connection.begun', 'con_019cadc69a807026a3c641063c124286', '', '{"app":"app_019cadc69a80702491549b8afa21ed9c","provider":"google"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80702b9a193b5eb09a0c26', 1772442000000000, 'test', 'connection.activated', 'con_019cadc69a807026a3c641063c124286', '', '{"grant":1,"lacks":"","scopes":"calendar"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80702da07e41668ebda91b', 1772442000000000, 'test', 'application.created', 'app_019cadc69a80702cae59578bbfc1d200', '', '{"client_id":"client-1","kind":"app_only","provider":"google"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80702f9b2482871a391eca', 1772442000000000, 'test', 'connection.begun', 'con_019cadc69a80702eb4de5a765fc14ad3', '', '{"app":"app_019cadc69a80702cae59578bbfc1d200","provider":"google"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807033aebf23cfcf5c4bf7', 1772442000000000, 'test', 'connection.activated', 'con_019cadc69a80702eb4de5a765fc14ad3', '', '{"grant":1,"lacks":"","scopes":"calendar"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807035b289a15cd7d6fe12', 1772442000000000, 'test', 'key.created', 'key_019cadc69a807034909566418bfc6144', '', '{"purpose":"signing","scopes":""}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807037ad289fda6d7b1f67', 1772442000000000, 'test', 'key.created', 'key_019cadc69a80703695241bb289625a5a', '', '{"purpose":"signing","scopes":""}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a8070388dfcae6ddcdce1e9', 1772442000000000, 'queue', 'booking.rejected', 'rej_1', '', '{"reason":"","version":0}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80703ca77bc94f3de4237e', 1772442000000000, 'queue', 'booking.rejected', 'rej_2', '', '{"reason":"","version":0}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69e687001a8ad7d3714612353', 1772442001000000, 'engine', 'listing.published', 'cal_019cadc69a807008864863c5d15c2a63', '', '{"guarded":false,"kind":"delta","missed":0,"pages":1,"raised":0,"vanished":0,"withheld":0}');
INSERT INTO booking_versions (tenant_id, booking_id, version, reservation_token, hash, cancelled, accepted_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'b', 1, 'rsv_019cadc69a80700cb72cdc3315080ca9', 'hash-1', 0, 1772442000000000);
INSERT INTO bookings (tenant_id, booking_id, version, revision, sequence, cancelled, spec, slot, starts_at, last_at, tzdata, hash, reservation_token, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'b', 1, 1, 1, 0, X'01C477759FD077CD2D394A4B773B13851E6D80E3FC5BD3AA15F38EF3A6D906C0605CF598E9262BC604BF272C66BB2CF7F41A50772B7FD197B5148072A5142857EF9F82EB137CA3E1DCFE2A304270A6392E00180800EE28B16E9473D19563CFBF0684358415034980B2F933BA043BAEC69F000DACB5F4B015E315D89B443599E8759A2DC2BC3D42DF9DF1D685937F789C3079293E9AC607436C6E54259638C250395A195E7B34CE239FD86BCDAFA7D3CB348E75725403D9CF729BFD18139930EDD19227FAC09C92EA894D8EEA964C320239C7437A43F659907E193C2A07489F57DA7AFEEBF981DA196140A13AA49D0CE6D123087EC75B335913BD35C505488BF9CFF586AF65990BC0931D86E8F4487C4F2AA17CC2F57B55F7063899F76B14B53FBC898051E49A42A599424A6D4996B441C43F04C1E156D2D77DD4136ABEFDE2A11B7AA3830F41A0E9251061FA17859766D33D04DF45E0282B48FA57E5E3E0DB65B52CE2FF98BFEC7D590EAACB0A8A31041E3D15FFC229FA70F1EF0C64484957D2F55EA908089192F89A9E9727ECC814CA3A2480C1DC8B56134C0EDFD305DD432AC19C7C8E4BAF7F40E0D57E953C4A3BF6CB3865AC8A62E0488712F39BEE8FA02323DE4BD00744AFD9', X'01C477759F629116A4DD5A2CF331E41C7438EDB197A8510526CC369C9D1EF93277CC1318B8A0C697FB808DD1073B93BB361CD0BD90E19F36F67285D8A96D411EA42062A15D284DB8D09098CA7D459507AD36B5B15ABCDCDB52094E1C0E759F9848EC1A55F405751D2BE52521B8C39256129F90FB823CB1F0F0F01826FE7FE53D357905C99D868E6FFF6B76916712D9F4', 1772528400000000, 1772528400000000, '2026a', 'hash-1', 'rsv_019cadc69a80700cb72cdc3315080ca9', 1772442000000000, 1772442000000000);
INSERT INTO calendars (tenant_id, calendar_id, connection_id, remote_id, name, zone, is_primary, writable, targeted, sync, writable_target, missed, vanished_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'con_019cadc69a807003b4178ce60098a82d', X'01C477759FFB499C77A9F5D455131C3C656AD9DDF9F2A6857310988BC85B6314D50D13BBB480CF188B', X'01C477759FE66CEBF58040C200A063478CB0BB1D5B43B0DDB5F50A2244B3E221C838994636DDC55975B203B56298CC70', 'Europe/Berlin', 1, 1, 1, 'off', 1, 0, 0, 1772442000000000, 1772442000000000);
INSERT INTO connections (tenant_id, connection_id, provider, app_id, state, account, mailbox, reason, lacks, on_moved, on_cancelled, on_edited, closed_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a807003b4178ce60098a82d', 'google', 'app', 'active', X'01C477759F2D711873E66B08BF0BD84288AC222F2AD4E4241B883DF868B5066989B560A8F1BE0ADFDF113056575D444506D5552E', X'', '', '', 'report', 'report', 'report', 0, 1772442000000000, 1772442000000000);
INSERT INTO connections (tenant_id, connection_id, provider, app_id, state, account, mailbox, reason, lacks, on_moved, on_cancelled, on_edited, closed_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a80701b8c5c2d2fbe0549d5', 'google', 'app', 'active', X'', X'', '', '', 'report', 'report', 'report', 0, 1772442000000000, 1772442000000000);
INSERT INTO connections (tenant_id, connection_id, provider, app_id, state, account, mailbox, reason, lacks, on_moved, on_cancelled, on_edited, closed_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a807026a3c641063c124286', 'google', 'app_019cadc69a80702491549b8afa21ed9c', 'active', X'', X'01C477759F34E85B512A3834EF790C9304E42A75659BF3CA175109189E679F4686A33F13A0D36C0F73F2425DCC21E27A54805CE0', '', '', 'report', 'report', 'report', 0, 1772442000000000, 1772442000000000);
INSERT INTO connections (tenant_id, connection_id, provider, app_id, state, account, mailbox, reason, lacks, on_moved, on_cancelled, on_edited, closed_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a80702eb4de5a765fc14ad3', 'google', 'app_019cadc69a80702cae59578bbfc1d200', 'active', X'', X'01C477759F68F50DE68FCA78381572C729BC261AABC2C175B9CC6BDA5C0B029F68DFE9BEA02B9101A9A7F83CDA644795995325FC', '', '', 'report', 'report', 'report', 0, 1772442000000000, 1772442000000000);
INSERT INTO cursors (tenant_id, calendar_id, token, scope, window_from, window_until, synced_at, spacing, recheck, withheld, began_at, missed_at, poll_interval, tzdata) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', X'01C477759FAC6D9100720EB54AEFBFB1DA2D08FBBEB81970E31E33B63A0D2CF691894FDB2FFB107665B5D53530F9', 'scope', 0, 0, 1772442001000000, 0, 0, 0, 1772442001000000, 0, 0, '');
INSERT INTO deliveries (tenant_id, delivery_id, message_id, endpoint_id, state, attempts, status, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'dlv_019cadc69a80701192066b4ebad37e79', 'msg_019cadc69a80701099d5dd4f7c0994e2', 'end_019cadc69a80700a86b2f76e847a5b3a', 'pending', 1, 500, 1772442000000000, 1772442000000000);
INSERT INTO deliveries (tenant_id, delivery_id, message_id, endpoint_id, state, attempts, status, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'dlv_019cadc69a807013b5e6616e290a53b8', 'msg_019cadc69a807012aac22ac15705f04f', 'end_019cadc69a80700a86b2f76e847a5b3a', 'pending', 0, 0, 1772442000000000, 1772442000000000);
INSERT INTO deliveries (tenant_id, delivery_id, message_id, endpoint_id, state, attempts, status, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'dlv_019cadc69a80701fbdbe880db9e3d01a', 'msg_019cadc69a80701e8aca54c0fb9f8f9d', 'end_019cadc69a80700a86b2f76e847a5b3a', 'pending', 0, 0, 1772442000000000, 1772442000000000);
INSERT INTO deliveries (tenant_id, delivery_id, message_id, endpoint_id, state, attempts, status, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'dlv_019cadc69a807020b9366814f03fea0c', 'msg_019cadc69a80701e8aca54c0fb9f8f9d', 'end_019cadc69a807017b68037ab0dbb82fd', 'pending', 0, 0, 1772442000000000, 1772442000000000);
INSERT INTO deliveries (tenant_id, delivery_id, message_id, endpoint_id, state, attempts, status, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'dlv_019cadc69a807029963cdcdf7c886295', 'msg_019cadc69a807028a94e5143c596c3a3', 'end_019cadc69a80700a86b2f76e847a5b3a', 'pending', 0, 0, 1772442000000000, 1772442000000000);
INSERT INTO deliveries (tenant_id, delivery_id, message_id, endpoint_id, state, attempts, status, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'dlv_019cadc69a80702ab73a9b0bfbec4f72', 'msg_019cadc69a807028a94e5143c596c3a3', 'end_019cadc69a807017b68037ab0dbb82fd', 'pending', 0, 0, 1772442000000000, 1772442000000000);
INSERT INTO deliveries (tenant_id, delivery_id, message_id, endpoint_id, state, attempts, status, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'dlv_019cadc69a807031b7da22e659df79d2', 'msg_019cadc69a8070308abdbb483089b883', 'end_019cadc69a80700a86b2f76e847a5b3a', 'pending', 0, 0, 1772442000000000, 1772442000000000);
INSERT INTO deliveries (tenant_id, delivery_id, message_id, endpoint_id, state, attempts, status, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'dlv_019cadc69a807032a57991456a76064f', 'msg_019cadc69a8070308abdbb483089b883', 'end_019cadc69a807017b68037ab0dbb82fd', 'pending', 0, 0, 1772442000000000, 1772442000000000);
INSERT INTO deliveries (tenant_id, delivery_id, message_id, endpoint_id, state, attempts, status, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'dlv_019cadc69a80703a8a0dc32e0a45af2a', 'msg_019cadc69a80703994cccb0413faf8de', 'end_019cadc69a80700a86b2f76e847a5b3a', 'pending', 0, 0, 1772442000000000, 1772442000000000);
INSERT INTO deliveries (tenant_id, delivery_id, message_id, endpoint_id, state, attempts, status, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'dlv_019cadc69a80703ba719eff63c4b5b5b', 'msg_019cadc69a80703994cccb0413faf8de', 'end_019cadc69a807017b68037ab0dbb82fd', 'pending', 0, 0, 1772442000000000, 1772442000000000);
INSERT INTO deliveries (tenant_id, delivery_id, message_id, endpoint_id, state, attempts, status, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'dlv_019cadc69a80703eb0f9699ff442c3c8', 'msg_019cadc69a80703da9ef4e868b0780a5', 'end_019cadc69a80700a86b2f76e847a5b3a', 'pending', 0, 0, 1772442000000000, 1772442000000000);
INSERT INTO deliveries (tenant_id, delivery_id, message_id, endpoint_id, state, attempts, status, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'dlv_019cadc69a80703f9f5721f6803de1d4', 'msg_019cadc69a80703da9ef4e868b0780a5', 'end_019cadc69a807017b68037ab0dbb82fd', 'pending', 0, 0, 1772442000000000, 1772442000000000);
INSERT INTO directory (kind, hash, tenant_id, subject) VALUES ('account', '35561df32040eca055d7bab788beab07dd2e32debb1d73a8a2b1ed701dd5b954', 'ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a807003b4178ce60098a82d');
INSERT INTO directory (kind, hash, tenant_id, subject) VALUES ('connect', '4e78ac6dd7d33177d69f4f2e008aff48f850295bfc6a6c06c958b302644dfeec', 'ten_019cadc69a80700188c12758794cd519', 'flw_019cadc69a80701cb56a652cc197fa50');
INSERT INTO directory (kind, hash, tenant_id, subject) VALUES ('connect', '87ab466ac65dbee193f77fa0185905cad3c91b5739240feb904d50c014d1393d', 'ten_019cadc69a80700188c12758794cd519', 'flw_019cadc69a807004a5de326cbf6f8131');
INSERT INTO directory (kind, hash, tenant_id, subject) VALUES ('connect', 'f0559f49fddb8785e5210be4656796fb3c4f8c608da4fe229b7ae5f3dc3ae894', 'ten_019cadc69a80700188c12758794cd519', 'flw_019cadc69a807022944337e0ab35ffeb');
INSERT INTO directory (kind, hash, tenant_id, subject) VALUES ('signing_key', '1614efdeed5b9784808db7de7df46b7d888265fb25a5d2d07a20848b4d301565', 'ten_019cadc69a80700188c12758794cd519', 'key_019cadc69a807034909566418bfc6144');
INSERT INTO directory (kind, hash, tenant_id, subject) VALUES ('signing_key', 'ce783e9a22f4847c3c91ef609415a9be6720261dd4e6110ce79fcf397a3f26c4', 'ten_019cadc69a80700188c12758794cd519', 'key_019cadc69a80703695241bb289625a5a');
INSERT INTO directory (kind, hash, tenant_id, subject) VALUES ('state', '1ab552d6f7f2ca2d71e5f65e7f819b1b0e057a4e2eb03037c0fd794b7c93bb79', 'ten_019cadc69a80700188c12758794cd519', 'flw_019cadc69a80701cb56a652cc197fa50');
INSERT INTO directory (kind, hash, tenant_id, subject) VALUES ('state', '36d912ec274712de4fa4abbf60ebd48e0c94c85676dd3ae981022e17b5c008f5', 'ten_019cadc69a80700188c12758794cd519', 'flw_019cadc69a807022944337e0ab35ffeb');
INSERT INTO directory (kind, hash, tenant_id, subject) VALUES ('state', 'c88736c11d2545937980cf64a03bfc62c90db7853f984a53c539d597dd7c9867', 'ten_019cadc69a80700188c12758794cd519', 'flw_019cadc69a807004a5de326cbf6f8131');
INSERT INTO endpoints (tenant_id, endpoint_id, url, description, types, secret, previous_secret, previous_until, state, reason, disabled_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'end_019cadc69a80700a86b2f76e847a5b3a', X'01C477759F049464D2FAF567020572C200B6F20603B0AC8CBE2BAA8C7E57AB48014935BE4AE8B4295F336AEC0AC088087679E1CF9DAA63B3957E351A4C26E7EA13', X'01C477759F795E4CED1E439A0C4FDE219F4B1AD066227092F2A8EDA71194A2BA4CA61E0673A8F5223379C0F2DDD400D72BAFA1', '', X'01C477759F31A255A0672272588AC7F6183AB037F3D0B70703F9061D0FF8BCEF53259DFCD0F1ABB9E37E403D3258', X'01C477759F765CC74064A46CE9D9573BDEED56B2E80FB1B608D6BE67AD10ED10ECF1F997E3E2C53FA5275E87F9', 1772528400000000, 'enabled', '', 0, 1772442000000000, 1772442000000000);
INSERT INTO endpoints (tenant_id, endpoint_id, url, description, types, secret, previous_secret, previous_until, state, reason, disabled_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'end_019cadc69a807017b68037ab0dbb82fd', X'01C477759F180B57C3A24F7F6DF60FCE9D9DAB3B6CE594558075F69BE8F93350FB783844F5C2788AB3772FC5246E5DF3631B8CE4EEAB73CD05C673CC0834682D68', X'01C477759FBD54F19085293E26B563DEC5D87E8599090597E0BF394F6F2BD68A5DED13BA2EC032881E89A4F355603F2ACB7D9F', '', X'01C477759FBF6D87EFC663EA62C7ED085AF696283B6B93FAD9C4A526B808AE7373C97B859678E864AF117836731C', X'01C477759FD171E66933D6C57060183D2391A9A9195A132C1EE6AB954DE8B8FFF2FBD017E417C45E412A64FD2D', 1772528400000000, 'enabled', '', 0, 1772442000000000, 1772442000000000);
INSERT INTO events (tenant_id, calendar_id, event_id, etag, status, starts_at, ends_at, all_day, free, kind, series_id, original_at, unexpanded, content, meeting, missing, listing_id, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'e1', '1', 'confirmed', 1772445600000000, 1772449200000000, 0, 0, '', '', 0, '', X'01C477759F6208DC31EE6A721C12B251598C6C574421E4355AD8230ED46EC2CD69D24320DB962616082DFDC27B325B160BFC54A9EFA8DC54B664CD624409B303C016C42CD499D5F69B35304F304E908972C7A3BE2868D09A3A016CB30416ACB5AD00E67452738B80EAB0320B5E7B0F83FCE6CD7B687AEB6B011ACCE35D07AF5A5EFB064D711106B812DD0A27852ACFFFD725F53449745B70D433AFB6F1C7D8807056C7EA', '', 0, '', 1772442001000000);
INSERT INTO events (tenant_id, calendar_id, event_id, etag, status, starts_at, ends_at, all_day, free, kind, series_id, original_at, unexpanded, content, meeting, missing, listing_id, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'event-id', '1', 'confirmed', 1772445600000000, 1772449200000000, 0, 0, '', '', 0, '', X'01C477759F0BD8491CC87EFE4E03684F03ED0FEF1D4CF098F54F9AB0AE533CE8D208AB726A4C3E6E9BB6B273179B10921D3B24D8443F595F79A56736F5C5C80FD72123DECBBEBDF224810EA5B079D975AB8669B93E897749E4A12174CD2CDCF6994C922738C9B91797EF91B8960C74CA73B0C881E284B02EAF4736F0AFFD598362853F36A6C485F4AFFCEF42789159DBC2AEA1AA064A187EC9E82EADDAD09851A05D199B', '', 0, '', 1772442000000000);
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (1, 0, 1, '2026-11-23 13:57:57');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (2, 1, 1, '2026-11-23 13:57:57');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (3, 2, 1, '2026-11-23 13:57:57');
INSERT INTO grants (tenant_id, connection_id, version, access_token, refresh_token, scopes, expires_at, refresh_until, refresh_fence, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a807003b4178ce60098a82d', 2, X'01C477759F9C2F3B4E9BA7F95741B5DDA8F28BE826D4019B20F8B6924AFAB5767D23C9E05E39689D1DD024FC1F381F49554D5563', X'01C477759FFACB4DC6BFE3A075E1460B2CDCC2819D9655B734205AA0E25C17CA9CDF5B1A6F58E0A9A84226A9E42AA720C139B960DA', 'calendar', 1772445600000000, 0, 1, 1772442000000000);
INSERT INTO grants (tenant_id, connection_id, version, access_token, refresh_token, scopes, expires_at, refresh_until, refresh_fence, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a80701b8c5c2d2fbe0549d5', 1, X'01C477759FF2956BA525478FB411ABA58D9AFAEC852EAB931889261D46027CFF1B313E76965403E9D282034CB12BA9D708D18EA4', X'01C477759F22717E21947A421EE0D9009CF526F5EFB23B0797D0FCD8B4C8E5331235126F87EC959DE1585BE4A7E68E47203C8EEAA4', 'calendar', 1772445600000000, 0, 0, 1772442000000000);
INSERT INTO grants (tenant_id, connection_id, version, access_token, refresh_token, scopes, expires_at, refresh_until, refresh_fence, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a807026a3c641063c124286', 1, X'01C477759F20F4F220AED65DFC98FDEFA8B1D23262E921D345AB946423C150D504CDD1EA9F215EC786B46EFF1446B77C63A59222D873', X'', 'calendar', 1772445600000000, 0, 0, 1772442000000000);
INSERT INTO grants (tenant_id, connection_id, version, access_token, refresh_token, scopes, expires_at, refresh_until, refresh_fence, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a80702eb4de5a765fc14ad3', 1, X'01C477759F5AEECDFB1971F0B5DC75957DDFDE15E79D9DEFCDAFC182ACFC07C4DFA45584DC4F76A546C499944B58B9CBBA3C4A95C42A', X'', 'calendar', 1772445600000000, 0, 0, 1772442000000000);
INSERT INTO keys (tenant_id, key_id, purpose, scopes, secret, created_at, revoked_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'key_019cadc69a807034909566418bfc6144', 'signing', '', X'01C477759FBDABF69718D85FC6635C99D60E95B2525F56295E6980F7142FCF614B77A9C0E67E6214A4B3982949AC804902EE672355B8CF0268CD1D97D89020C7FCEB74FD56D84F95E29208CF99F3DE12', 1772442000000000, 0);
INSERT INTO keys (tenant_id, key_id, purpose, scopes, secret, created_at, revoked_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'key_019cadc69a80703695241bb289625a5a', 'signing', '', X'01C477759FDE7BE657B4866CCB8E63668E48BA20AD99737CF7028684037250CAD69EB649922A315940BE56B9A7A2204B0BC8EDB2540EEAAD72EFA643865DDEF9242C8EC8C878580B6F39EC5A90EF8B47', 1772442000000000, 0);
INSERT INTO links (tenant_id, link_id, booking_id, calendar_id, part, target, authoritative, generation, event_id, etag, state, reason, base, base_version, in_flight, observed, conference, missed_at, synced_version, failed_version, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'lnk_019cadc69a80700eb84cbaaa2be881f8', 'b', 'cal_019cadc69a807008864863c5d15c2a63', '', 1, 1, 3, 'event-id', '"etag"', 'diverged', 'why', X'01C477759F402901A6F952C4F08F95EE45D1317F02B77C14C74F35279305B22642C32D14F1F7FD0459CE6CB97D198B556612F1F8F8A275EC103858EDE54391C06F1ADA6436565C1F59D7C81B243EFDF3D9266B0978C7F6D22E2339B2C19D4B9B136E46AC65D9E0498D882334EAC58ED31116A8435E578CE9B4154AC57D1ADE1E1F5F48F60F4043DF08CFD3B9077DEDE176DD3D1A76419FA686D80A21DA261922C2FE8E0E53AD7C654F60FE7C5069966BBD9F0BF116B4EC219816D65B5F0A0E2B60127670744D8294466FBC417060CBFDA95E2EBA2C861E45A0D46E114CF0C98832D63F6A58411351E4AD21BECB2449F8505C4BAF4273AB951A35CB24C0C86031947692D2E0BCD1F144BAD510C9E00C67BCE68AFBFF4465BB3DE487FED09E08A7C66CA0C19AE5D34A47E927AA7F581657F2B6E308713ADCDBBED29BA3AEAA291A969B64014ED5898C6D00BA7D35343E33BE7D701FB98B466900F9910E236C98F3BA54797CD2B11EBAC66A55F28837DE2042B8716579C04895EB4F04AE0BB362E12695D1A2BDCBED09B5AB53AF9B5651E3CB77F99CC249656078E0797D81A31FC75DFC38DFD6361EFF8871E09C87B9DDF43DD32B8D5CB34D2163EC0D9429E30C4BB99600438BB4C808AF7464803E21AB42F2434AF00715A19F12CE73BFA0A9BA9BA0B997C8FB3546972274D865D8B3AE39DB7826CCB5C6EBD4E3CD0272970118C7CE23D41DB5F742F16DB4A41EA255A3E1B1D992A2DA9761071B1A4C1991DEDF4F43B48209', 4, X'01C477759F7449A57FE68C493B2E3238D442B3AA7C40B821502D4AEC511F9040C4EE9AE9525DA0B0E7FE7DE4AC357040229FB22309FD6B5F8E890622EBA02377466E4A7A6D5831BFA21F2510349BB45CFEDE660CFF5ED3D5071A087AD89E483E2E12706292BA38B8D9E7D09B722DE331C8D3BAA520246B23627D89F8D652CFB4C98F8CD418490CE29A49B3E454EBFD5734BF00239FDE1EA4442F8C3B5321D9D56AEF3B1593D395898EE278D40B9AC62B10AF9E79F1E9126FD553E2626D47B617BFCEAF03D80A0D7863D2C5A24A1EC72A9525BDEB429530B2C56A8B0740874C111CD7FDE7D81FA74B1EE521C15F87EC29D3956FA6796F6F0A3558E636FCBE7D6527903BAF81DE15702136A4304EA0B7C7E6BAA02551DA74E4BC9D428B6C52C639FB4BF4EBAA54DC7940C362ED8EB47197DE1E4F8CA4B12813CBFEE246D9F73DBE3F0A4867E833811FACEF6632167CEDA7201F128042D7DD9ECF7565B26684A89D6BBD7A923F924A40FC340E7EE8FEBBDED76E8460F49F8ACD2829DF981E96C8BD8D7B3A859D78189E2234994AD5CD2790EA211869C5', X'01C477759FCBF65AFB4D9DCDA87252528A6142FC050AC2D97B8BD792026C7426FC249E436979A5D62ACBFD162CA2394E9E1AF349C2CD36CF4895ED99280FF996F0EFE9B4E663CAF6C089CB7FE84FC5CEC055177E51F6DCB2326CB622C7CA62A34E04B45F922ED22DBAD271009FE4566331C2A7AB9B965B4D51022226E6E20449E82EB079AC930C7569B8A739F1BFCA775B3DFD6B2B1F6E2F1F4B5E5FA9D9051FCE8B9AE84303821566A377AFBBD10FDDEF1A2816C813F559B4292F8E2087B391B70B82C1197A547957B96B03C94FDC7294032297F7D21D5DB09FA3438E73E49B7E31F5B9D372B73787', X'01C477759FFC6D55B07B2838E4BEE44FB56BD22D1F449D9D634D3D45EBF4D4423727990007BDB809DC78405034E26438CE50BA397EDF48C1F2DAAE1E6FCB2D48CEB29443C181A180D3C2D37DC8B4129C5986B806C0EB5661728D3A33C79782A4D1612DBCCEE3E428267322AA055E32470FF4F8C3A3F78ED86546112892EF97628F93081E8AC4F9A44870877D9BDAC6CABC7D7035640A0F', 1772441940000000, 4, 2, 1772442000000000, 1772442000000000);
INSERT INTO listings (tenant_id, calendar_id, listing_id, kind, page, pages, events, withheld, window_from, window_until, started_at, tzdata) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'lst_019cadc69e68700294fd0e6bfcc61fb8', 'delta', X'01C477759FF95C0BDEB50245DA2563A26300513D5D0CDDF4D18787CB03CEB5DEB3DBF9EC41F92DB06D64F727', 1, 2, 0, 0, 0, 1772442001000000, '');
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a807006b2dc6b80f5625907', 'connection.activated', '', 0, NULL, X'01C477759F23AC3F906AED272680C17861788DC0F8D676DB89B052BC403132B1EA1E32DD17397A1262ECC86254C80C2432964891F9F9E0B0A0BD0CAA402A1C1660024B88896C2280BCEA7B1E84F025BD562A153EE646195437E8575843248CA071344A7893BE8116A6CD37F5DB', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a80701099d5dd4f7c0994e2', 'booking.accepted', 'b', 1, NULL, X'01C477759F5484B5638E407909CB9D1700B8FB4328C93DC4CC120AED72E3D54873C6AD05F7C770AD0AE2D2144F0CBFA780F8C6E5247BF7E848ED9AED60735081D0E038B042967DFECD31E0C159F2AE6E6E5C85C94D53C2149564C0F81EEC212D8904DBB1B5BDB286DA238E709CE3D0B47DB4F1001D38F311F82F82009FFA5D54E1B97A6C52030BF216F5C4BAC5433A748B109E80AA805F3065442C8E5DEF04C819249946B24D', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a807012aac22ac15705f04f', 'connection.activated', '', 0, NULL, X'01C477759FB16A8350FFE96DDE5DC7D285FB1D95FCAED7F57169B62C21D403AA6524DEAFDA55BDF13A288BA21212F565C9878E288C2C8110729188513267C5BB1DDBE4F67CCC786F612EF478DD5C728FA0093AA436A86FCFA356AC2C211B7127CAA4BEA4799BA28C6D5D54EDC7', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a80701e8aca54c0fb9f8f9d', 'connection.activated', '', 0, NULL, X'01C477759FF257279313DECB5F2F1114F16DDF0AC635E96605495616AFF6FFDCA18C195D315D84FF907E5FF4848A5990B80AAD7B540D7C8D13BA5EF471ACE2F6D617FE3E05018DF700793A97523EA7F6C5FD3F2B358CD0810BD53621A82D9BDC35CF02B0D2785606EBB60044D2', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a807028a94e5143c596c3a3', 'connection.activated', '', 0, NULL, X'01C477759F248646816168EEC65D11BF6421977FA31DAB8314690D87F1666EEB5C09A2A83F4CF8D380227AEA7B11AA6D424E14EF7DE09B333BD8F4374FB5E6ED16C29F58B9ABD8BFC441298341A0F593C09133119FDCBEEE68AAE7F9AF0097AA4E9DB34FB42AAD3B48E9F14C72', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a8070308abdbb483089b883', 'connection.activated', '', 0, NULL, X'01C477759FAF01E632DEB55BC38DDE27F66FD9DFE395470F7A22A6D0C20D9F3ED0FCCBA862F8F0F39EF8023960515EA56B2D542E7E5DD835D6F94563592F9B1ACB4785203E45270329DDFBF699317BAB5F369487169FAB2E543F5AF067B3DA397F5089041E1AE69956E2912BE3', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a80703994cccb0413faf8de', 'booking.rejected', '', 0, NULL, X'01C477759F9FB3A6F25DED5539C9A187E43D99CC75B70AB7FD9B18DC7278D63588E4C599F1E09F531D040D49A36806C92DE528C94F78864DAAB1A921C46841A0', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a80703da9ef4e868b0780a5', 'booking.rejected', '', 0, NULL, X'01C477759FB634DAEF3353871753F4E4512B95E5908009370C9C5D25456664D006D195175254E13A080C338C2A6D2AF286BAE9ECF52F5EE012EAB89E7C45D278', '', 1772442000000000);
INSERT INTO oauth_flows (tenant_id, flow_id, connection_id, browser_hash, verifier, state, return_url, expires_at, used_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'flw_019cadc69a807004a5de326cbf6f8131', 'con_019cadc69a807003b4178ce60098a82d', '', X'01C477759F3DFF6F9598B2E9C1159528C197B5B74E21460F95743777878A5248CBC2DED70E38917D11692A34B2C1A2D23EF4F903566DAAAE', X'01C477759F5EA5307E2F9B0DE7C8C966814F3179E757BF3D8C9D7766C3F808CB800A1696988A4BFA50632BD018A4AD7B9E3AC38073407998C0D2B2D6E256BFCE0F63A644C04C8A675E8BEE2AC952122D13094B3E73C9B2C9790E', X'', 1772445600000000, 0);
INSERT INTO oauth_flows (tenant_id, flow_id, connection_id, browser_hash, verifier, state, return_url, expires_at, used_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'flw_019cadc69a80701cb56a652cc197fa50', 'con_019cadc69a80701b8c5c2d2fbe0549d5', '', X'01C477759FBB5072E7020D09637363B2F335405409A4DABF257818A04E55D5CA002C4DF1B03CE7C62676A8367063E06786BF2C531996BF', X'01C477759F67EFE8152A43B7611010F0DC0131DF254287F9BC78B71013BE4DFA14CC6096765701DD803F0CB04C9963920A4CCC26BA4353188DB1976B260777E75E48E4A09DD6B308096E29BFEE18321395E5F0235A92CD7C78', X'', 1772445600000000, 0);
INSERT INTO oauth_flows (tenant_id, flow_id, connection_id, browser_hash, verifier, state, return_url, expires_at, used_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'flw_019cadc69a807022944337e0ab35ffeb', 'con_019cadc69a807003b4178ce60098a82d', '', X'01C477759FAEC7D5174C3CE26229BB0E5115A0DA7C2248B81823B16864D0842C54C5925052D13122EA1BD61D533DE2', X'01C477759F68E915AD0B1003A0B101A99CFF958F1C9D62F7B7EB96D54588356495D72777B5689737E9B73289758705ED2876178A0790429664C1E1499CF00DA26758821526BC3585B31221CB4703E3B4EBF0D53D36317C7F', X'01C477759FC7E14D0FF8E22E1CFD7BC7BD660267B7E05115B5E8CFF23A2997F053AEDD22B71564BE4B49930244C0AD5BFA0FEC5F357E3E9058F7', 1772442600000000, 0);
INSERT INTO rejections (tenant_id, rejection_id, booking_id, version, reason, payload, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'rej_1', '', 0, '', X'01C477759FF88A8EFB3EED884728E3A02C4DAEB0A248252A5B57BEC6BB36BB69A08AD8D83044C1', 1772442000000000);
INSERT INTO rejections (tenant_id, rejection_id, booking_id, version, reason, payload, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'rej_2', '', 0, '', X'01C477759FFFD5AE2EC5D92BA571EF541C0B0195C0FABCCD7751BEB29717677CA3BD9E7154F9D2', 1772442000000000);
INSERT INTO requests (tenant_id, key_hash, fingerprint, state, token, lease_until, answer, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', '68c780cd132a0299c7cd3fa8649783cbc2872a98d90cd4ed6b9696e3c61c4c68', X'01C477759FA7B188C9E41A2675857BEEF7B31EDDB27964252B66FEA47057067007437C5A59CA83DCC473BB9E0DF25AC0587FF8', 'answered', 'att_019cadc69a8070408c73bc29fdf06be8', 1772442060000000, X'01C477759FBB7DBC1F22972B2F3DC82565401B05E0F901C266B418D0C1B31C8D036EB34BC25A018F0944C4435B18D65D12DDDE65A03F3825997E622DAECEA52AAA49EC8C4ADBAE0E399FF8FA74B39465FE34BADE4CCDBF5AE07011E5C1DC527BAD1588B0DDC669E41A8DD622FFB0A3F6553AFEFC6630F5', 1772442000000000);
INSERT INTO requests (tenant_id, key_hash, fingerprint, state, token, lease_until, answer, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'c68a0e8dbde466ff1c231eef33623a63e9470ac394c27ab5b7fee03563cd3023', X'01C477759FB403AE9FEB4A83BDA2A34E3DFA38A53426B0244F95732FBD6168847D3C17586526A0147009CDE395B7FB083B1DF3', 'answered', 'att_019cadc69a807041abaf703cc6fc8149', 1772442060000000, X'01C477759F5A8055AA378B01D531F26625B715EDF1C7D8EC9662870959013AEEFE9312713D72DB46B716859DA5DC1B66A24CED8A839E1BC77344D07270677892C0A4BBC34E4FB5DCAFCC52B08DACB7AE07B97D12F856658E5CCA656B2C82BFA6686BD2AADBB64C18617F551FDE0CCE0E6EC16A25A7A290', 1772442000000000);
INSERT INTO seal_keys (tenant_id, seal_key, proof, first_used_at, retired_at) VALUES ('installation', 3296163231, X'01C477759FC0ED43675BAF32DF1557B1CFE64FD3B92B7EAA0560F7CB6D3798595A3AFB99F106B4E881', 1772442000000000, 0);
INSERT INTO seal_rotations (tenant_id, seal_key, place, place_after, resealed, found, unopened, missing, missing_key, last_unopened, last_missing, started_at, finished_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 3296163231, '', '', 0, 0, 0, 0, 0, 0, 0, 1772442000000000, 0);
INSERT INTO staged (tenant_id, calendar_id, listing_id, event_id, etag, status, starts_at, ends_at, all_day, free, kind, series_id, original_at, unexpanded, content, meeting) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'lst_019cadc69e68700294fd0e6bfcc61fb8', 'e2', '1', 'confirmed', 1772449200000000, 1772452800000000, 0, 0, '', '', 0, '', X'01C477759FA6CB09F1FE127E35246D6D2DE01719EBB2553FC40AF97AB9F5031D12C97752D7BA348308DCCB308186D00B1A0368AA23EC9EC03D5C7F022DD2BD5D01B0C9B992E46EFEB70917407355CA82F1154DD477E4D5B1D596DA93540B27469B87C50179E12DBF57B8BFA60061F127F753EEE83BC7E0E7816CDD900301ABC4C572175FDDB3E2175338480B70F50B0F6C6E0A9797C3C77778B19C1B26D7904CAC42EFEA', '');
INSERT INTO staged (tenant_id, calendar_id, listing_id, event_id, etag, status, starts_at, ends_at, all_day, free, kind, series_id, original_at, unexpanded, content, meeting) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'lst_019cadc69e68700294fd0e6bfcc61fb8', 'e3', '1', 'confirmed', 1772452800000000, 1772456400000000, 0, 0, '', '', 0, '', X'01C477759F5CBFEC35713FFFCFA1482607E1E57CDC8DC2DFFF9ECEA8225528F4915F968D4E7F2753856ADE6198D7D6B992C121BD9206D68A975486B552CC64262FA935B1A3DDBE4788256975C13278F678175A1BCD7AC3E7D8719176A02077CB48327CA5599CBE72E5343843A585E28C806772A7B8AD60AF05DA20075209B0D7D4A8AA9F4E86F86D4CD8AF58F6371B4D91490CC9ED9BCEFCAF76C704811EEFAA7D527297', '');
INSERT INTO tenants (tenant_id, name, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'world', 1772442000000000);
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'calendar:audit', 'cal_019cadc69a807008864863c5d15c2a63', 'con_019cadc69a807003b4178ce60098a82d', 'bulk', 'ready', '', 2, 0, 1772442000000000, 0, 0, 0, 1772442000000000, 0, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'calendar:poll', 'cal_019cadc69a807008864863c5d15c2a63', 'con_019cadc69a807003b4178ce60098a82d', 'background', 'ready', '', 1, 0, 1772442000000000, 0, 0, 0, 1772442000000000, 0, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'calendar:sync', 'cal_019cadc69a807008864863c5d15c2a63', 'con_019cadc69a807003b4178ce60098a82d', 'background', 'ready', '', 3, 2, 1772442001000000, 0, 0, 1772442061000000, 1772442000000002, 0, 1, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'calendar:watch', 'cal_019cadc69a807008864863c5d15c2a63', 'con_019cadc69a807003b4178ce60098a82d', 'interactive', 'ready', '', 1, 0, 1772442000000000, 0, 0, 0, 1772442000000000, 0, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'connection:close', 'con_019cadc69a807003b4178ce60098a82d', '', 'interactive', 'ready', '', 1, 0, 1772442000000000, 0, 0, 0, 1772442000000000, 0, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'connection:discover', 'con_019cadc69a807003b4178ce60098a82d', 'con_019cadc69a807003b4178ce60098a82d', 'interactive', 'ready', '', 2, 1, 1772442000000000, 0, 0, 0, 1772442000000001, 0, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'connection:discover', 'con_019cadc69a80701b8c5c2d2fbe0549d5', 'con_019cadc69a80701b8c5c2d2fbe0549d5', 'interactive', 'ready', '', 1, 0, 1772442000000000, 0, 0, 0, 1772442000000000, 0, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'connection:discover', 'con_019cadc69a807026a3c641063c124286', 'con_019cadc69a807026a3c641063c124286', 'interactive', 'ready', '', 1, 0, 1772442000000000, 0, 0, 0, 1772442000000000, 0, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'connection:discover', 'con_019cadc69a80702eb4de5a765fc14ad3', 'con_019cadc69a80702eb4de5a765fc14ad3', 'interactive', 'ready', '', 1, 0, 1772442000000000, 0, 0, 0, 1772442000000000, 0, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'delivery:send', 'dlv_019cadc69a80701192066b4ebad37e79', '', 'interactive', 'ready', '', 1, 0, 1772442000000000, 0, 0, 0, 1772442000000001, 1, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'delivery:send', 'dlv_019cadc69a807013b5e6616e290a53b8', '', 'interactive', 'ready', '', 1, 0, 1772442000000000, 0, 0, 0, 1772442000000000, 0, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'delivery:send', 'dlv_019cadc69a80701fbdbe880db9e3d01a', '', 'interactive', 'ready', '', 1, 0, 1772442000000000, 0, 0, 0, 1772442000000000, 0, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'delivery:send', 'dlv_019cadc69a807020b9366814f03fea0c', '', 'interactive', 'ready', '', 1, 0, 1772442000000000, 0, 0, 0, 1772442000000000, 0, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'delivery:send', 'dlv_019cadc69a807029963cdcdf7c886295', '', 'interactive', 'ready', '', 1, 0, 1772442000000000, 0, 0, 0, 1772442000000000, 0, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'delivery:send', 'dlv_019cadc69a80702ab73a9b0bfbec4f72', '', 'interactive', 'ready', '', 1, 0, 1772442000000000, 0, 0, 0, 1772442000000000, 0, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'delivery:send', 'dlv_019cadc69a807031b7da22e659df79d2', '', 'interactive', 'ready', '', 1, 0, 1772442000000000, 0, 0, 0, 1772442000000000, 0, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'delivery:send', 'dlv_019cadc69a807032a57991456a76064f', '', 'interactive', 'ready', '', 1, 0, 1772442000000000, 0, 0, 0, 1772442000000000, 0, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'delivery:send', 'dlv_019cadc69a80703a8a0dc32e0a45af2a', '', 'interactive', 'ready', '', 1, 0, 1772442000000000, 0, 0, 0, 1772442000000000, 0, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'delivery:send', 'dlv_019cadc69a80703ba719eff63c4b5b5b', '', 'interactive', 'ready', '', 1, 0, 1772442000000000, 0, 0, 0, 1772442000000000, 0, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'delivery:send', 'dlv_019cadc69a80703eb0f9699ff442c3c8', '', 'interactive', 'ready', '', 1, 0, 1772442000000000, 0, 0, 0, 1772442000000000, 0, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'delivery:send', 'dlv_019cadc69a80703f9f5721f6803de1d4', '', 'interactive', 'ready', '', 1, 0, 1772442000000000, 0, 0, 0, 1772442000000000, 0, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'grant:keep', 'con_019cadc69a807003b4178ce60098a82d', 'con_019cadc69a807003b4178ce60098a82d', 'background', 'ready', '', 3, 0, 1772442000000000, 1772442900000000, 0, 0, 1772442000000000, 0, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'grant:keep', 'con_019cadc69a80701b8c5c2d2fbe0549d5', 'con_019cadc69a80701b8c5c2d2fbe0549d5', 'background', 'ready', '', 1, 0, 1772442000000000, 1772442900000000, 0, 0, 1772442000000000, 0, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'grant:keep', 'con_019cadc69a807026a3c641063c124286', 'con_019cadc69a807026a3c641063c124286', 'background', 'ready', '', 1, 0, 1772442000000000, 1772442900000000, 0, 0, 1772442000000000, 0, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'grant:keep', 'con_019cadc69a80702eb4de5a765fc14ad3', 'con_019cadc69a80702eb4de5a765fc14ad3', 'background', 'ready', '', 1, 0, 1772442000000000, 1772442900000000, 0, 0, 1772442000000000, 0, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'link:push', 'lnk_019cadc69a80700eb84cbaaa2be881f8', 'con_019cadc69a807003b4178ce60098a82d', 'interactive', 'ready', '', 1, 1, 1772442000000000, 0, 0, 0, 1772442000000001, 0, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'seal:rotate', 'ten_019cadc69a80700188c12758794cd519', '', 'bulk', 'ready', '', 1, 0, 1772442000000000, 0, 0, 0, 1772442000000000, 0, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'tenant:prune', 'ten_019cadc69a80700188c12758794cd519', '', 'bulk', 'ready', '', 2, 1, 1772442000000000, 0, 0, 0, 1772442000000001, 0, 0, '', '');
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, in_line, lease_until, token, attempts, crashes, last_error, traceparent) VALUES ('ten_019cadc69a80700188c12758794cd519', 'zone:refresh', 'ten_019cadc69a80700188c12758794cd519', '', 'bulk', 'ready', '', 1, 0, 1772442000000000, 0, 0, 0, 1772442000000000, 0, 0, '', '');
CREATE INDEX audit_booking ON audit (tenant_id, booking_id, audit_id);
CREATE INDEX bookings_changed ON bookings (tenant_id, updated_at, booking_id);
CREATE INDEX bookings_last ON bookings (tenant_id, last_at, booking_id);
CREATE INDEX bookings_start ON bookings (tenant_id, starts_at, booking_id);
CREATE INDEX bookings_state ON bookings (tenant_id, cancelled, booking_id);
CREATE INDEX calendars_connection ON calendars (tenant_id, connection_id);
CREATE INDEX channels_calendar ON channels (tenant_id, calendar_id);
CREATE INDEX connections_app ON connections (tenant_id, app_id);
CREATE INDEX deletions_calendar ON deletions (tenant_id, calendar_id, direction, verdict, seen_at);
CREATE INDEX deletions_guard ON deletions (tenant_id, guard_id, link_id);
CREATE INDEX deliveries_age ON deliveries (tenant_id, state, updated_at);
CREATE INDEX deliveries_endpoint ON deliveries (tenant_id, endpoint_id, state, updated_at);
CREATE UNIQUE INDEX directory_sole ON directory (kind, hash) WHERE kind <> 'account';
CREATE INDEX directory_subject ON directory (tenant_id, kind, subject);
CREATE INDEX events_meeting ON events (tenant_id, meeting, calendar_id, event_id) WHERE meeting <> '';
CREATE INDEX events_series ON events (tenant_id, calendar_id, series_id, original_at);
CREATE INDEX events_time ON events (tenant_id, calendar_id, ends_at);
CREATE UNIQUE INDEX guards_open ON guards (tenant_id, calendar_id, direction) WHERE state = 'open';
CREATE INDEX guards_state ON guards (tenant_id, state, guard_id);
CREATE INDEX links_audit ON links (tenant_id, calendar_id, link_id);
CREATE INDEX links_calendar ON links (tenant_id, calendar_id, booking_id) WHERE target;
CREATE INDEX links_diverged ON links (tenant_id, booking_id) WHERE target AND (state = 'diverged' OR length(observed) > 0);
CREATE INDEX links_event ON links (tenant_id, calendar_id, event_id);
CREATE INDEX messages_unplaced ON messages (tenant_id, message_id) WHERE position IS NULL;
CREATE INDEX notifications_age ON notifications (tenant_id, received_at);
CREATE INDEX occurrences_time ON occurrences (tenant_id, calendar_id, ends_at);
CREATE INDEX requests_created ON requests (tenant_id, created_at);
CREATE INDEX work_connection ON work (tenant_id, connection_id);
CREATE INDEX work_due ON work (not_before) WHERE state = 'ready' AND wanted > done;
CREATE INDEX work_stopped ON work (tenant_id, state) WHERE state <> 'ready';
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
