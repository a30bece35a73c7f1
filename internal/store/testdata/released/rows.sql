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
INSERT INTO applications (tenant_id, app_id, provider, app_kind, name, client_id, entra_tenant, credential, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'app_019cadc69a80702491549b8afa21ed9c', 'google', 'app_only', 'Ours', 'client-1', 'contoso.example', X'01C501D23AA619D72C39AE5971E20EA78D4EFBF1353A18289E5674C241FE37FB18D692F8B4BA94617DD82681DFBA064CE99C', 1772442000000000);
INSERT INTO applications (tenant_id, app_id, provider, app_kind, name, client_id, entra_tenant, credential, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'app_019cadc69a80702cae59578bbfc1d200', 'google', 'app_only', 'Ours', 'client-1', 'contoso.example', X'01C501D23A53B8834DA81ADE101AE798856CED40284D5140F28FBF134C41AD712263AD23F5B16A68FBFD8ADF1C8BE69525F5', 1772442000000000);
INSERT INTO attempts (tenant_id, delivery_id, attempt, at, latency, status, failure, answer) VALUES ('ten_019cadc69a80700188c12758794cd519', 'dlv_019cadc69a80701192066b4ebad37e79', 1, 1772442000000000, 70000, 500, 'status', X'01C501D23AD607009391E6AEDB94B0E59BDCFBB134B6B36762770A539FD23B28D5A00C8B2FBFFC7FE0');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('installation', 'aud_019cadc69a807000a791f8a719ff2a38', 1772442000000000, 'engine', 'seal_key.used', '3305230906', '', '{}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807002b418cf19945423f9', 1772442000000000, 'test', 'tenant.created', 'ten_019cadc69a80700188c12758794cd519', '', '{}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807005b783548d743698a5', 1772442000000000, 'test', 'connection.begun', 'con_019cadc69a807003b4178ce60098a82d', '', '{"app":"app","provider":"google"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807007a5a1fe7a31e71c84', 1772442000000000, 'owner', 'connection.activated', 'con_019cadc69a807003b4178ce60098a82d', '', '{"grant":1,"lacks":"","scopes":"calendar"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807009bef962cc015e55fb', 1772442000000000, 'engine', 'connection.discovered', 'con_019cadc69a807003b4178ce60098a82d', '', '{"calendars":1,"missing":0,"vanished":0}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80700bafef2c7c193ae614', 1772442000000000, 'test', 'endpoint.created', 'end_019cadc69a80700a86b2f76e847a5b3a', '', '{}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80700d8f4714ef6a16332b', 1772442000000000, 'engine', 'calendar.targeted', 'cal_019cadc69a807008864863c5d15c2a63', '', '{}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80700fab022e2697eaa0ad', 1772442000000000, 'key_test', 'booking.accepted', 'b', 'b', '{"cancelled":false,"decides_divergence":false,"revision":1,"seen_revision":0,"targets":1,"tzdata":"2026a","version":1,"via":"http"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807014acd36ef1aa667d2e', 1772442000000000, 'owner', 'connection.activated', 'con_019cadc69a807003b4178ce60098a82d', '', '{"grant":2,"lacks":"","scopes":"calendar"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80701590093419bc94e2b0', 1772442000000000, 'test', 'seal_rotation.started', 'ten_019cadc69a80700188c12758794cd519', '', '{"key":3305230906}');
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
INSERT INTO bookings (tenant_id, booking_id, version, revision, sequence, cancelled, spec, slot, starts_at, tzdata, hash, reservation_token, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'b', 1, 1, 1, 0, X'01C501D23A0366A50CF126DCF18220F42B54B76DD302E6D70385D49B2C179ABAFAD77C617A1C8F42FF6139298ECF8E3021DB7B80BF088B905401931C216833ED9714D8305B4FA392154AD351C6D8D0FECD447DF32525E0EE9D19536FBE028ED26FB4DE19551BBEEFEA899CC264D9D501FEECD754DBAF75A7900C59C9E9592EBC896DDC0C0E777F17958D7EF1ECC4D72CAD31388026A41296955BBBD8B3E4CB73136B1140874A02852FF70312C965104741B5B1ADAD7516DE9668CC6884B9C7AFC753A90416E0251CDE48E4F1FBE5C25B2C35D7E603E54DB2BA307EDDFB1B5DD065E881402104B39D9A289F1DE4F94BA7F205E57D44589B1E1051784C3CD076325AF954C45EAB80C57C0CD18A74DB3E1F17866D2F6C65CE856BEAC0CB7C9B5A2312B04B56650A371C56FFC3F785AB330AFBBCC4F32D3970714C9A9E8CD146F2D1239A1E9E5A1A90FFCD7C7DA0B2ADDE55EDD1519E779CB47A48639C907E5BDA369EBDECEE440354CA5B26EDE2D5692EE709AFFBE4B6E178CA2C9183AAC92D3BCB7BB524E1EC7A4958D1AC6AC1AB45C14524D1FB692F3214D36F7F6BE2D8A56D32108497DF09BE379AA38AFC4B4C3747393E1FACFF8A7D32FADF1020E0E1749FA0D48BA7B55E221351', X'01C501D23AFA88787E4156EFB54B252FC843190CDCA3638E11F2F3ECAA773F1894D84DCE87AADD4E1571398A1C1FFCE6F4DA6AECCCA928D1DE851D7EDC167B61CFF17B23E8825DB2E2F909D7A11DDA39DF6D02CB1668DB709E8AF4AE02600615F405E7F1C2978D31C3091B1201D30C69BF6B91228F9422A49FECF910E94174684ADCEE429E01103369DD4EDA84B1122C', 1772528400000000, '2026a', 'hash-1', 'rsv_019cadc69a80700cb72cdc3315080ca9', 1772442000000000, 1772442000000000);
INSERT INTO calendars (tenant_id, calendar_id, connection_id, remote_id, name, zone, is_primary, writable, targeted, sync, writable_target, missed, vanished_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'con_019cadc69a807003b4178ce60098a82d', X'01C501D23A40B9ABD789B2B465D4C131C046106E32777506B7FAECCE84999FF8A7D1187E3C82E9AF79', X'01C501D23A3F27043605BB0EEDFFEAEE48D8AB5349174F239D84B12F44D15491AB2A979BC08EFADAC5874FD1B3090F12', 'Europe/Berlin', 1, 1, 1, 'off', 1, 0, 0, 1772442000000000, 1772442000000000);
INSERT INTO connections (tenant_id, connection_id, provider, app_id, state, account, mailbox, reason, lacks, on_moved, on_cancelled, on_edited, closed_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a807003b4178ce60098a82d', 'google', 'app', 'active', X'01C501D23A816F06E6357CEA1E8B3B52FEFFFC85AA812C1EA797C21F138DAF06626B09EA374DD19B647748101D2CC0C4E4BDA6A0', X'', '', '', 'report', 'report', 'report', 0, 1772442000000000, 1772442000000000);
INSERT INTO connections (tenant_id, connection_id, provider, app_id, state, account, mailbox, reason, lacks, on_moved, on_cancelled, on_edited, closed_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a80701b8c5c2d2fbe0549d5', 'google', 'app', 'active', X'', X'', '', '', 'report', 'report', 'report', 0, 1772442000000000, 1772442000000000);
INSERT INTO connections (tenant_id, connection_id, provider, app_id, state, account, mailbox, reason, lacks, on_moved, on_cancelled, on_edited, closed_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a807026a3c641063c124286', 'google', 'app_019cadc69a80702491549b8afa21ed9c', 'active', X'', X'01C501D23AA0471CE217794DB577D4BE5669F820522B2FDCDF8326144E9BB17563D35B3F6C7A3CFD90FDFA21EFAF4A5A0ED69704', '', '', 'report', 'report', 'report', 0, 1772442000000000, 1772442000000000);
INSERT INTO connections (tenant_id, connection_id, provider, app_id, state, account, mailbox, reason, lacks, on_moved, on_cancelled, on_edited, closed_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a80702eb4de5a765fc14ad3', 'google', 'app_019cadc69a80702cae59578bbfc1d200', 'active', X'', X'01C501D23A84BB9B6DC91C17C998043A621A6EB87A7A520D0FB1449B37A890F01849E454755091DA81276A6DF372F2013824561F', '', '', 'report', 'report', 'report', 0, 1772442000000000, 1772442000000000);
INSERT INTO cursors (tenant_id, calendar_id, token, scope, window_from, window_until, synced_at, spacing, recheck, withheld, began_at, missed_at, poll_interval, tzdata) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', X'01C501D23AFEC3E01505A519A5229AFA47844C7E8DE3491E5FEB3F00FF74ABC6700870BCF0774C431011F875621B', 'scope', 0, 0, 1772442001000000, 0, 0, 0, 1772442001000000, 0, 0, '');
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
INSERT INTO endpoints (tenant_id, endpoint_id, url, description, types, secret, previous_secret, previous_until, state, reason, disabled_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'end_019cadc69a80700a86b2f76e847a5b3a', X'01C501D23A283C86952E24D6E6041F7B219A50D8366FFBB4D8E1091FC0B0F09B382C7CE037E1FE90EABE051137DD7F22B493D4D07ACCAC922485B068162750637C', X'01C501D23AAAE1062586AA9A69FB7AEB29600524F013A08A46A84F3A89AB11CEE046E23B816D9D6A01ADFA51C9A2C0369B1322', '', X'01C501D23AA45C401FC9F00FB23FDCF7B868FDDE87D32749029005849F6B152E414C4508BE0B29928B727FC82E2C', X'01C501D23A88051A2411F9134FFB43223C426035992005F2DC6E7BE4C2E83CD8AB7B86C3848FCE8B8E31DE88CC', 1772528400000000, 'enabled', '', 0, 1772442000000000, 1772442000000000);
INSERT INTO endpoints (tenant_id, endpoint_id, url, description, types, secret, previous_secret, previous_until, state, reason, disabled_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'end_019cadc69a807017b68037ab0dbb82fd', X'01C501D23A5CB75DB0687FD32C66B241A7B8ECC33602493B211004DDC6258A8629119FE851BD62365771155A76181D3A10ED362F6678AA46B22D008A55BE4BDF7E', X'01C501D23A5BC01AD86F691F451C249F5AD46401F2383D9E2D1EF22D3CDBCF76BA12686A587F4361E81D9CF167A7AB8DED1D8F', '', X'01C501D23ADEE14932CEABA17CA662A763D1A2BE55380C28872AD1A452FC38B2F36F66721381EA041BCF7BA3A43E', X'01C501D23AEAB12F2B3058BEE55CCBD909AB1A0CE6D9A6A3AF6A4A292311AEE05FCB655B767C71552880A621DC', 1772528400000000, 'enabled', '', 0, 1772442000000000, 1772442000000000);
INSERT INTO events (tenant_id, calendar_id, event_id, etag, status, starts_at, ends_at, all_day, free, kind, series_id, original_at, unexpanded, content, meeting, missing, listing_id, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'e1', '1', 'confirmed', 1772445600000000, 1772449200000000, 0, 0, '', '', 0, '', X'01C501D23A9757DC74C15E3F3E9036CDC389FC4F11E70D4A9AA4DC2027C44140566EB417F4A3948C702E6B59B71DE7D70698A2E691817B17DFFED719F0CB7620351C5A66D6A16BEF4AF5FCA1D3256098605573E9EBA8A00634D40AFD22C68070C32A1631BFB1FBD55FB9892CFD1A00F7E76A4D59ED35ABA6608EF5BDC470465961277A18BFD51FD8C4266D6CB67528C1C3FE5F775994E39A928546A7FD216742AA1D4D52', '', 0, '', 1772442001000000);
INSERT INTO events (tenant_id, calendar_id, event_id, etag, status, starts_at, ends_at, all_day, free, kind, series_id, original_at, unexpanded, content, meeting, missing, listing_id, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'event-id', '1', 'confirmed', 1772445600000000, 1772449200000000, 0, 0, '', '', 0, '', X'01C501D23A3334772C8F53A3AB0A41C7227209C6B69A03EC65189CA702499B1EBFF6BF6CFFF13FE1EC9BAB4B4C3BD3177B3925355DA4446B9EA63EF1D274BEA42F635FD03921E646C7E3730DC3A233BC7DC1BE620089D92E850195B32CAE67B5BB82DBD8566047635052B48F0B1BFDC98D982A17E1D6B2E5DAB77E4C9D9D09D14CBA00DFAA7DA7CED02EF9F97F119CBC8D8E0C9B75F9D9110B22FB12675EB0FE3D1EC973', '', 0, '', 1772442000000000);
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (1, 0, 1, '2026-11-23 09:47:20');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (2, 1, 1, '2026-11-23 09:47:20');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (3, 2, 1, '2026-11-23 09:47:20');
INSERT INTO grants (tenant_id, connection_id, version, access_token, refresh_token, scopes, expires_at, refresh_until, refresh_fence, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a807003b4178ce60098a82d', 2, X'01C501D23A374F9B5DE092F4DB541BC7BBAD520D97E942FE9C1472F37E1FA58C6D099EE58F8D681F6673A6FC00B1484ABEA28301', X'01C501D23A8776E0D86976DA2A0216780A6702F9BA5DA4FE6EAB57F822911AB0603B0747095DB450BAF8AD79642F5E83A4CADCF807', 'calendar', 1772445600000000, 0, 1, 1772442000000000);
INSERT INTO grants (tenant_id, connection_id, version, access_token, refresh_token, scopes, expires_at, refresh_until, refresh_fence, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a80701b8c5c2d2fbe0549d5', 1, X'01C501D23AABAE1D6D0DCDED84FA8A1EAAD692AF6A58FB4FC28590D78F57194CFC211DF2B75E3C16FAF0DBDF5BB11E4AADE9E927', X'01C501D23A523C0EF51F428087B55A6B3B887DE0110D231DA50C87398067D8A6AD936CD7B8DB26CB7EE758D6F35B98019836B5E9A3', 'calendar', 1772445600000000, 0, 0, 1772442000000000);
INSERT INTO grants (tenant_id, connection_id, version, access_token, refresh_token, scopes, expires_at, refresh_until, refresh_fence, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a807026a3c641063c124286', 1, X'01C501D23AE57182481927D0DDEE9698E526A3BA765FA0F0A8D6E0DBC2BAA50605873C04F88C00648EF6C98A219B3FD4DD7C7DD2BC31', X'', 'calendar', 1772445600000000, 0, 0, 1772442000000000);
INSERT INTO grants (tenant_id, connection_id, version, access_token, refresh_token, scopes, expires_at, refresh_until, refresh_fence, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a80702eb4de5a765fc14ad3', 1, X'01C501D23ABFDEF46D2F242B71638A2591E16D3132670664E59430AA4DA4E0672347A256B5E76554F5E120CCF0DB46473931DB7D22CE', X'', 'calendar', 1772445600000000, 0, 0, 1772442000000000);
INSERT INTO keys (tenant_id, key_id, purpose, scopes, secret, created_at, revoked_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'key_019cadc69a807034909566418bfc6144', 'signing', '', X'01C501D23A18CE69E6DD06EB022D415B355111DEBA2FE9E4D6DAEEB375A4DB93DD9F12D138DFE493E95B0C9A939AE0F1AF207A03979B4082D354EE8E0763B5684C4BCB150148A9676B437E286EE68A39', 1772442000000000, 0);
INSERT INTO keys (tenant_id, key_id, purpose, scopes, secret, created_at, revoked_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'key_019cadc69a80703695241bb289625a5a', 'signing', '', X'01C501D23A0A4E325F5E198F035269E6519EF5B79882EA6EAFA95E2F7C3D9315E244D6A4B75E7BF060531E116272A22C10987EDDBA71990363B12F847970689D582C5868A047ECDD01E6A178D7413ED4', 1772442000000000, 0);
INSERT INTO links (tenant_id, link_id, booking_id, calendar_id, part, target, authoritative, generation, event_id, etag, state, reason, base, base_version, in_flight, observed, missed_at, synced_version, failed_version, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'lnk_019cadc69a80700eb84cbaaa2be881f8', 'b', 'cal_019cadc69a807008864863c5d15c2a63', '', 1, 1, 3, 'event-id', '"etag"', 'diverged', 'why', X'01C501D23A232F4CD6D969C606A4AA3E8FC83D0FEF83EC1ACD11D8342DD5D6D91EE5F04BA16F0CC734EC6D675F58755E5F4824FAE38A08CD6C0CA1DBD0CFA47DE684FD1CA18BE73B593B3282155C0056CB754D9A0D54AF2E26B69FA7F66F3D42D2EF5301CA60D490A6FDFAD8D20BEFF3D7961E527298C7AA985D7EF2001624561461F60BFA35E1928D5199A0D104AB54657B6D296AF5ADC8EBEE0B9E8BC140EEB1683AEFF3DD94EB972B688B743FE292041B905C9EA9506F7CFA918AEB9E81CA4F7894888F9CDA254BEC8FAC326CA400C406AF7091D95CD4A5BFE9403FBAD315BE6AF5996AE5CBEFE9386C18D04147C5E56536AEEDE00C3B4956AA0546A8820C6C3A3050EECA215ED11BEECE98D483E07577BEFCC49B29F535CB4277232182AF3ECE6F8CC9CE3A9E5F0EACB85A51DE98325D30604C61E7090DE0AFC3483D1FB9DD6A4F5F372CB706373D0828236BB574ABA6EE7AB470233DAA8CC564424CC14D7B16C12DD593195DA7B52673816ECD20582F9533C590BC713CEC4111938E633BF4C2D3FCF77B79E7E31C3F97200B4A7DA5E2017B27C3DB09DE48E61C11994987C7482844699142006871229E5679BB630AEE65C2CDB91D9E1D0F7763FBEB53E1B5A43FCE1B8D5B12601022ED39E0A950A9DCDA7D179A584266EB9F9AF6943CE282DB45BA58C2BF42314EC5180A937574ADF9470CABE3AC07A268674E19A390DA65450D8AC955A11B0C45CE77CF9ADDB49386F8BFB00E99C6448C12EE971E11719A502012', 4, X'01C501D23A79B43318AA9F68CBACD5D9341680E1512505E9DD1AD307DA24848096D5E0036A2A880C2B0F85EB4A084A7DA45DBB4431827582C13B86D9E6B40848FBDD493861236FBF8F76A1763874A5419E77B0E41135AF29BAFA8B1EA27A3FD3C759236268A5A90D9C43517DCA5D905C6198BCF1B3C73ED9186BEDBF1A6C073AB6EB13BF0766A2C74F6B98C961803583DC7B2FD3A62E4C02B9C1639728C4F191A56AB3607B9113927A88F38D25545D1CD583B49BC5BDD2662EAD6602E5CF82082673FE4DC8BBBAE77B6761947E5C7955485529D89D186472852D2CDBF4D1FA4F74B0F6EE6D14B280F959001FBB544B6E21956C07AC679A393E04D4F681F6551CF8DBFD5D3A07641E8510D8F116AEB0EC19FECE61D23154AECBDA6F973B75E5463CBA58ABE50510CAAFB434DC1BC863712661B6D4A636CD08207DA48B6F898270A1322D638B48154914D7B59E02BD4B65EB154BF4E3E11C1273C8E559E4ED44D6530F033B1F861D447F0ED0EEBD586C1EB518BA56CB9C1287D61B4FAC6352D1AEA167AB18FCAA53BA4C821FFC2755EBC873615714DA', X'01C501D23A89430BAE21092470CDEB4F6095902ED758E3191B8AA16E72C02D7534B355877CA580CED2970E387D162DDCA5B56A2A1621B84B71253DE6F7640C1BA3D31840E5EC1931E6A10AC598E0EF4D27B28A8A09DF2C7858680359AA10515BBBE92989914E6BF65B444FFC3A2ABE8809146B780581DD483EC826E3AC0D795D86CF7523DACEC0219435EED983C916C8348C46578783E082C798B6B4D3FEDC829A88C13158C5A1D6524A70ED0E323FA29541985356647B290D90784A03822275062C66E6987526565CDCB2D37F547D9AD6419E2F98ECF2E4646B4BFF446B4006DEE374250B5670D341', 1772441940000000, 4, 2, 1772442000000000, 1772442000000000);
INSERT INTO listings (tenant_id, calendar_id, listing_id, kind, page, pages, events, withheld, window_from, window_until, started_at, tzdata) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'lst_019cadc69e68700294fd0e6bfcc61fb8', 'delta', X'01C501D23A95528FAD2F04D52386B06F1921EFA8D0AA9C8EE887B608115FE38A6334AEB69ABD25FD0FC1FAC7', 1, 2, 0, 0, 0, 1772442001000000, '');
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a807006b2dc6b80f5625907', 'connection.activated', '', 0, NULL, X'01C501D23AC033E897DE13CB41397FE938FAB7D5987E7272E61A14D0A18B5574899121ECA4D75AFDF931B22734D5B4791841E7431CB2A8D3E6014BE8116A67070ABBDF7B4473888AD2FE5C9A947BD8FB750585A667F8C149062029BEFD0E544BAB6B16A32D9A019DE35A732F2C', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a80701099d5dd4f7c0994e2', 'booking.accepted', 'b', 1, NULL, X'01C501D23A48E0BC959F8C7FF20A55563930F4835F4CB6DADFBA5D1B2DBAF4997E193A5AC9977E3E1F274221FA8B6770CC9D9146256E715134B341C994B9B0DEC7ABD9282579C61F55F9E762D97F433F7BA4EE6F4DB9BF8D0BCDD42BC4352F9266964A5489CBA98410CF6B69A53313862ADC8E4775F69785B95930D0079E178081C97380DB2C0225586C3A769BA6CFE28CD8D4C7866620483259C78DA618026F1320D961B27D', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a807012aac22ac15705f04f', 'connection.activated', '', 0, NULL, X'01C501D23AB8D9F91ACFC5244A701E766A515B7ABCBF1634A6748E663A8E8010EC2260148D39947F8964C7D84108BFE05F527DBB7DB0816E83D36EACEF68961EA53A83A04582C8937B0E449FE45FA5A6C08F73391FFD0EE3F924F8CD3A68253569B1631FF997A2962DC993928E', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a80701e8aca54c0fb9f8f9d', 'connection.activated', '', 0, NULL, X'01C501D23A0D71E1C16841AFD37EB8B6CA46621C46CE74FCB319BA215CA13E35CF71FCC9102B02FD67B21227F63CC9CA0A8118D22EA042B961EA1AFAF0AA0EDB1828496BF3A109FDBAAF5A6C54A9C41F595F40DBF92B0E24D74FB7002FD07D274D090B577A61643AD6FD18795D', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a807028a94e5143c596c3a3', 'connection.activated', '', 0, NULL, X'01C501D23A8EAB0553826DA4ABE006C10C14BF42BBEB7FF51AF7E93E25ECB936645B33BB57DAE8B88D4543E82FEA4F6E68DD84A329596081C60BF38B65A69A96935EE46A1F6C544662BF4BFF6784C0CB9693E833600D99EA16B19E25B5E89BCC972208F6DC669F7E6593035868', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a8070308abdbb483089b883', 'connection.activated', '', 0, NULL, X'01C501D23A6E7686FE06958C04B90700D429A1839F2501C3313CDC54251636D2BEC18C8E351A9AFC9C4885226B1A1C69A9EA4684FDA24EDB71586BD19CC803A12D8528FCD18F2893E36FCDD95F831D62A3A5DC49D3BEDBC616861EBD380AF5A5B049EC1305C70145EF8466C709', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a80703994cccb0413faf8de', 'booking.rejected', '', 0, NULL, X'01C501D23A19CB5C6F46572CB698E2799FE70795542A37F4EE616D9BE4DA5AECC42309DEA9023118A618FC092122470A70A8430BE0D34FECD6BB58F699596B64', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a80703da9ef4e868b0780a5', 'booking.rejected', '', 0, NULL, X'01C501D23A55C169A0FAF66055CA82B94D40C3C2DFF62C48B2C74BF571E0A9DB1654EBD10DBF14F7935F6B9250788F203BD73793020E294138EBC3C8483A44ED', '', 1772442000000000);
INSERT INTO oauth_flows (tenant_id, flow_id, connection_id, browser_hash, verifier, state, return_url, expires_at, used_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'flw_019cadc69a807004a5de326cbf6f8131', 'con_019cadc69a807003b4178ce60098a82d', '', X'01C501D23AE4884FFB12308BAFF635CDD6A40E731EFF1F447A0F4DB688F9B9E7DCBAC9E4D9E55FD7BEA98E2D1B47B47C4C1DD7712A463F58', X'01C501D23A60B5E64C5A273FAB84D2BC086F3FDE7E0897D42074DC9F911EA435A84ABE7FCFD56FD2B50CC7697D09673C0B2CA5022BF6F3322DAF8D15A32F988AE9413CAD1B52D634AD9118E6EF0B119092B6401BCDF8C84A6958', X'', 1772445600000000, 0);
INSERT INTO oauth_flows (tenant_id, flow_id, connection_id, browser_hash, verifier, state, return_url, expires_at, used_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'flw_019cadc69a80701cb56a652cc197fa50', 'con_019cadc69a80701b8c5c2d2fbe0549d5', '', X'01C501D23A21E8E98407F2C43E1636D3E46FAD6866E180CB459BD02D4275EF9C3C0BD4F1CAE5CB49423F7C9F1BE3B9D5633F391490CB19', X'01C501D23A59D0A0DD589005AA3CEE8104823F9AB1FC1EE3395706216C37C1B8F8996A9E31D878AE9196728637633689CF766AFA6DB8AB3F11405C5A8F0A5FF71807BD2D83FD8A3E62752F2D7240124024F0ED25F691605B1F', X'', 1772445600000000, 0);
INSERT INTO oauth_flows (tenant_id, flow_id, connection_id, browser_hash, verifier, state, return_url, expires_at, used_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'flw_019cadc69a807022944337e0ab35ffeb', 'con_019cadc69a807003b4178ce60098a82d', '', X'01C501D23A538D8DFBA160BF284BDB7AB3F99057A0E466A7BCD11A1AAA1A3863A16268222CC89DD3BBF5A15ADD1F34', X'01C501D23AE3BD01E40F95B51CDEAC9243179E0223E7287B93B524D0F6AC93B0F10026852D6DCD90094ACDB9FD87BF7B3279468F055428F1402307DB028282FA708FCCBC2DA2B1DE3D213325E0BC3958EA41FBF8B4B4B2E4', X'01C501D23A5EAE1B63201DC562A37D442664AF1BDD4041DBD6AB156201B787CFADE2A51CC7270EED7F42CF7F1EE74FC26374B671D669CCF3F0D5', 1772442600000000, 0);
INSERT INTO rejections (tenant_id, rejection_id, booking_id, version, reason, payload, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'rej_1', '', 0, '', X'01C501D23A80D989544B04CEF225E5C39C6E751FF5E623148E36296F387F7611A4C1BB6628AE11', 1772442000000000);
INSERT INTO rejections (tenant_id, rejection_id, booking_id, version, reason, payload, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'rej_2', '', 0, '', X'01C501D23AA4030AB0BE249E6E6EC3F2FDBE644CA68E47ED5E31E0D3050F77CC10DFAEDC0EC600', 1772442000000000);
INSERT INTO requests (tenant_id, key_hash, fingerprint, state, token, lease_until, answer, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', '68c780cd132a0299c7cd3fa8649783cbc2872a98d90cd4ed6b9696e3c61c4c68', X'01C501D23A9B5942AB7440CF456943A6E4DA4FC650CEF0E568ABD3A48C6612AA0F48EAA6D655E4CD851A6FB608FB16EF870D48', 'answered', 'att_019cadc69a8070408c73bc29fdf06be8', 1772442060000000, X'01C501D23A185B12E98170607AEEEB433C09B56018592A0F73F6087588FF15EA6DFC062765D254EF4B10E3CB2A22755634B5F2980BB1959F4CE54890F9F1A6263CB35E73D0E695F7A7B4D7FBCD3096941CF7538484F532E391ADF2AC888A2DCEB980ED9B83F9E5373E8E2375B658287DF13C0C4587D38D', 1772442000000000);
INSERT INTO requests (tenant_id, key_hash, fingerprint, state, token, lease_until, answer, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'c68a0e8dbde466ff1c231eef33623a63e9470ac394c27ab5b7fee03563cd3023', X'01C501D23A9DBE931984CC13AD6C30F54C1EF328607B6595A9AC919B146AA7FCB166606DE6D79FBC064F16D123A8626E032C87', 'answered', 'att_019cadc69a807041abaf703cc6fc8149', 1772442060000000, X'01C501D23A3D651CF15AB70920071B146B0A1CCF2AB1AE7F70A5D3DD419126643E71149D8E17724A9935D8952EA5A29A4107441B3765446B71EDDE84163CCE02DB7E716D293479B5C5B909750AA11896E7674A801D42EE7B2F671208B6B95CD32D13FDA65EE95989A08DCA343F7579FC173F786E9708A0', 1772442000000000);
INSERT INTO seal_keys (tenant_id, seal_key, proof, first_used_at, retired_at) VALUES ('installation', 3305230906, X'01C501D23A6ED1CE95365E53F04E425D8496A59ABCDE16634D910ADE69B1128C1705F8FDB5D8BEC5F5', 1772442000000000, 0);
INSERT INTO seal_rotations (tenant_id, seal_key, place, place_after, resealed, found, unopened, missing, missing_key, last_unopened, last_missing, started_at, finished_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 3305230906, '', '', 0, 0, 0, 0, 0, 0, 0, 1772442000000000, 0);
INSERT INTO staged (tenant_id, calendar_id, listing_id, event_id, etag, status, starts_at, ends_at, all_day, free, kind, series_id, original_at, unexpanded, content, meeting) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'lst_019cadc69e68700294fd0e6bfcc61fb8', 'e2', '1', 'confirmed', 1772449200000000, 1772452800000000, 0, 0, '', '', 0, '', X'01C501D23ACE1A1D6A9526BCF20C26BBB2A042DFEEAE19D0FE9F4AB40F2FB3590E3E5ED7D1A90DD77A6F722C3A1C51620E67367FC9E8A89BE29C83E0C1163CC5F35E3AFC25254728F9A20270145086D7D3679C4B1A5CA5FBFEFA2D52EF0BE13D9B28E7FB546EA5428D6043F126089A9E52AF14EB07532860B10BF12E74416D1083C316E0FDCC25A6D450969F18B1F45B97D68C72D389A06350379D4CA3850860CBB53E50', '');
INSERT INTO staged (tenant_id, calendar_id, listing_id, event_id, etag, status, starts_at, ends_at, all_day, free, kind, series_id, original_at, unexpanded, content, meeting) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'lst_019cadc69e68700294fd0e6bfcc61fb8', 'e3', '1', 'confirmed', 1772452800000000, 1772456400000000, 0, 0, '', '', 0, '', X'01C501D23A34053946418F6F01A8DE8724792F67657A762E60E3DDB19A4F4EE2652239279190C9BDA113E199307A9D7470BD243E4686C63DBE1EF4224D7CB8A07C8B78B6267F0A4251198166F5A07C5820F5E26B661048981A09A957CF3D5F2C2BA0D7E65E678F3FB8847FC4194534E6865719B8018D23CB6409C64390B518E46A3AB13C663AEDFDE557D2C1ED9354C401E93A5F0E559A32D0C058E0A0F6546B5E10886A', '');
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
