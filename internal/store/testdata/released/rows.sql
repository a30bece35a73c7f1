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
INSERT INTO applications (tenant_id, app_id, provider, app_kind, name, client_id, entra_tenant, credential, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'app_019cadc69a80702491549b8afa21ed9c', 'google', 'app_only', 'Ours', 'client-1', 'contoso.example', X'016630ECFBD1D3FA45053D4E928CF6498887E1440AC1CD90D59817CB0B095FDE66D9E43155C95B808FC91582B020AF509492', 1772442000000000);
INSERT INTO applications (tenant_id, app_id, provider, app_kind, name, client_id, entra_tenant, credential, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'app_019cadc69a80702cae59578bbfc1d200', 'google', 'app_only', 'Ours', 'client-1', 'contoso.example', X'016630ECFB0986740B9890BF7161D3669A05D58C210B35821025455F75DE6750F59526B9E80EC8CA6B28F016371CEA29164D', 1772442000000000);
INSERT INTO attempts (tenant_id, delivery_id, attempt, at, latency, status, failure, answer) VALUES ('ten_019cadc69a80700188c12758794cd519', 'dlv_019cadc69a80701192066b4ebad37e79', 1, 1772442000000000, 70000, 500, 'status', X'016630ECFB5396D352A7473FC56CF071C1DBBECCCA06E11B132F94C1EE9575517DC50A0F7E4D3D9F33');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('installation', 'aud_019cadc69a807000a791f8a719ff2a38', 1772442000000000, 'engine', 'seal_key.used', '1714482427', '', '{}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807002b418cf19945423f9', 1772442000000000, 'test', 'tenant.created', 'ten_019cadc69a80700188c12758794cd519', '', '{}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807005b783548d743698a5', 1772442000000000, 'test', 'connection.begun', 'con_019cadc69a807003b4178ce60098a82d', '', '{"app":"app","provider":"google"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807007a5a1fe7a31e71c84', 1772442000000000, 'owner', 'connection.activated', 'con_019cadc69a807003b4178ce60098a82d', '', '{"grant":1,"lacks":"","scopes":"calendar"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807009bef962cc015e55fb', 1772442000000000, 'engine', 'connection.discovered', 'con_019cadc69a807003b4178ce60098a82d', '', '{"calendars":1,"missing":0,"vanished":0}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80700bafef2c7c193ae614', 1772442000000000, 'test', 'endpoint.created', 'end_019cadc69a80700a86b2f76e847a5b3a', '', '{}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80700d8f4714ef6a16332b', 1772442000000000, 'engine', 'calendar.targeted', 'cal_019cadc69a807008864863c5d15c2a63', '', '{}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80700fab022e2697eaa0ad', 1772442000000000, 'key_test', 'booking.accepted', 'b', 'b', '{"cancelled":false,"decides_divergence":false,"revision":1,"seen_revision":0,"targets":1,"tzdata":"2026a","version":1,"via":"http"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807014acd36ef1aa667d2e', 1772442000000000, 'owner', 'connection.activated', 'con_019cadc69a807003b4178ce60098a82d', '', '{"grant":2,"lacks":"","scopes":"calendar"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80701590093419bc94e2b0', 1772442000000000, 'test', 'seal_rotation.started', 'ten_019cadc69a80700188c12758794cd519', '', '{"key":1714482427}');
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
INSERT INTO bookings (tenant_id, booking_id, version, revision, sequence, cancelled, spec, slot, starts_at, tzdata, hash, reservation_token, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'b', 1, 1, 1, 0, X'016630ECFBF28619E0863A7A3F9198CB6E36A7B641C0FB3442608D263B13F83E1E539EC0A793C7B408E490125BE6CBE98890DDA8340EFB16E6561319FA3CAC29D6F95830EF1D56E043901F0879AC4B4619A472573B94D247791794DFC363283C27D487B52B3F4273E902A8E98D77E56887C0D24C471A02C56854D0383713BAB0E3F0C336B133D9433D7B2BD71E9F03D262DD481D5715DE466C897B5EE92CA3C4C5E66F8B8C54C5E6E26D8249A7E6BF0A3D0543DB8539A1B8331C9BCEDE725255B61F9BE8BAECA58825BE87612006C9FEB66F52524B6BBD0C9A24B2D257DB40B01BC52177BC6ADABD54E79CB9ADE494631B6B2A52745962C8EF5C74C052D12E7049E89A65E0EAC93000C248CFE81254F62427A2AA83BDA8C72B458A8D1774A9B2E606E001AC7419FCECD39067725B7A4F7068CA4C96052BA072163C9AC631F34C92F096D04FD1645BA49D7C9726AFB8AAF7562D947123D34246A7CCDD53FB8E31B02CF2339CA714DBEA6D4BB2E64A2314EEDDFD56350AC9D4AE3090C47B3F33F9FCF365ACAE8907581459E8E857B116978304AD3BC33B85EC5A9BF010CE785782C6089D37E190FCF45A65B0BB1FA6BA2E225A57E732C3B90DE55D153C0B13620A6AF0F5B052114C73', X'016630ECFB5085B2E970C2B8E007D96B396F80A6A8E00A434FA3F35005098BC5129C2A7A14419B56F6795FCF0B31920B560BCD2BF75AE8B57B3843E1DB9634109B74E9B34C8C51536BF5152A21ECB0090BFACAF65013759D518C41A5B1FF1BCB691EBF01DA10F9B0A8252BFBC6DD897DE164FF4FA56D01321FFB8C2F12A67AC81B99B856EFF196E687BAD921C330AB44', 1772528400000000, '2026a', 'hash-1', 'rsv_019cadc69a80700cb72cdc3315080ca9', 1772442000000000, 1772442000000000);
INSERT INTO calendars (tenant_id, calendar_id, connection_id, remote_id, name, zone, is_primary, writable, targeted, sync, writable_target, missed, vanished_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'con_019cadc69a807003b4178ce60098a82d', X'016630ECFBD89096DB93FFDB36C186F13BDDA7AF3EAFDBE36410DCCB0DA6D603571572A8D6AD848746', X'016630ECFB883366C716ADBAD88B22C063C2DAAA62549D00D1DE158FCE957389712A7ADA6A9ED5CCF08D225735041DE0', 'Europe/Berlin', 1, 1, 1, 'off', 1, 0, 0, 1772442000000000, 1772442000000000);
INSERT INTO connections (tenant_id, connection_id, provider, app_id, state, account, mailbox, reason, lacks, on_moved, on_cancelled, on_edited, closed_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a807003b4178ce60098a82d', 'google', 'app', 'active', X'016630ECFB503AF232114B16A4966076C8ABD2EEC6C3CB5006E89C71598027DD8AB098A46C77D1E72E1465012C7C8908DA8D011B', X'', '', '', 'report', 'report', 'report', 0, 1772442000000000, 1772442000000000);
INSERT INTO connections (tenant_id, connection_id, provider, app_id, state, account, mailbox, reason, lacks, on_moved, on_cancelled, on_edited, closed_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a80701b8c5c2d2fbe0549d5', 'google', 'app', 'active', X'', X'', '', '', 'report', 'report', 'report', 0, 1772442000000000, 1772442000000000);
INSERT INTO connections (tenant_id, connection_id, provider, app_id, state, account, mailbox, reason, lacks, on_moved, on_cancelled, on_edited, closed_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a807026a3c641063c124286', 'google', 'app_019cadc69a80702491549b8afa21ed9c', 'active', X'', X'016630ECFBD33BAE5B41F73FF94853D0FCA63C8E0E18EBAF4BB5811A192C23C54D6EAAC84BAF2611A7D61D5C5E7D581E0797888C', '', '', 'report', 'report', 'report', 0, 1772442000000000, 1772442000000000);
INSERT INTO connections (tenant_id, connection_id, provider, app_id, state, account, mailbox, reason, lacks, on_moved, on_cancelled, on_edited, closed_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a80702eb4de5a765fc14ad3', 'google', 'app_019cadc69a80702cae59578bbfc1d200', 'active', X'', X'016630ECFB741DCB343FF15BC7C98535BBE697CD23ADD7EC539204B81F1C2E6898AD2B488989BE60DF61A278B9058EEF4E230F09', '', '', 'report', 'report', 'report', 0, 1772442000000000, 1772442000000000);
INSERT INTO cursors (tenant_id, calendar_id, token, scope, window_from, window_until, synced_at, spacing, recheck, withheld, began_at, missed_at, poll_interval, tzdata) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', X'016630ECFB47BE843BFE65726CE725B5309C1C3C3305E64E0EF336B9E7345C50697FFE4D415EAF29C3BBB714956D', 'scope', 0, 0, 1772442001000000, 0, 0, 0, 1772442001000000, 0, 0, '');
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
INSERT INTO endpoints (tenant_id, endpoint_id, url, description, types, secret, previous_secret, previous_until, state, reason, disabled_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'end_019cadc69a80700a86b2f76e847a5b3a', X'016630ECFB118D281069037FE1BD37FB468B74D41F609770161B1552B25275F1830C2E7C28B4F3BAEF8548B6B22255DC96D9FA786BEF37E28C54C4ED814F87D334', X'016630ECFBBB0C5DC4D478222B63228D7671BB05655F314D89D66E8CE73EDA212204FC7149377414019A131418BB54E27DC80B', '', X'016630ECFB8FB1A788295D551FDD8FC4B88C9A013FC59C3513D6D71C89330FFD2E529A619D3C1F35E968E6D8EB4C', X'016630ECFB1389C9C2AFEB74B14288E72BC00D7BC93C542C1D5BE5AD6DAAC466B2771932CC2B0F64C1CB3FC049', 1772528400000000, 'enabled', '', 0, 1772442000000000, 1772442000000000);
INSERT INTO endpoints (tenant_id, endpoint_id, url, description, types, secret, previous_secret, previous_until, state, reason, disabled_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'end_019cadc69a807017b68037ab0dbb82fd', X'016630ECFBBA3CB693C3E2F444995F6CC6E59E819DDE84BF8FCF85263D352297510137F0FDE2DEF6960614D25FFCCABDC45625BD3FCA02521FD1168058E78F7115', X'016630ECFBA16BDC937CAC4617E8A9486E0E8376E32C7F51AF79E2916BAAF567EC0F1CB20DE233CB64B7653E06AD4FC9F2EF23', '', X'016630ECFB108D7654F07DFC1222223EC85F3C5B9E47048BF1B3A8FFBD5F4FE740D7EBCD462BDDFBB2620449EE7A', X'016630ECFBCBB3A86DAFEE45A317743967E1AA69B40BFE0EB9A018149F2E38EBFC71692538A2E7B44DDA7239AE', 1772528400000000, 'enabled', '', 0, 1772442000000000, 1772442000000000);
INSERT INTO events (tenant_id, calendar_id, event_id, etag, status, starts_at, ends_at, all_day, free, kind, series_id, original_at, unexpanded, content, meeting, missing, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'e1', '1', 'confirmed', 1772445600000000, 1772449200000000, 0, 0, '', '', 0, '', X'016630ECFB62643E7A276C9134E5C4A0ABB00465147CEA524364480DFA29B33BDDF1ECA0045F19DF032990189C4CFF130F7A9183437C3F388A2ADFDFE1ADCBAFBF3A3058FD4B88A7E59B7387C003912C3854E368E3B57ADEE0DCC15157A0DA164291BFB5501C57979869CE6D335280199E61B9D461D426055980362DCBB30EC2CFD16A3A0FF01A2552C5082C6DEDE6D0975CEACB82E5DFDD76B41E583765D44A4240A2C2', '', 0, 1772442001000000);
INSERT INTO events (tenant_id, calendar_id, event_id, etag, status, starts_at, ends_at, all_day, free, kind, series_id, original_at, unexpanded, content, meeting, missing, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'event-id', '1', 'confirmed', 1772445600000000, 1772449200000000, 0, 0, '', '', 0, '', X'016630ECFBCD4004A9F9926613722F49836E895F713F83C27ECADAA795E65735F5872CE04B454323F64B77F2FD813BA509E49BDAB5B7B7E8CAFF28981AE91D6C583DEE4189D09336D3AAFEFD79A14FB8241D9E4A32AF1BA7792C1B084CA6601AAE6ED8CA8C6F8B4A2792710E8DAF93BC7A07DCC3F5C3D943BE602677014FA7D3586F4B455E7010086DE68F5AA2AE05D55530D97D53FD8DD9827681C01D8180CCFC7EC43C', '', 0, 1772442000000000);
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (1, 0, 1, '2026-11-23 05:52:48');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (2, 1, 1, '2026-11-23 05:52:48');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (3, 2, 1, '2026-11-23 05:52:48');
INSERT INTO grants (tenant_id, connection_id, version, access_token, refresh_token, scopes, expires_at, refresh_until, refresh_fence, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a807003b4178ce60098a82d', 2, X'016630ECFB5BDBB8090D2D5B6789396E4B5694EA56FCBF3C2B10E77BE3AF37C8C25A481806FA764E6587552470D0DCC580AEC5BC', X'016630ECFBCE9B534A7E5EA3531B5795216D4D25107F1722DFF4D280BDC5687126199AE64524A7FEAE4BB6DA58A50C70FBF0D5B86A', 'calendar', 1772445600000000, 0, 1, 1772442000000000);
INSERT INTO grants (tenant_id, connection_id, version, access_token, refresh_token, scopes, expires_at, refresh_until, refresh_fence, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a80701b8c5c2d2fbe0549d5', 1, X'016630ECFB092A872C41F9DE881706C31202095F96B1F56B380BD262A52ACC5344AA10CE7FA7812B9E2B682497EC2BBA8248BC42', X'016630ECFBB608CA66D52B01CC260F9345B794326C3B4ABF5FD61B64F5A22B3A24349BB2D8380F709E22FAC012F588396AE4C53417', 'calendar', 1772445600000000, 0, 0, 1772442000000000);
INSERT INTO grants (tenant_id, connection_id, version, access_token, refresh_token, scopes, expires_at, refresh_until, refresh_fence, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a807026a3c641063c124286', 1, X'016630ECFB54109431E00925D89A411F9A027FD08FA7D1DE4984D9F3DCFE5BEDE7E8C699BD010FD1DFD05F60EC1911A0052B983181C2', X'', 'calendar', 1772445600000000, 0, 0, 1772442000000000);
INSERT INTO grants (tenant_id, connection_id, version, access_token, refresh_token, scopes, expires_at, refresh_until, refresh_fence, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a80702eb4de5a765fc14ad3', 1, X'016630ECFB2B146109BE714371EABBE38FC49EB1E7861CE4DB0F764873566BCC25140A4D108B24541D16CCFA5FC2E575B2AADFAFA08D', X'', 'calendar', 1772445600000000, 0, 0, 1772442000000000);
INSERT INTO keys (tenant_id, key_id, purpose, scopes, secret, created_at, revoked_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'key_019cadc69a807034909566418bfc6144', 'signing', '', X'016630ECFBFD06BB7E358FA42500AD2DECCA6A19F7AE494210DA51809B2060285713B8168B19D604E9CEFFBD9E8CA6D8399BD0FBD8F75FD01B7E5403A1DA7C30CCF9BAF801D4E54E6BC1AF12737FE500', 1772442000000000, 0);
INSERT INTO keys (tenant_id, key_id, purpose, scopes, secret, created_at, revoked_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'key_019cadc69a80703695241bb289625a5a', 'signing', '', X'016630ECFB3C27B25CF6B9DCE27A554CE891B4CC61B954ECB463FD1A069D8A3C3978FDA823271140B1071B1F7F4D167BC12B24640F63261D4A63F7306FEB538A5674AFAA51A58AF6883FD4BE4A3F4028', 1772442000000000, 0);
INSERT INTO links (tenant_id, link_id, booking_id, calendar_id, part, target, authoritative, generation, event_id, etag, state, reason, base, base_version, in_flight, observed, missed_at, synced_version, failed_version, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'lnk_019cadc69a80700eb84cbaaa2be881f8', 'b', 'cal_019cadc69a807008864863c5d15c2a63', '', 1, 1, 3, 'event-id', '"etag"', 'diverged', 'why', X'016630ECFB56A69BA43E6E054BB2F286474BF51BFC660C36B552A8DB2BBB7AAECC6B5BAAF640C92189763D1AA72AE86BCA16060FD68BB345CCF5C27EC9083A6A077F3CB9652C12D23298162C9CF884C3A4CDBC4A247652135F9A40DECBC423F4F0DB080465706D9C454F9AC3D52BE6BA8F6DA32E672DC96E624281BEFA13E7938AF9067ABF2F58B886EA734535F1EEBFF3F0E6129F7CE496F985171FBCB6BD89712594F85917D604FAE7040B17280F702CC09397D64F3770934DAEF0DEC9BF57261B2ECB5D21BFA9508325C00E0D57F747FCBF609738D2759FAA84C3774CDA2D44A04BF6F5F22B194A94C9ED1712F69484FDB6DA05377B7262BA564B58A59D0668869E8E35F07B8B8D082237F9F3B8C67DB0CEE1340CEE084C8E957342089FE88D331E41B0B8236DC707BB417BBCFDFFB8D58DCF30E5D78B975EE96EEA75FDDF20779862DFE1B988AD0B6CF00100A0AFEEE47E2B1C91F6F5B9C0F543DE87B1BC4009DD98FFC2D00BED827961BC72C979345C673EE0F51A67A79D871EDAD3F0685E1114F855BCBB08BDBA304905FDD42512198AF006F9EAEAB2D5593AE6EFD70F5B595AB3103F940A726BA3784AC150D84854B199A5134F4F2C97E6EF24ACEF9509661334A3980503F2D318A24697ACE7279B2D50AA4EC890F55B70E443DBA5CADA74BC3A00E9D6DA3C63091EEACA3BA6ACB8C25FBC3035EF1BBEA9ABAB5F79EB261CA3254E46390B5F4EDC4919552A1F5BA18BAFF0F5D7C070F302A66AE0D22B7D52EEC9', 4, X'016630ECFBE8EA5C274920B42DEF8CC7707DF9C9279D401192213C8C9D3F58613792DE94C6F77E6E7E7B8DAE2E52ABFD99840F20B7F779A69CF7610477B7B318FD426A0BF8944354FF2940E1DAA74D4A419DE871875FB1B81841B93768687071434ED5E5F25363A6BF69818127C5228DF4A921A6C6D08FD47D270A8377793D1E83974E4111CB3E3295CB02F17D1E0D55EED37354BC4966AD0EF4E2BADE170137C2226E73D4A90447234AE0F42A2F20BF1592AED88CD6FC87F8E9A11B80BD54043521D9493F2583992594B3AB3A80F35D0A422E97376214718283273804E12AABD78B42BB536599FFBB7AB4B90D613EAF312F22AD1EE04FCF7E553BD8724044229871E714D926B4A28D9B0ED417DB2964EE4A30063C99354B50BDFD3FDB27FE0AA78CEC6593D1BFA757C1B07287161A73CC70E1E180842B680C0952474F9D045E119B9340813F6DD4BAD5B1A209DCEBA97D7F157F9373F6307EA90027A1C3AB4E3FD58DB623B77266C85E77A9E01F2ED55B921398C7B7B7179B13714C0719EBC5FF7B02539A0041C1E1415460D29AF6CE5AD4045B57', X'016630ECFB7863DF9AFDA64546EBC8CD94D7F10569CAA5E8BD7668A9F89B4756B53A8E7A9F413FCAA2BD15A99BC796EEB926B73B6174015845F4B13CB6E0FEFBC68A4E15A16B364B2484A66E39CAC6FF1B6FBB551A1D35715CEFD61AA783E793FF67E4A5250C01FCED89FD49FB2B4112CFB509815CE3B3C72D6389A52D363CBBD0E54E1425C572187D36BE64A18478DBD2537FC7E26576C7B6910C9ECFC875CF7482B9FA1CF0E17DAF6CABC42D83967AA05CFB54335388882320204CDA67AAD598C1A5F3BDB3FB22BA20C91ED6FE713B5B3A6FDBF9D5BCE9A6BEB09B89862CEB251CDD7B65ACC5171A', 1772441940000000, 4, 2, 1772442000000000, 1772442000000000);
INSERT INTO listings (tenant_id, calendar_id, listing_id, kind, page, pages, events, withheld, window_from, window_until, started_at, tzdata) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'lst_019cadc69e68700294fd0e6bfcc61fb8', 'delta', X'016630ECFBCBA35FEDEFE80D856887F82B2D14880486030A438CD5AD4057978D22A6247F1E282208EE504BCC', 1, 2, 0, 0, 0, 1772442001000000, '');
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a807006b2dc6b80f5625907', 'connection.activated', '', 0, NULL, X'016630ECFBD0D2FD7F015D4BE3DC68C74A7F57ACA7B6705D391CD1B0C5DE60DDC88E6A04A46EF47B96317ACB503FE7CE7FD34E3625A5263A68AB2496AD360BF277C05CFD5C27EB51D044F8D9546E94992C5D9F3CA436431AE596B00171FECE91D471FA2A539B23F9D82EEF5FC7', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a80701099d5dd4f7c0994e2', 'booking.accepted', 'b', 1, NULL, X'016630ECFBFE89960B37677B019E34CCE2EBFDB23C301F5DC28A0A669FD251FE0F186EB4FD53B6C99B2A20B073A0E265E7AFA2BB043AF70D67832E320580D5FC252D9230C050AD424DC2DB2A68A444E69E80468942D003E8717E2E5924A6747365FBAD8943210FB5B80654597A74F0F2BA99E87B8FAA258FC8F6B33557845712D868F1AF1C0BDFDB6DBCA24CFC9B809F46C397150C0A4AD12DCBAF07E0F92B53107CA2917BA7', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a807012aac22ac15705f04f', 'connection.activated', '', 0, NULL, X'016630ECFB86CA682F6C8852A254F886E722DEF8E7CB2E3A92FBF9CA2DE0FA51574D177DCAA83531870772370E7A2BA4F523EB21BB3969EAF78E72FDDB159306445AF38DF12043735B801FF604E418DAFE0D33489EEC17DFE2073923E746BFE8056C7830A7F0CBA8530DB16CDB', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a80701e8aca54c0fb9f8f9d', 'connection.activated', '', 0, NULL, X'016630ECFBEC5FA17F403A79A027CDECAC315456E2A81E8B54C9975FEE60F6C2D332F3CAAEF17DE9F82795FC86029A43F3798A2F3598F43C72A0575BE617925DD5BEA815C6C7C4938B38DBFD70D5756497AA00435C46314B09805ADB69F37090377E4F34177FC311C2694E602A', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a807028a94e5143c596c3a3', 'connection.activated', '', 0, NULL, X'016630ECFB41CA296ED5090FB50F0BEB37AF8C4FC91255F7DF82BE4728A4D2403737C3A5DACDAB599F936F79148E19215C5DCC502F39B4B2E2B7D1F6130B98D34BF33FC625E6B4DDF8E97C2B667D56FBC3A08A0B99A3094358D0DAB9174557BB4F70B8750248BDC08353F1FB32', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a8070308abdbb483089b883', 'connection.activated', '', 0, NULL, X'016630ECFB0E885CBABB1AA66B16D7B5FE670412E3830AD49ACBDEDF2A32FD8BBAD3117634AE9D99F473E9E1F000333DE356D26C7A184DC2CEE2FCA93DB64D900F04E4E5355F12B6447CB62318BD4336287441B225036ADBA91BAB40976BC66839D7414FC374A432C8FB5B2A17', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a80703994cccb0413faf8de', 'booking.rejected', '', 0, NULL, X'016630ECFBFC24662E1F15E94394EAC1B02ADC06A6B8161F61D4093D1D2CC2AEA3FB4A2552E1011961BA64BB3DE1BB325D51A48C994EC45684F62293E25FAAF2', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a80703da9ef4e868b0780a5', 'booking.rejected', '', 0, NULL, X'016630ECFB2D33CDB72CC38EC3C239339CEE1F0334CA4D6A33F740793446237987300A04E08495ADB9A0C14B1A619A4E3C3A25DB2F8D6A986C15CEC684F87B41', '', 1772442000000000);
INSERT INTO oauth_flows (tenant_id, flow_id, connection_id, browser_hash, verifier, state, return_url, expires_at, used_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'flw_019cadc69a807004a5de326cbf6f8131', 'con_019cadc69a807003b4178ce60098a82d', '', X'016630ECFBAE13F5075CAD9C41F938C2758A7A7665DF568FC1BAF861CB142C8047EFF385DBDB7D65C3AA5093A793CDAEEFCE3BF1684DCCE1', X'016630ECFB4D564FAADDC3A3271E1646E122DA754A1932D6B24C02678459EBFFF36E9AED77101F268678D9E75437BFFAA13DCE036B818CA866699A5AB0532084D21A43A408008C114EDD9902C6EA9E97D08D0809BC7D74026BE0', X'', 1772445600000000, 0);
INSERT INTO oauth_flows (tenant_id, flow_id, connection_id, browser_hash, verifier, state, return_url, expires_at, used_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'flw_019cadc69a80701cb56a652cc197fa50', 'con_019cadc69a80701b8c5c2d2fbe0549d5', '', X'016630ECFBEF47E53323D8E294D766D369DBDC7EE78797AA9E4F7F13C63B003C7193314FA3DD4F2067F62B1953116CA3DBD31B38B9B7A2', X'016630ECFB4E576B7AC6E9ED988A23D77A18663F15FF6503A91D456C8E472379F98B28B4CECA287AE0C4B791C6278A79127DFB165430F2278C0A8888FD72244E3D9B069DA93B5C3C1B360F0FE758012CE8383E071405BB1BB0', X'', 1772445600000000, 0);
INSERT INTO oauth_flows (tenant_id, flow_id, connection_id, browser_hash, verifier, state, return_url, expires_at, used_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'flw_019cadc69a807022944337e0ab35ffeb', 'con_019cadc69a807003b4178ce60098a82d', '', X'016630ECFB97B1B2C34275E1F8B070FD968DC68B7F2B36228FC878F7DA88822FA96D7D2E72B68A46022F7C56982CCB', X'016630ECFB10D010C18FE0F85D09FDB49739AC397F8DCE400E446F33905E66388E1EAF8DD737BA3E3B796F06C4F64332D3366BC8677C3C3849EC27B326CCEBBDD03FC588788A4A4A0D7307CE851F293F51FEC9515861AD9E', X'016630ECFB7A04650C742CE51445EA3FD90DF98D9B6A6A50A666F6A051E86216E805BC5CC86EAFBBCE612DFC7C6C56C54A98F624124E82C50630', 1772442600000000, 0);
INSERT INTO rejections (tenant_id, rejection_id, booking_id, version, reason, payload, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'rej_1', '', 0, '', X'016630ECFBB039E5CA4FCE8E5ACBA726CD89F2BC26118DB669CDFBA92B576A5F8BD587619058DB', 1772442000000000);
INSERT INTO rejections (tenant_id, rejection_id, booking_id, version, reason, payload, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'rej_2', '', 0, '', X'016630ECFBE9CBAE725BE2328F22BE7C6F0CE2409206DCF72F10DBF03868C1059102B247F689DD', 1772442000000000);
INSERT INTO requests (tenant_id, key_hash, fingerprint, state, token, lease_until, answer, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', '68c780cd132a0299c7cd3fa8649783cbc2872a98d90cd4ed6b9696e3c61c4c68', X'016630ECFB34DDF4DAA092C72E40702AC8E5D167B24CE38F7183BFEBEF81F45B577EE202C79B5F28D71D12E5A2DE2106485147', 'answered', 'att_019cadc69a8070408c73bc29fdf06be8', 1772442060000000, X'016630ECFBE7D6CED4115D5A6DACB93B5FA58DDB72060C70F85C8C460CADF42A6A0B03C259C8D038AD650EBAFAD51E8B271B58BA5343CE664A346CA384B4A6505EE6CDECC31CCA1129F3FD04397D3A10F1C0896A3EA945E3DF186E1638FFFA32DAE24F29A4669A0F135A005C9CCDC291A0EC628631CA6A', 1772442000000000);
INSERT INTO requests (tenant_id, key_hash, fingerprint, state, token, lease_until, answer, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'c68a0e8dbde466ff1c231eef33623a63e9470ac394c27ab5b7fee03563cd3023', X'016630ECFB5209DE26B121CA29A46222735512E4F3CA564EAB494F7B3A3604EB4E834253BA1F23ABB215EBC09BFD3660057E7C', 'answered', 'att_019cadc69a807041abaf703cc6fc8149', 1772442060000000, X'016630ECFBB6F72E00865066CF1BDC44CD8C28D95282298F1D167706C9876855D20D9F42BF59FE1FCB70FBFA782273C4FA13B4D4124401227FC50D1CDA73A615265187DD897A9546122BAB7D97FCDEB3B0C3BFE5EFA60709C502F695C8BCDA5EB5F6153B63F233BD2910AB42FAB9D970BF92C98BEDF797', 1772442000000000);
INSERT INTO seal_keys (tenant_id, seal_key, proof, first_used_at, retired_at) VALUES ('installation', 1714482427, X'016630ECFBD1D141164084A05FD5893CB9B9366FB1A9514BAFF4D3D045F8CCAB7EF02FF96FFC912225', 1772442000000000, 0);
INSERT INTO seal_rotations (tenant_id, seal_key, place, place_after, resealed, found, unopened, missing, missing_key, last_unopened, last_missing, started_at, finished_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 1714482427, '', '', 0, 0, 0, 0, 0, 0, 0, 1772442000000000, 0);
INSERT INTO staged (tenant_id, calendar_id, listing_id, event_id, etag, status, starts_at, ends_at, all_day, free, kind, series_id, original_at, unexpanded, content, meeting) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'lst_019cadc69e68700294fd0e6bfcc61fb8', 'e2', '1', 'confirmed', 1772449200000000, 1772452800000000, 0, 0, '', '', 0, '', X'016630ECFBADCBBCD21BB0B1F88492AF0EB8D4B03C3782B53611FDE2D792AE1BA004CF04CF8AC48C00DE2D97BF970916A2A25177AB2744D4FEF42AB1022742CF4F5E85E5425D6EB020F8DA37E1AC4CCFC9ECCEF6DDD06E73AF38E28EF0A10025551669661AA38C1BA60622C41D6CC76D5D2B9DE463CB85DAAF0D93E34664B6C729028DDC442EE2E865F27313774E814F2B11A0D7F89ED614891144247F3C17B78AA70580', '');
INSERT INTO staged (tenant_id, calendar_id, listing_id, event_id, etag, status, starts_at, ends_at, all_day, free, kind, series_id, original_at, unexpanded, content, meeting) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'lst_019cadc69e68700294fd0e6bfcc61fb8', 'e3', '1', 'confirmed', 1772452800000000, 1772456400000000, 0, 0, '', '', 0, '', X'016630ECFB3BD468503E404F6CAEDD0E42B5EF096A48D59D07EA0E8FC60C3E5D31128CD003D9B0B0C4FAC4B2FB6A9AC8619C355DA2B056AAB1F2605B7B4742310E3002EA73EE59B800808C9F6ED5C335C1F732EBA6E06DE7F9BC55187EF376B97B74E1F7CE2B919F5F7CDF61E1A165C1DE8CB2F977D5CE71EE599468A794AB3A71098F2CF02EB286AA1C3CE53DE07A42AFF9226944148522799680999A70ECE5104FCEB0', '');
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
