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
INSERT INTO applications (tenant_id, app_id, provider, app_kind, name, client_id, entra_tenant, credential, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'app_019cadc69a80702491549b8afa21ed9c', 'google', 'app_only', 'Ours', 'client-1', 'contoso.example', X'01E62FD85290BCEF21BFBEEA27524852775672BA798203A33C5785055289215AC77CF5C649687B19227014EFF3BB03115296', 1772442000000000);
INSERT INTO applications (tenant_id, app_id, provider, app_kind, name, client_id, entra_tenant, credential, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'app_019cadc69a80702cae59578bbfc1d200', 'google', 'app_only', 'Ours', 'client-1', 'contoso.example', X'01E62FD852FE5CF9122934B253EA5708154935D0F5CED39D1269CB18546FE1043E0EC6D291BCD214B33144E899F5AA429F6E', 1772442000000000);
INSERT INTO attempts (tenant_id, delivery_id, attempt, at, latency, status, failure, answer) VALUES ('ten_019cadc69a80700188c12758794cd519', 'dlv_019cadc69a80701192066b4ebad37e79', 1, 1772442000000000, 70000, 500, 'status', X'01E62FD8524C3BFCFFF2B9DCA73D9595854554648BEC73BCDBD64F2250BF795F98ED4D082E8C3DAA85');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('installation', 'aud_019cadc69a807000a791f8a719ff2a38', 1772442000000000, 'engine', 'seal_key.used', '3861895250', '', '{}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807002b418cf19945423f9', 1772442000000000, 'test', 'tenant.created', 'ten_019cadc69a80700188c12758794cd519', '', '{}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807005b783548d743698a5', 1772442000000000, 'test', 'connection.begun', 'con_019cadc69a807003b4178ce60098a82d', '', '{"app":"app","provider":"google"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807007a5a1fe7a31e71c84', 1772442000000000, 'owner', 'connection.activated', 'con_019cadc69a807003b4178ce60098a82d', '', '{"grant":1,"lacks":"","scopes":"calendar"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807009bef962cc015e55fb', 1772442000000000, 'engine', 'connection.discovered', 'con_019cadc69a807003b4178ce60098a82d', '', '{"calendars":1,"missing":0,"vanished":0}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80700bafef2c7c193ae614', 1772442000000000, 'test', 'endpoint.created', 'end_019cadc69a80700a86b2f76e847a5b3a', '', '{}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80700d8f4714ef6a16332b', 1772442000000000, 'engine', 'calendar.targeted', 'cal_019cadc69a807008864863c5d15c2a63', '', '{}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80700fab022e2697eaa0ad', 1772442000000000, 'key_test', 'booking.accepted', 'b', 'b', '{"cancelled":false,"decides_divergence":false,"revision":1,"seen_revision":0,"targets":1,"tzdata":"2026a","version":1,"via":"http"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807014acd36ef1aa667d2e', 1772442000000000, 'owner', 'connection.activated', 'con_019cadc69a807003b4178ce60098a82d', '', '{"grant":2,"lacks":"","scopes":"calendar"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80701590093419bc94e2b0', 1772442000000000, 'test', 'seal_rotation.started', 'ten_019cadc69a80700188c12758794cd519', '', '{"key":3861895250}');
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
INSERT INTO bookings (tenant_id, booking_id, version, revision, sequence, cancelled, spec, slot, starts_at, tzdata, hash, reservation_token, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'b', 1, 1, 1, 0, X'01E62FD85227B5F139F0C091AE9CB212BF57A689D032B5527A5234ADB625344146B16F22436ECC2EB3FB078E72DB345EFBFC2A03D0B0E63CE9989A50B8B63EDE4A897B6BEAA7654DD2194185C9325FA352B1C8A62FF8EEE60D6411EB979C21DBF19021DA17982219ABF0CFDF63AD07E010699E86C0B70994703E7AFCDFBB748C1A2F4C932A3607D3547E197966215899B4049532B141FEB75ED119BA396E95EAFEC14ABEA4A18C885BBD9FCC3A21F171EAFF1087C4F968AE2867E2EFA3FD1AF81349D8AC5AC393A478F5D788C913279E756A31B82AAB4F9BEFC9ACD89EDCC56B3B16B0B853232A6F933C3CB6A04B8D9CBC8C3F67B9D28A07D59A17BC2E6F5A2A2209EAB43D16BEE2F464742D059D6C71E63CA5EEB42E42255F01A76F96F02313CC0D7104920926E2E7C12FEC62C6ECB1D571B52CFC02F51A4839E6B7F791771D4F66F204EAFECE1733D8480574A2CBDF0B6F213CDC67D6B08CA1DD8A53DB331AEE609B77BCB1880575EE5355459C117142B968DAF162D3083FE86F0C6FC64E969E76760954CC03413D553EFF2BA5B9EF46C2CCD2290286BD885596BC513244B502E2F2564A2C7CBF4D3FB926F0EC3DA3DBC47C1EE8737121E08B003345D5EDEFF917DD34932BC21B', X'01E62FD852B302A34C60828F1D6103F0642C6F8DA26383E64AA09DAFC73C30ABDE83D39A8D422DFE6B3353D981046CF6CFAEDDF0CA94D94351C6814950A6850FA13D058150E4F7146A9016F89BC99C12BF43AB73854687B7D5F44A50E6BCC75DDDC7A9F1265B300953D160EFA8C8C714AAD6ABE57CF9B20BFA617D3412826F65ADF7F0FAE4E6D5B4ABCBB40412134EDA', 1772528400000000, '2026a', 'hash-1', 'rsv_019cadc69a80700cb72cdc3315080ca9', 1772442000000000, 1772442000000000);
INSERT INTO calendars (tenant_id, calendar_id, connection_id, remote_id, name, zone, is_primary, writable, targeted, sync, writable_target, missed, vanished_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'con_019cadc69a807003b4178ce60098a82d', X'01E62FD852FCE61487709C5DEC648FAB48F5EFDC8F668644479B6388946939B32B071E5948150161E0', X'01E62FD852B50E797E99499F2F36839BB83E8A2BE93005E9D4A059826566865C55BC2311207A5BB9139E26669CB64EAE', 'Europe/Berlin', 1, 1, 1, 'off', 1, 0, 0, 1772442000000000, 1772442000000000);
INSERT INTO connections (tenant_id, connection_id, provider, app_id, state, account, mailbox, reason, lacks, on_moved, on_cancelled, on_edited, closed_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a807003b4178ce60098a82d', 'google', 'app', 'active', X'01E62FD852F6DBA1C98B8B43C9BC4CCCA1B3B41AAD74A40F6AB87727348198979F5AF80314BE3A099BB17D02EDB693D3382A513C', X'', '', '', 'report', 'report', 'report', 0, 1772442000000000, 1772442000000000);
INSERT INTO connections (tenant_id, connection_id, provider, app_id, state, account, mailbox, reason, lacks, on_moved, on_cancelled, on_edited, closed_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a80701b8c5c2d2fbe0549d5', 'google', 'app', 'active', X'', X'', '', '', 'report', 'report', 'report', 0, 1772442000000000, 1772442000000000);
INSERT INTO connections (tenant_id, connection_id, provider, app_id, state, account, mailbox, reason, lacks, on_moved, on_cancelled, on_edited, closed_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a807026a3c641063c124286', 'google', 'app_019cadc69a80702491549b8afa21ed9c', 'active', X'', X'01E62FD8529ED6F0A05798C5C006F2F6A8080FF24A78B6038B731AF91B88360E96DBE487F4B6521164BE59A07ECFBA147C740DCC', '', '', 'report', 'report', 'report', 0, 1772442000000000, 1772442000000000);
INSERT INTO connections (tenant_id, connection_id, provider, app_id, state, account, mailbox, reason, lacks, on_moved, on_cancelled, on_edited, closed_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a80702eb4de5a765fc14ad3', 'google', 'app_019cadc69a80702cae59578bbfc1d200', 'active', X'', X'01E62FD852394B13D975C64E21AF8281A37925920AE6E35C47F44BA7ECACE601F92BE6EC38263966C97F2FE0B9D73B628D9E847F', '', '', 'report', 'report', 'report', 0, 1772442000000000, 1772442000000000);
INSERT INTO cursors (tenant_id, calendar_id, token, scope, window_from, window_until, synced_at, spacing, recheck, withheld, began_at, missed_at, poll_interval, tzdata) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', X'01E62FD85212AFF91894965ACDF7F12500B0B4D51393EB66EB4EC1BF739390C8E78791FEED27D0ED353D4E092CD9', 'scope', 0, 0, 1772442001000000, 0, 0, 0, 1772442001000000, 0, 0, '');
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
INSERT INTO endpoints (tenant_id, endpoint_id, url, description, types, secret, previous_secret, previous_until, state, reason, disabled_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'end_019cadc69a80700a86b2f76e847a5b3a', X'01E62FD8521EB62CC50428B80D79A0487A18E54650A642FF30CC59B7760F1EED685D661EBD61D4FB3387751938370C5D121E9B9CA8458790BA603C8D7300BA10D2', X'01E62FD852B241356F4A780B0E39AA10158C9C44B01C2AFBAE0802AC2506A7ACB74A95D0E83A87291F300E40B4F53EA5E06C4A', '', X'01E62FD8521A5A87A09CDD883F054C627F937F6627BFFBB1EFA15D51F0E92798C0C742A7BF05480A693BE89E29F4', X'01E62FD852C550C1140C794044AD598A40AE0223CFA468FEF3616063B9C27B124892AC05CF725E3154B90260AE', 1772528400000000, 'enabled', '', 0, 1772442000000000, 1772442000000000);
INSERT INTO endpoints (tenant_id, endpoint_id, url, description, types, secret, previous_secret, previous_until, state, reason, disabled_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'end_019cadc69a807017b68037ab0dbb82fd', X'01E62FD8521733831A5DB7740197BE0D4CFBB6831675541A878643FEBD777B18B2CABFEB4AF752223E531060687AD37A3558CC7529E29597A65F20079F94617870', X'01E62FD852034B5AB60059AE0BE2D63A990BD5A16B93E6FFB38F20095FAF7ADF95FD7F9CA886EBEEE27181E478508C38468EAD', '', X'01E62FD8520C37BDFFA4BCE640A521465457C603D746652541E0B4AECC7D393A3112C906B053FE543E7E775E7F90', X'01E62FD85233043ADBDD9DB2FFD9880846A475A33FEA2A09181E6D82FC0F8C2A3BB9EF99A591C9765442DB0507', 1772528400000000, 'enabled', '', 0, 1772442000000000, 1772442000000000);
INSERT INTO events (tenant_id, calendar_id, event_id, etag, status, starts_at, ends_at, all_day, free, kind, series_id, original_at, unexpanded, content, meeting, missing, listing_id, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'e1', '1', 'confirmed', 1772445600000000, 1772449200000000, 0, 0, '', '', 0, '', X'01E62FD852E14FF67A946000547DF32F5074831426B9C5EA51B248938ADBA54AE9FD3A1E3724C4AAF7D8ADA0875C3D049A28F22EC9DA4E42842F4E7BF6BF68D68F39E056C4E1BB68E6176827E5971402692E873D0820FD53C0CF84DF82F78539A1E40A27A0862CA4EEFE9DD17D58AF109F15499DF0CF5A983C7A89F53E7298372D7DDC7A2782FB0E47D251A8EE56B76DE229C19BFA2544E28B5B67BE65067F6380C4DF3C', '', 0, '', 1772442001000000);
INSERT INTO events (tenant_id, calendar_id, event_id, etag, status, starts_at, ends_at, all_day, free, kind, series_id, original_at, unexpanded, content, meeting, missing, listing_id, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'event-id', '1', 'confirmed', 1772445600000000, 1772449200000000, 0, 0, '', '', 0, '', X'01E62FD85248D1DF1A1C5593A264F8F67F8A18E0C7AA69E08777840AC82C25A6B01AB433E79240A61D5005D66F72EC7AE0C173C20596CB62183159D941445525F85EFD629A42A40A190579F0068F3B6CAA5B7903B08DE0AA2103A53DA14666260EB0EF500EBB29C7D725CA12A07D661BC3EF2C32BCDE05BEA6B3163D3FE0BCD154250C1BECC63B76F851FDF81B7FACF901CFD1A0DF279D8E144A0779F8C8E03CFCBEB968', '', 0, '', 1772442000000000);
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (1, 0, 1, '2026-11-23 09:54:13');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (2, 1, 1, '2026-11-23 09:54:13');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (3, 2, 1, '2026-11-23 09:54:13');
INSERT INTO grants (tenant_id, connection_id, version, access_token, refresh_token, scopes, expires_at, refresh_until, refresh_fence, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a807003b4178ce60098a82d', 2, X'01E62FD8523CFAE41A0838B1766BFF8B4253CAB9BB815C8F73068F95AD14BAE3F9655A3DA9B91648C5FCFB7FA47F6E0C9D968549', X'01E62FD852252C314481A06D9C11A12B7CECB42F9D862E0B1F2A42B528CE3827C8926F654CD1BD6D87CDF7D2C79230B9B96B808B6E', 'calendar', 1772445600000000, 0, 1, 1772442000000000);
INSERT INTO grants (tenant_id, connection_id, version, access_token, refresh_token, scopes, expires_at, refresh_until, refresh_fence, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a80701b8c5c2d2fbe0549d5', 1, X'01E62FD8527435B3676BF45927B0B658A6A7AA9A95ED61173D3E54D02D62E919AA6182160197BFA691D3F9F72D0664626E90E9B5', X'01E62FD8521DCD69439B87EBCD277EDBCA6BA751D51099A8C014CA7A8CD28F2F55F89E9965F809F977CD46BDECBB81ECA0D8D339C2', 'calendar', 1772445600000000, 0, 0, 1772442000000000);
INSERT INTO grants (tenant_id, connection_id, version, access_token, refresh_token, scopes, expires_at, refresh_until, refresh_fence, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a807026a3c641063c124286', 1, X'01E62FD852C57B45C9A6E8B79A823E8C4A444987D60FF32BD7D39E68544E7B98B8DADB838D152BD7D18A42A13E33D39A9546DC43BE54', X'', 'calendar', 1772445600000000, 0, 0, 1772442000000000);
INSERT INTO grants (tenant_id, connection_id, version, access_token, refresh_token, scopes, expires_at, refresh_until, refresh_fence, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a80702eb4de5a765fc14ad3', 1, X'01E62FD8526D8DB075E137440084403869B9A21F51E4904D04B6846CC7E5A54B3FB8B49198A2D36BD9D1827C15DE9224950B3937E2E1', X'', 'calendar', 1772445600000000, 0, 0, 1772442000000000);
INSERT INTO keys (tenant_id, key_id, purpose, scopes, secret, created_at, revoked_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'key_019cadc69a807034909566418bfc6144', 'signing', '', X'01E62FD852B27E086FD4BD19F3E5A3C9B362778BE8323C3E02989EB14169F3D4D2399D2C4369129B01D9B7C8165C51B286CCBA0A5DE9F68B9CD147AD9D51BB8AE8C186334927B59215FF79CEC7982CE9', 1772442000000000, 0);
INSERT INTO keys (tenant_id, key_id, purpose, scopes, secret, created_at, revoked_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'key_019cadc69a80703695241bb289625a5a', 'signing', '', X'01E62FD8526829345CEA955AFF87A68A51EECEDF2374824655D4843BCE53F330B810AAD409870C7338481E28ED2E1FEBD90326F586CCB3F0AD4BD6E4253F9B4F0FAE6E187C2F693B3D02A4D961D43660', 1772442000000000, 0);
INSERT INTO links (tenant_id, link_id, booking_id, calendar_id, part, target, authoritative, generation, event_id, etag, state, reason, base, base_version, in_flight, observed, conference, missed_at, synced_version, failed_version, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'lnk_019cadc69a80700eb84cbaaa2be881f8', 'b', 'cal_019cadc69a807008864863c5d15c2a63', '', 1, 1, 3, 'event-id', '"etag"', 'diverged', 'why', X'01E62FD8520221A501B3A9ADC6E17E88406E6EEF8988BB1B0EF33D61109383C934D38A677AA8D3D096CA1F9A5AD586126CFCE32A5915E9D05A93197A5B2BC46C35BE7BD36A771348111261EE215CC8E482CDD7F2E54A92F667FA4C07741A3F5072431FDEFEAACAAB591FCA9B87A3C78E8014F2279145903E999F17FAE0F0CAA49557EE0BF217901A3E70FD60051330F94629C669D642517C6323A418F511899247EC4113141A146A3AFA5CB73C9D53A740B8D8CE85A06A4FF39171DA1D64F756D0EFC7859DF95242F3B0FC76194198AF3B35CA0EA49BA341DB2DCAD343D10FFD9BC1CD4A52309E9836E3A5ECBBC56E0502C3A51AF7C4094F841D977B1AD19BA58C2A8BEB40596E4448B4EA17EB60A95E76758F045AECFBF3E604846B4360E3ADE3AF3996D6111374D170DAB4A35F17AAE6B3182F49BE037324E1DFADA4DD04061EC3FB418F422EA1B75548D823F94B3CC97BF8CE9B930509C1C038E7D98D3C227B1C817446B25D4D4796C99EF128C8E2A3BC9DDE55489746B00D347264FC92E10058B3D584CE4C852213EFACFB76347A87D6E22C885E8170989E0318D6C0A0C9A9B3CE5CFB99FA56192CCDD95B3CA14957735A4ADDFBB36BF2D64C6185DB5F4585276A2DC3371EA25C7B961B97EDA1DDD86BB305E1C230860633E24642C266F2C182815606ED49BAB0EA0FD171314BEB4BC23EE70088067E5215EE6F590B2AFEDEA266D5E679ED6A5BE43DA3CD962D720F9A6D1265660AE3BABE3B05CF4FDB71FEA9D452', 4, X'01E62FD852D85A3A8A54C9941A20548AFE6B20227CA32B8B7FBDC66C46A8C8674723EAF1975E60E0E7924AE6899DD8F4719854F9640E45FDFAC17F1BCBBBD0EBCCD380016ED2855F95BABB0E17B5DA4E94484BC75EB00B9E28955918778CD0BA5BAE760CD186E7B4D827F1E7487C7409AABE86EE70CFE7795DB00ED04F3BA339D54829C9E5911D07CAF726F08C2B65DB35B3A52FA510CA08CD72036A27D3311BEDCB3E7DA8B221AC7966F1F93024DAEB892A85C5A07674B5EBFDDFA296410E0782620EADF8950C89CE654D1D48B3A4B5B75FB4101FBC7EB218C6695F67F7A3121F3436E2CECE5716129395EB118979F63558F5272E26277BB4D1B58AC3B8C8432F54FAC945BE69DE69195438D06F4FF9DAA7CBFF2B1A4544E4EFE250B7B5AAED488A7008BC050B0869B478D56E28ADB0A72837FBAC1FD4230D7BD651E2D65AA014F71BD615E13BE78172A52C7184424DD6FEBF19A8390B3BF6331A80E2C388F41E12208C3C8D35BAAAF68CCE357C8FAB2E5ACCD989CF8065E9E1691D7EB0E5EE63561CB0D28A9B1F293D9BE195F2223C40200C1A78', X'01E62FD8525F20A8D5D62EED198CDA2689EEE0321450AFC3A39A8FEBF29CB700E669596BF4849D91394423F14BEB05BEB865AABFF846E750E9AB4A9B55631E6BFC0CF6FC01E3763C46750F4F9B1F39728A11116D2E3370F0D07DD2DAF6AC430FCA5893D2100FE550004DB27BFA4528CA476FB9CE7CBE92449C86CE7FA9F6314103DF169741E979B18523117259347A0EAD86682BBDE0CCAC9BD3E68D04A4791D618C02DEBB67427483F16BC5D7A23D6B7561FC026F44D37F053F371E2040C47DB38E191EB06D8BB821DA2D9440E89937A6E1CFF8EFF269115A2F60B06139FCC91E27F88DEA11F5D23B', X'01E62FD8521A5170C563C9C7DE09E46A2BC2B751685641F8BEDDCA88C64BB5CD107DCBDC1A06416F2E060711C877849495AE6AC5D84FC85B71C8997151D19F806571B3F2F4532B453FD435EB13F3BFC0529EF9E0D1CE7EF67B0014405C4A7C45786E901C6C2AB2BC330E47F49B994EF302A900C384B2F472060779D782FB2E34D3472A1152CB756763CE840E037556EBE218594D7BDE2A', 1772441940000000, 4, 2, 1772442000000000, 1772442000000000);
INSERT INTO listings (tenant_id, calendar_id, listing_id, kind, page, pages, events, withheld, window_from, window_until, started_at, tzdata) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'lst_019cadc69e68700294fd0e6bfcc61fb8', 'delta', X'01E62FD8529560A7FFDC0B633C06138CC720D0D917BE14F0C15E678C47D7265049E77BA4630519D9D13963CB', 1, 2, 0, 0, 0, 1772442001000000, '');
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a807006b2dc6b80f5625907', 'connection.activated', '', 0, NULL, X'01E62FD8523884092C690D345F8AF4A534CEA6680BEC457549E3FAA4B61F881308A42AB41139943A8D73488067E182B6F70A0D1300BD2F2A813DD58A2B1355FF1E0DB97B328FCDF57F4DBA23D3EE098B22EFED570721127015DC582D170CD7A5326D9F0DA258518FC56009DBD7', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a80701099d5dd4f7c0994e2', 'booking.accepted', 'b', 1, NULL, X'01E62FD8521513BE8DA887AA6DD6ABE0FFEC573C1FCE85CB1C491768D470F916451EADEA120F06BBF2C2A6C216774ABC90529B5852D44A6DF10EDF106EA64F00928D7DA2FE57D1C6E5F3D8841C29137B42B4C6AF0138FA5CC437285F391D996C0FCE173EFCE968CB663A73369D7C6F39D4F2BB138FEF67D54681132B3A1B5FB5D44D0C41794FE229C3439A6F3CD2DF88DB417B560BA8795B6021D4061288C93A47A381433D21', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a807012aac22ac15705f04f', 'connection.activated', '', 0, NULL, X'01E62FD8525C586AD2191C703D84F822A5F2D709F59C51AF513C0F3052A64B71C579C06E335AF500782BFBE33CAF6AA07A04518C59B41C92D53D98CC070DF83D90AF83601D86C98E11E17C6D510B06A28DA0A1F507916355DEA8661AC55CA81F515B2F7A2A5758D109DD89EA52', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a80701e8aca54c0fb9f8f9d', 'connection.activated', '', 0, NULL, X'01E62FD85283B7BF07090390C1F7E84F34A47623698BFC627F8BFEEA74A15E7414C6E804C76F5C8AE73580A10F0559FC11E06239117952AAB9CB7D8A91AF6AF95984708ED4377C418B3BCBF75C48DF800636E42945FED5550B645C5D081EA4C7353457B238C83C439CFA9FA6F5', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a807028a94e5143c596c3a3', 'connection.activated', '', 0, NULL, X'01E62FD8528EF3C7FD8B9369FB6C51EADA999A624093A06A4691E6161260B2E6A6C29A828C96FC2638688371DFBBEF9431C2C3E7569D0B7BF534215E002477C040377F1A554DBD259E7ABDBD6ED66A814C591E445B065AA1D695438C9A76EA3732CFD394C9C82ED457E07366ED', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a8070308abdbb483089b883', 'connection.activated', '', 0, NULL, X'01E62FD8527F7278723EBA61F39B1A8C34BB40FEFB3328A6597F4AE6D04B47F9B8B1BF9A4D51180A7C2B1B3F0505B83076B1977DEA8E04B7A7C060886280E0D44D24E0A362A5F002D214A3EE6DFC752555EE64381DDD7AFC721EDC4E54009AD1E49C6CA7C48B84C800F6AE87BB', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a80703994cccb0413faf8de', 'booking.rejected', '', 0, NULL, X'01E62FD8521A0475FEB32823CA0811A544F1983A1C13CF7AF20A03B07FB0FD38781D5CCFF44EBB612A2EFDE04EFC08742670237445DA45D04BEEDD7BB79CC49C', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a80703da9ef4e868b0780a5', 'booking.rejected', '', 0, NULL, X'01E62FD852753B5E57E105E04CA33FEC2487529D7DB75AFEF72C2C7B9D2D9C814DD3A47630070C5B7BE7692B8209AF6EA5B1420AB84231F96B08487371141BEB', '', 1772442000000000);
INSERT INTO oauth_flows (tenant_id, flow_id, connection_id, browser_hash, verifier, state, return_url, expires_at, used_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'flw_019cadc69a807004a5de326cbf6f8131', 'con_019cadc69a807003b4178ce60098a82d', '', X'01E62FD852EDB9BED4062596991EFF82466E974E256835CD9926364CC35C35ED2E4D396AEA38693082AC4C166E38DA8D45B0EC394F8D65FB', X'01E62FD852D0585BD93F3D916DBAE4D727E722DBE051A86AF4493FBF1F7E691232387E9BC694AB240A0F8055E3A8528CDD0D811A3B4C6C41C08458B52023984060778330C456BE4C56FADD2E5FFB278B1AE1F93B1DE2150ED797', X'', 1772445600000000, 0);
INSERT INTO oauth_flows (tenant_id, flow_id, connection_id, browser_hash, verifier, state, return_url, expires_at, used_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'flw_019cadc69a80701cb56a652cc197fa50', 'con_019cadc69a80701b8c5c2d2fbe0549d5', '', X'01E62FD852ABD27CA922BBE21FEEF2B3865AB859163823C41CC8D9BE6CD86EFB28E84FDBD39C6A04A69680DA6E7D3834FF38BA07703973', X'01E62FD8526BCA0C35EC9E0458C3EBB4872528F240BA975D4339462DCB66D44B6EF96B20ABFF748F7FE26BC030DD73654036D80508A43E665701232C86E981633B1BD7FBAFC240D2F9B066DC187517F31A5F8A22568E1D68A9', X'', 1772445600000000, 0);
INSERT INTO oauth_flows (tenant_id, flow_id, connection_id, browser_hash, verifier, state, return_url, expires_at, used_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'flw_019cadc69a807022944337e0ab35ffeb', 'con_019cadc69a807003b4178ce60098a82d', '', X'01E62FD8529EB6F1934B97A6612E3B7C56258A235F8D381A0219E30C64230AB2970D1EC2081325C93EA3843083CB60', X'01E62FD852FF21619493BB95C65F32F70AA297B1A1BFB81F988A6E208B8709642530C88E60A9CDB74CC4E864696CB544D507D2A08B49786465A1E7388ED9B9D13E3479D269B6E075E8899D1B0ECBE4F640E94BC95F89D162', X'01E62FD852E8C7BC04800FF033238F4DF364ABACF48A187462933BF9781DF873C3CFB951075AE12FB32A2DE3D0D02888A982B3B618A8A71BF960', 1772442600000000, 0);
INSERT INTO rejections (tenant_id, rejection_id, booking_id, version, reason, payload, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'rej_1', '', 0, '', X'01E62FD852B2C617C8B1300EC99DE40826D5AF5C0E6C2BF28F600B04DE81E2FA30846AC4883901', 1772442000000000);
INSERT INTO rejections (tenant_id, rejection_id, booking_id, version, reason, payload, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'rej_2', '', 0, '', X'01E62FD852E108ABF47302BC298EEDC86273B88E0FECC01619898B53C059D258D673FF910DC03A', 1772442000000000);
INSERT INTO requests (tenant_id, key_hash, fingerprint, state, token, lease_until, answer, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', '68c780cd132a0299c7cd3fa8649783cbc2872a98d90cd4ed6b9696e3c61c4c68', X'01E62FD85251F14422090238BC00210A54532122C3E4019611EF6E29CE9FFEB19818DE4CFD8AEABCB9C4A645C961C601262428', 'answered', 'att_019cadc69a8070408c73bc29fdf06be8', 1772442060000000, X'01E62FD852A050EDFE5379D999EC3ED44E922E86D77C475106F42C0C187FABE6739FD8050A7BDF83A055FBDBBAF2A9726418BD8D807FBBB42D9B39EA721CD9199E0FF1D9ED0B6DF77ECC49187417B584F1052C7E6D5C134E02DD82A39F257D8FA497C757AEC5CC7E1A1A4AE72B4E2847E2F4B4B15AD446', 1772442000000000);
INSERT INTO requests (tenant_id, key_hash, fingerprint, state, token, lease_until, answer, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'c68a0e8dbde466ff1c231eef33623a63e9470ac394c27ab5b7fee03563cd3023', X'01E62FD85214B53ABA793EF5B3E0015B7EC072F012109FA45066C867D835AAC91DA38EDB2205615BC7D7D02F52EFF65C87A98B', 'answered', 'att_019cadc69a807041abaf703cc6fc8149', 1772442060000000, X'01E62FD8523271D55106CD97AABDA790C29B41D72831DFF588D4C605CEDCBCCA3A880142C06E517DA2B1FB49E1B1D6578C473AC6C8CC99087950DF8C85FDE03400DB5C05F0271D674C94CF6D2B2629A913135AA7718B8A767511A7C0A50057EC9B7B75FF5C02AEBE274C344A43BFAA72F29E920784F850', 1772442000000000);
INSERT INTO seal_keys (tenant_id, seal_key, proof, first_used_at, retired_at) VALUES ('installation', 3861895250, X'01E62FD852D087C3FBDCF389F921A2DF0A28CCAEF9B3228965F8A564C43D64647C3763ECFC17244A71', 1772442000000000, 0);
INSERT INTO seal_rotations (tenant_id, seal_key, place, place_after, resealed, found, unopened, missing, missing_key, last_unopened, last_missing, started_at, finished_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 3861895250, '', '', 0, 0, 0, 0, 0, 0, 0, 1772442000000000, 0);
INSERT INTO staged (tenant_id, calendar_id, listing_id, event_id, etag, status, starts_at, ends_at, all_day, free, kind, series_id, original_at, unexpanded, content, meeting) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'lst_019cadc69e68700294fd0e6bfcc61fb8', 'e2', '1', 'confirmed', 1772449200000000, 1772452800000000, 0, 0, '', '', 0, '', X'01E62FD852A0A2C4E457D6E9C475A270CA876230281AAD888532B3C15F99C64C44AFD46EC55F5791F1F28792E591E1732D35A78EB9F0EA83BDDF477CEFFC44A28558A1C23445F39C9AE97EA627044EBBC425E0709D0914ACFA8222A3CBC3EB026C55B9D09FA82D918B149BDA1E235DC9449BF55BAB4C0BECAA2C67278B1AB50D8266130F62AC95298BF3DD204ECADE3D75202EA7E4C634FC4A73672BEF9BE7890C38964E', '');
INSERT INTO staged (tenant_id, calendar_id, listing_id, event_id, etag, status, starts_at, ends_at, all_day, free, kind, series_id, original_at, unexpanded, content, meeting) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'lst_019cadc69e68700294fd0e6bfcc61fb8', 'e3', '1', 'confirmed', 1772452800000000, 1772456400000000, 0, 0, '', '', 0, '', X'01E62FD852F08270DA5056BC696128D1308808C74ED1104D77EF5D628EF094FE977246B449000692C854AE26B6B7C41D5D56412E2B68A6EB74C4318679D6C3BD3FB5EE135D04C771B2E42B3719224DE0C0A8BF5BEDC2254B3674DA764AB773D76E8E1DEE98E03B835E2D4ED4AF62A456F8A7ECE6CB02F1AC8303E5A327AE672C81DC1AEE36F17772DB986A97626A33E0D8D8F85345913C20FD83FF51BADE2CD926AA0E6B', '');
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
