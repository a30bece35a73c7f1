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
INSERT INTO applications (tenant_id, app_id, provider, app_kind, name, client_id, entra_tenant, credential, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'app_019cadc69a80702491549b8afa21ed9c', 'google', 'app_only', 'Ours', 'client-1', 'contoso.example', X'01B6FF2A09CB86F7C95890B26B664FDFEC6ACB4221B7B0167F1D57C21E95F5D6B539193CE538BE472858B23229CDFB010DB6', 1772442000000000);
INSERT INTO applications (tenant_id, app_id, provider, app_kind, name, client_id, entra_tenant, credential, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'app_019cadc69a80702cae59578bbfc1d200', 'google', 'app_only', 'Ours', 'client-1', 'contoso.example', X'01B6FF2A09A63EFCFA59063C055C98FF2A7574CCA5BC946AC4B5B08CC25B14E64A67FB522F2CDC28B0D75675E6D398475629', 1772442000000000);
INSERT INTO attempts (tenant_id, delivery_id, attempt, at, latency, status, failure, answer) VALUES ('ten_019cadc69a80700188c12758794cd519', 'dlv_019cadc69a80701192066b4ebad37e79', 1, 1772442000000000, 70000, 500, 'status', X'01B6FF2A095BF97DD65F64633336E30C0EFCE651209F0EBDC6014362F39BEC980DCE92744656B724CD');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('installation', 'aud_019cadc69a807000a791f8a719ff2a38', 1772442000000000, 'engine', 'seal_key.used', '3070175753', '', '{}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807002b418cf19945423f9', 1772442000000000, 'test', 'tenant.created', 'ten_019cadc69a80700188c12758794cd519', '', '{}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807005b783548d743698a5', 1772442000000000, 'test', 'connection.begun', 'con_019cadc69a807003b4178ce60098a82d', '', '{"app":"app","provider":"google"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807007a5a1fe7a31e71c84', 1772442000000000, 'owner', 'connection.activated', 'con_019cadc69a807003b4178ce60098a82d', '', '{"grant":1,"lacks":"","scopes":"calendar"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807009bef962cc015e55fb', 1772442000000000, 'engine', 'connection.discovered', 'con_019cadc69a807003b4178ce60098a82d', '', '{"calendars":1,"missing":0,"vanished":0}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80700bafef2c7c193ae614', 1772442000000000, 'test', 'endpoint.created', 'end_019cadc69a80700a86b2f76e847a5b3a', '', '{}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80700d8f4714ef6a16332b', 1772442000000000, 'engine', 'calendar.targeted', 'cal_019cadc69a807008864863c5d15c2a63', '', '{}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80700fab022e2697eaa0ad', 1772442000000000, 'key_test', 'booking.accepted', 'b', 'b', '{"cancelled":false,"decides_divergence":false,"revision":1,"seen_revision":0,"targets":1,"tzdata":"2026a","version":1,"via":"http"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a807014acd36ef1aa667d2e', 1772442000000000, 'owner', 'connection.activated', 'con_019cadc69a807003b4178ce60098a82d', '', '{"grant":2,"lacks":"","scopes":"calendar"}');
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail) VALUES ('ten_019cadc69a80700188c12758794cd519', 'aud_019cadc69a80701590093419bc94e2b0', 1772442000000000, 'test', 'seal_rotation.started', 'ten_019cadc69a80700188c12758794cd519', '', '{"key":3070175753}');
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
INSERT INTO bookings (tenant_id, booking_id, version, revision, sequence, cancelled, spec, slot, starts_at, tzdata, hash, reservation_token, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'b', 1, 1, 1, 0, X'01B6FF2A098924B74E9A9E60E35B10BAB47A6F4A12DC114349CD09C1DC08A2EBB421E71DB17E4EF832F9DED6B38C64D82D0AE5546BED1651AF9AA9621298452BE6B5E63B25A47DD42590B6E4409118A09B3DC3040C21552E46DC01188D7BAC5D47FDF5FFD4D1A06D50CC6E7017C798F26F163F1E565D411D2F68017B3A542BD491607094F343E99C99C8978C4C18BF76D1FF68D942E745F6E7679AA4FA83DA03DD4897E924C30AC4335172CE75DB124D20AC32CF9A6A37E2EF233B14E8D6FE04911D2ABD038D3A3ADA46597596408ADC9D958C3A8E1FFD80D8C3474F2A96EC429AD15F4D45E5F78D9004F47115B0B24E9F2EE33D8E7E94ACB99F1C2F4943BFE6D0675391399A24775AD9328059EFB48ABA5742CFE207A78802E2D671F45A345B29DCB859E25C5C93870FF997583000310E7F30E24C56B7DCA32782DDD0EB2457939316217873A92E9FB728DF2A3EB0D869CC643A5BF5BF575202E723B463D00F1F1F9712CCCADF3E7CC6850D62EF6DC07FCDECB5447E4828F06A80331F056CB3A267170391F455ABD88A117F3385C5DB7A8926010ECD12D8DD60F5BEB06B5485576302B7B9575555ACC27A85CC1695A2979984FE229211EFB79D0152362E83C3723CF994626588DE', X'01B6FF2A094ADE6DA4178C694F28BF499D8115AF74A4DBFE9FC8876365CA6328065949E1213743AE7EF68A277C0B0D8320DD69C35364D67B30E0E69E87D08A95FC8419F6224134744C1734FB5E9227AA1D41051B29C9AA62B8CD932497A9E088B8E30688C44CB604238D02AF94B91BBC852EB260BA56F5D336C34F6F2AAA78B391B92308325FBE72C4B74CBDEF2D9614', 1772528400000000, '2026a', 'hash-1', 'rsv_019cadc69a80700cb72cdc3315080ca9', 1772442000000000, 1772442000000000);
INSERT INTO calendars (tenant_id, calendar_id, connection_id, remote_id, name, zone, is_primary, writable, targeted, sync, writable_target, missed, vanished_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'con_019cadc69a807003b4178ce60098a82d', X'01B6FF2A0994B1465B8916EA9C88FCDAAC02807FDE6CA0446594B7429C720C335F46754B88B76D06AA', X'01B6FF2A091EC4FA12B2ADB8E3A7D5DC4711C019FED0008777F88C634E25D78E8FC9D0968C87B19902EDDA46A4D3DB26', 'Europe/Berlin', 1, 1, 1, 'off', 1, 0, 0, 1772442000000000, 1772442000000000);
INSERT INTO connections (tenant_id, connection_id, provider, app_id, state, account, mailbox, reason, lacks, on_moved, on_cancelled, on_edited, closed_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a807003b4178ce60098a82d', 'google', 'app', 'active', X'01B6FF2A092923D2C7E1D5623E06817EE4BEC3C8418A5D7AF434799F8B8FBA90081932ADFBAB44975089CC765C34A9B84C325B38', X'', '', '', 'report', 'report', 'report', 0, 1772442000000000, 1772442000000000);
INSERT INTO connections (tenant_id, connection_id, provider, app_id, state, account, mailbox, reason, lacks, on_moved, on_cancelled, on_edited, closed_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a80701b8c5c2d2fbe0549d5', 'google', 'app', 'active', X'', X'', '', '', 'report', 'report', 'report', 0, 1772442000000000, 1772442000000000);
INSERT INTO connections (tenant_id, connection_id, provider, app_id, state, account, mailbox, reason, lacks, on_moved, on_cancelled, on_edited, closed_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a807026a3c641063c124286', 'google', 'app_019cadc69a80702491549b8afa21ed9c', 'active', X'', X'01B6FF2A09F78A6B7F256B2F0073E0D3445665C3D30F29E071DE44C8A25342CE0D5BA68B0989CFFEBFDD8A02A643AF2ECCEFAD03', '', '', 'report', 'report', 'report', 0, 1772442000000000, 1772442000000000);
INSERT INTO connections (tenant_id, connection_id, provider, app_id, state, account, mailbox, reason, lacks, on_moved, on_cancelled, on_edited, closed_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a80702eb4de5a765fc14ad3', 'google', 'app_019cadc69a80702cae59578bbfc1d200', 'active', X'', X'01B6FF2A09236F412CEE8ADCA6E1CB6CB13E52483BF39799132FDA62E6D852C960DE2625E12A39960A7582F5F97003DA13FE5F23', '', '', 'report', 'report', 'report', 0, 1772442000000000, 1772442000000000);
INSERT INTO cursors (tenant_id, calendar_id, token, scope, window_from, window_until, synced_at, spacing, recheck, withheld, began_at, missed_at, poll_interval, tzdata) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', X'01B6FF2A09396EE18A6856A6FBD295F7FA7F0E919C850D9B69869D5A2AD4B95EA42FCAABF3C2D16D532E1273739D', 'scope', 0, 0, 1772442001000000, 0, 0, 0, 1772442001000000, 0, 0, '');
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
INSERT INTO endpoints (tenant_id, endpoint_id, url, description, types, secret, previous_secret, previous_until, state, reason, disabled_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'end_019cadc69a80700a86b2f76e847a5b3a', X'01B6FF2A092CD497681A90B31F33F8B97CAE7ADB59B706B95EE9818A5F1EE7B05D101EDDEF4AC89521DB397D1F5CDD8E4CB86760FEF4A63E1D3A1F2BBF73FCD59C', X'01B6FF2A09E551A5C15ED533E9B9872E34912E2D4E373A521BE0378E1884CE906F1821CBE582993916EC4B7DE722865EE50028', '', X'01B6FF2A0986EC54457E704374EF3C0DA656FAE8A598C6B68BAE0131684EF7071FFFD2E1C6BC19D70ECA2A218398', X'01B6FF2A097ED30937D55761FBE8127308308D26DCBABCE8DAC57E6C09614242EEC1B15B16C427F5805E757534', 1772528400000000, 'enabled', '', 0, 1772442000000000, 1772442000000000);
INSERT INTO endpoints (tenant_id, endpoint_id, url, description, types, secret, previous_secret, previous_until, state, reason, disabled_at, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'end_019cadc69a807017b68037ab0dbb82fd', X'01B6FF2A092D9D62C23B494E859A8B8D5AACF0331B14751BEE25040866FC13D953828E95251D5BD2A8E11640D75C41D300024EA39B9478DD8F98AE3A581ACE8D88', X'01B6FF2A09A906043363DF186BF7EEC74D0DBB5AD7666E9AF29CD79D96CF7378A819974DCDF83A77C002F12A2DE90D1051B0C5', '', X'01B6FF2A0944B76BC397B5EB6E5EB0B0569F869BC8033555940EAAE1899580DFC4773C9FD0ADBEC0457868307CF4', X'01B6FF2A0974002267D000587D33705A0AF02BD321DFC8600FDC5F9393913DBE200583C3542540EA3EE2194990', 1772528400000000, 'enabled', '', 0, 1772442000000000, 1772442000000000);
INSERT INTO events (tenant_id, calendar_id, event_id, etag, status, starts_at, ends_at, all_day, free, kind, series_id, original_at, unexpanded, content, meeting, missing, listing_id, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'e1', '1', 'confirmed', 1772445600000000, 1772449200000000, 0, 0, '', '', 0, '', X'01B6FF2A0936458E7215673FF40BF3B8AF66AB9C5F3F488232DACF3224A484F68C8E5223FDDC662CF499C417BE1210D922DA3D6AE0451B74E9D4CBA75D29B681FA405950D83EBF7AC7C9022F0DAAA633EC3D98072DB106497D5107C318C37A0C285681F74CD5F9F60FD57727EB865618462E4E385E2C03437CF93F6F5F504341549F8B1129AB4B7427F3A69B7C0143F059D5ADA1467D90E68A60ACA85B83956ABE973487', '', 0, '', 1772442001000000);
INSERT INTO events (tenant_id, calendar_id, event_id, etag, status, starts_at, ends_at, all_day, free, kind, series_id, original_at, unexpanded, content, meeting, missing, listing_id, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'event-id', '1', 'confirmed', 1772445600000000, 1772449200000000, 0, 0, '', '', 0, '', X'01B6FF2A09EBB09596A461F951EB47E9388198AC52BE331C23625B6119F8DFBDB69724827A71A61F4BD15B575D3CF762FCA3C8DA3E9C191E597A6765E125891D7A185051C708F7178A08D522112E69DD83F92C75983695CF944993D6AFAB92ABFBB92460AE397DC16F09CCAC4EB1C620CABC552D285913567492A810051CACB4038448BE92F8F328186E4C7B53818B3907EBEA4A29BB66A3860D497AFE4F372839FBD8F6', '', 0, '', 1772442000000000);
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (1, 0, 1, '2026-11-23 09:09:26');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (2, 1, 1, '2026-11-23 09:09:26');
INSERT INTO goose_db_version (id, version_id, is_applied, tstamp) VALUES (3, 2, 1, '2026-11-23 09:09:26');
INSERT INTO grants (tenant_id, connection_id, version, access_token, refresh_token, scopes, expires_at, refresh_until, refresh_fence, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a807003b4178ce60098a82d', 2, X'01B6FF2A095A074A6705C165F8A7422C27700099756A13573F61EE9B9D5F026266BF767F5C9924D53E79AF4650CE234C19F8AB0D', X'01B6FF2A093B7E32C6B7F87B2DC4C6D45916BF0BD42AA73BE8024D6C05B930495C93018C7B6BD16FF2FBAECD2853E8125B43908F60', 'calendar', 1772445600000000, 0, 1, 1772442000000000);
INSERT INTO grants (tenant_id, connection_id, version, access_token, refresh_token, scopes, expires_at, refresh_until, refresh_fence, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a80701b8c5c2d2fbe0549d5', 1, X'01B6FF2A0956A6FB1C5A4CAD3F7AF85196AD332023FDA57C79B13D7C611B1457263F6A6856C490DB99242718C18150BA65169B39', X'01B6FF2A09533E99E8987A73E4A83CA124F89F83C64CFC6B0ECE4FCEEF5BBB1A1EB688464A93AE131ED17726E5B3D07FED316457B7', 'calendar', 1772445600000000, 0, 0, 1772442000000000);
INSERT INTO grants (tenant_id, connection_id, version, access_token, refresh_token, scopes, expires_at, refresh_until, refresh_fence, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a807026a3c641063c124286', 1, X'01B6FF2A09EF40735218182B0F7773035BABB554C90E6AD081BB83345DE48C3FFED242E9045E649F818363F3A2F5756758D287AEBAB7', X'', 'calendar', 1772445600000000, 0, 0, 1772442000000000);
INSERT INTO grants (tenant_id, connection_id, version, access_token, refresh_token, scopes, expires_at, refresh_until, refresh_fence, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'con_019cadc69a80702eb4de5a765fc14ad3', 1, X'01B6FF2A094E8F43EAE2CDB0B6325A0D1269E78C0F414B664A58E80E8E1209C2B6A9B5C877D3C1D00FF04BEDAFE024AF2128FEC5630D', X'', 'calendar', 1772445600000000, 0, 0, 1772442000000000);
INSERT INTO keys (tenant_id, key_id, purpose, scopes, secret, created_at, revoked_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'key_019cadc69a807034909566418bfc6144', 'signing', '', X'01B6FF2A0901408E2D9CFDAA71FA889B9CB6FB27E30AC994DBB1984FB0359A99EF79D50222F51BE1B7E4894D6FE98E234B35CF6A9E3D643A0FEC3A485881DC4996FA1CE4F061C9296CA990F431F70487', 1772442000000000, 0);
INSERT INTO keys (tenant_id, key_id, purpose, scopes, secret, created_at, revoked_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'key_019cadc69a80703695241bb289625a5a', 'signing', '', X'01B6FF2A0984B47D435FFEE4031A7A0438F5865A10913DB5B60AC3204CC83A3E44C18A08410FE35287232E5C9CAD6F387C6CCF76A624EFAA97D7B8E97FE503E5E507FF5CB05CAF4DECA8F56556EE7050', 1772442000000000, 0);
INSERT INTO links (tenant_id, link_id, booking_id, calendar_id, part, target, authoritative, generation, event_id, etag, state, reason, base, base_version, in_flight, observed, missed_at, synced_version, failed_version, created_at, updated_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'lnk_019cadc69a80700eb84cbaaa2be881f8', 'b', 'cal_019cadc69a807008864863c5d15c2a63', '', 1, 1, 3, 'event-id', '"etag"', 'diverged', 'why', X'01B6FF2A09265865B0FEF5C26D8B74DC958EC1F73426D6E95CD9E7CB4955D30C9F6C56280635D909A31A96B5E845F1D1B5ADD5679F46C18A9092968590F761B3DBE305613A74C104B21B22E68CC303AD2A136ED013C1B6E5EB4D831900852BFF486F904848A4F08A32219ECC8E51A008D6A37A8045660924C1D782F6DCD696136E84BC951ED03381EBA3A779B4BC6C8558D02F5711749C205C9CD7B25E701DF4C65C7A9FE630728736E3F9EB74E374655611BCA5A62CB11FC1568D52056C45A6CE5C84E3A22E768F9A57AE47FB91582429528540630FE92350902ABA4447E2A4997F7B1BF6BB9BAE4277C9F1CC4D4CF3F37DB584CB2763254990DD2D8D1445B8E152D17D027C551859CFE63FB3A9239EFE85304CB8966C34004E68CEABEE8F8DBEAA553E5E772FEC84D3E0198C6291AFB046B4C8FEDA475086B97FDB4CAEB9D1705C660FEDD56CC417670FBA3C966A744B47DC5DAE95499467D2F56D9F9DF13E0FFC13DFEFC2103178B8D79997C3E083ACA8B76EEFFCD8A814B0C4F6ADAB4248F49C56DACB0A128E8951FCD9F844AD84CE62D2E1A92486E0A8E8595E37C8765E69703F80FF1567DC59A0EBE32E1B38BF843E03EED117CB62B0DB2F16D59BF2DAC633E4F6933417F1B4E750BB3E78DCB63C031C7DFD6D195731EC73015C44D8C6FEB4029DA990AFA1C5D5E2BB94F3034DBA437BF6F1EC10FBFEF7AD52D568747B6FC88DFEF6B5E8E3CD1B82CA81B7C2D2B3FC5D527062B8370DBA1B0061978881B34654B9', 4, X'01B6FF2A09EB01FF6CB5B4E15F55756A2D14728178D78392BD083D4623CDFE38329D83F2EE1E2FC984A407FBB1F874843DC4E38826681B65ADD460F1DA8988CD269ECBCF69DA22D0F331F8D040BD0A5A739438180DE15BF1E05D3E3CABDFB7E3F029280A6C155BC90084C2DC96F1B921E1C2556E7425DEFAE82DC745D1D60EBFD578C2B372A178DDC6F9107234E1C13C198ACE24A2E2356E2065E26499BD2633D05D6F14697213B125285E6F4061EB2FF8A6C8636ED40EAA4DA8CE2D78D050E58E74139225D5BD606D3384AC0527C822119F684F33C9CD2193260141E9C8F2C48F9E25611B08EF7DDD4F9871635B1913978B47FFE82A33EA7E32156CD76D01FB440EDD5140CC54DD48C3BA2BEBAB93211A76AE83DEA5C177312CCE3219CEB09F21E182F551B84FE1E7A23314CAB8F227C3938BD2F637AFF18E9AE5B2FD20BBF7C6F09C49CBB06F1B96318C53198D40FFFDF3C1FA3106EBC991709E1AFD99AD3C35417B645802B97D66982C7A7DFD7BD90CCECB711A7A0767F86542D7B8F3D1F78E7FF67BDF30F658254978988AD84410668AE4362A', X'01B6FF2A09B8C1C16D8ABDD8B587DC215C8506482B489CF63E93A29E15E377BF5D5184257FD9EF2B65E3269106C2843236F6803715211EE98040CB72A92C44D59DBD1EB91E0AB4AF99E8D387EE66BA4A225F677B7F0DD18A94B9F2BEA73544247F47F486B46FBEB9452CE2AE429B11C5D21D848865E46C1E11E2EAAC1B8E0127D7A2D13CB2AFD69A951C944210628D88C4C6D56E41319E5BB42CA650544E484FA221E10745ADD6E39C63E9D279515A9F645C52FB76EF6A5337BD5B66E8E6DAF87A951784D119036B494C5AE0C7F587073CCA08DCB972601F15686935DBDB3FAA854BB62488D2BBE902', 1772441940000000, 4, 2, 1772442000000000, 1772442000000000);
INSERT INTO listings (tenant_id, calendar_id, listing_id, kind, page, pages, events, withheld, window_from, window_until, started_at, tzdata) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'lst_019cadc69e68700294fd0e6bfcc61fb8', 'delta', X'01B6FF2A09E36CFA86005BAB8394AC0756D9CB7AB2884E4DA6692E7E1942DC54B4AD2D6D935EABBF1C8BD4CB', 1, 2, 0, 0, 0, 1772442001000000, '');
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a807006b2dc6b80f5625907', 'connection.activated', '', 0, NULL, X'01B6FF2A0946C0BA1EF092007C32FBC5C184ECB14C62ED0D861D1FE2790531F85C17F0CD0BF8221C9A04B47769A315300659A422D185F8D73DD2B7C4C92C390086639718DA582BF9EDF80A07A2F4B78FB9AE61D0699D4C39DBD0A739F9FD420566BDCE8DDAA8A86FA44217F667', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a80701099d5dd4f7c0994e2', 'booking.accepted', 'b', 1, NULL, X'01B6FF2A0935D61FF1F46CAC85A90A12DC955149002859FEC62A1A269D34FE48356E8D843D20700FA6A535EFFE018F102DBCD590D893EA0D16D0999743441D444615EBE86DB1C944F19D963AE2C9522CD5807E622AD944F441FB96D0B7813F1B03D46F1C7BCCA6ABDD3711D14314251D4768F40C365A099154BF645CB35918199C7DCF8E91F0379AE38DC074EE80DA3DA62023994A7578FAE6DA2E5AE4500815011CC14D2426', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a807012aac22ac15705f04f', 'connection.activated', '', 0, NULL, X'01B6FF2A098247CC78ABBE5166B64EF6B888686EBF0D99A38977C55EE9C072B54AEEA7013884C615899DFD95E3AEAE8C063576E9E304A0098E2D4112AAED2CB23E3C6EE7D4E6FBA9C9B397D54A1D91DCEDABBEA72DD6EED0188389695BD2CEF27FB090F00EBAC712B3072AF3EF', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a80701e8aca54c0fb9f8f9d', 'connection.activated', '', 0, NULL, X'01B6FF2A0922AED7E9A8505CE6B1D177F8FAB35787542034C5C4DAD7D8E8F474C8941D9D22B51B5939E8C3EC5AE4CFF77E7304F23257EC0D07ECE4DEEB2741E9F51EBD4CA9D08C3C38FD70EE27C06E2BBB6DF6ED2369525196CE511AA60A2AEB9CFD56ED9CF09FAD5A616FC0E6', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a807028a94e5143c596c3a3', 'connection.activated', '', 0, NULL, X'01B6FF2A094BEBD330BA8B00A33E75FA283C3AD63F796EA6CCE3D813F608373E7C43C49D2C0936442FFB46BD71CD7A821B5547DF4B8B9DA624FC98D940744905A9B0AB271EE8141C583DE96FD7DA3A041C688E51AE233CB77180385E8435DD8B694363B590CC291D215D0D00E0', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a8070308abdbb483089b883', 'connection.activated', '', 0, NULL, X'01B6FF2A09862182811FAFE883617659304897A32C28942090300F8BB500F4D44B8D216D31FDE1181C25DAE179EA1DF123715171863590EBDD5E5A9D5F7756C5CB93237956D50773A4A473A0D5879678AFDD59A6860EB475EBC5EE68669316ABB55E752D326078B59D37805536', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a80703994cccb0413faf8de', 'booking.rejected', '', 0, NULL, X'01B6FF2A09115F3BDB6DC9B2325E7B2606CE8C16A21FA57D50C6470F6AC970D246978FDA68CD0A0016F9AFDE076FB491E301117E7B58FF8FA7D1269D546A7BF6', '', 1772442000000000);
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'msg_019cadc69a80703da9ef4e868b0780a5', 'booking.rejected', '', 0, NULL, X'01B6FF2A095C939E32A120FA888932BCA3028FDAD49306E865490EAEF54EF429A4BDC244E5B75BBB23F57361971061F353A24AA0AF57F6A0ADCC0B2B48A7912A', '', 1772442000000000);
INSERT INTO oauth_flows (tenant_id, flow_id, connection_id, browser_hash, verifier, state, return_url, expires_at, used_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'flw_019cadc69a807004a5de326cbf6f8131', 'con_019cadc69a807003b4178ce60098a82d', '', X'01B6FF2A0959ADBC179CEDB116A15EC0BF9DD4F2230C9A0979A88974A80F59D3B8E71EF48280C08871E629C8C857E043231B88C15929DD2B', X'01B6FF2A09C3D81CB9B71A5ACC9A4E98A2CAFED4F09C43ED210AB161979BA22ACD60B20061ECD1B5636579D338049B59C70505463B71D5F41936F64EE2C51A1F44EA0CD2C69A76FED3EE47FBFFC7E198ACC2BC44F90DDB6D81D8', X'', 1772445600000000, 0);
INSERT INTO oauth_flows (tenant_id, flow_id, connection_id, browser_hash, verifier, state, return_url, expires_at, used_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'flw_019cadc69a80701cb56a652cc197fa50', 'con_019cadc69a80701b8c5c2d2fbe0549d5', '', X'01B6FF2A097E98E88B2F571786FD7CB632E4F384605877FE5745C9173D5B72D8B531E2FB5CA5274DC5F804CB8BC793E3B285C8B8524FFD', X'01B6FF2A09E2529008C797AA266447A185D86D420861282DE10779E05479794C1BD0F21EDFD9DD2AFCA02613587DE4318D7E82E418758902B9B876B18687165DC750BBBE3A01D30BB9D9118CD6F3A0A84BE437FB702C22E29A', X'', 1772445600000000, 0);
INSERT INTO oauth_flows (tenant_id, flow_id, connection_id, browser_hash, verifier, state, return_url, expires_at, used_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'flw_019cadc69a807022944337e0ab35ffeb', 'con_019cadc69a807003b4178ce60098a82d', '', X'01B6FF2A094038B3BBAB2A7E213CD65345279B6BB90363A87DC1E9B23F8BE9DD8B74E0BCA9AC61345B10F85BE85B01', X'01B6FF2A0979C13BA81AFD1EE0CD99CE526F33BC326011ABD219520B3295A27B118DCEF69B292AA1ABF16B1EDC686E33B268AAC6AF80B452FAB8DAFEE7A3300FEDE5351C2188107404EB143ECA8D1F3007DB2BD2E8A67A3F', X'01B6FF2A09190504DE39E63709D71955FA06A3681E4FE6A0D5B78EBCD680272F11C9341A0596D07EB7D66E2C46DDF2828E7703F35A01D448C6EF', 1772442600000000, 0);
INSERT INTO rejections (tenant_id, rejection_id, booking_id, version, reason, payload, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'rej_1', '', 0, '', X'01B6FF2A0901AE7AF3EBA2439B71A26955D9E49C3373A4D4D0093D4501CA9DD0DC1CB654CAB0F2', 1772442000000000);
INSERT INTO rejections (tenant_id, rejection_id, booking_id, version, reason, payload, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'rej_2', '', 0, '', X'01B6FF2A096B893E6A8534CBE683C507C4851DB6276CFBA5470D8E0EF18BAA04C7D985796BC0E0', 1772442000000000);
INSERT INTO requests (tenant_id, key_hash, fingerprint, state, token, lease_until, answer, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', '68c780cd132a0299c7cd3fa8649783cbc2872a98d90cd4ed6b9696e3c61c4c68', X'01B6FF2A0906F8D4F093435A4E69C2A7F8E90CD1B74502C59A341AD87F34E9F53AC62715C29C31D42593E27BA520C789B020E6', 'answered', 'att_019cadc69a8070408c73bc29fdf06be8', 1772442060000000, X'01B6FF2A09647D9411BB69D09E61688D39710B07AFB4AA4220E631F9B9868F1A3611FC0EB6F8008A99F36880BC8724106FC5B93509ECBC79805DC7AC0790622DF220C9D3F339B8939D381D05ACAD8F0A881C14E33E812E18DB353D2EAF74C838130EB6C0FCB080537CE9B2DB6E553B39DABF3A3AB9643B', 1772442000000000);
INSERT INTO requests (tenant_id, key_hash, fingerprint, state, token, lease_until, answer, created_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 'c68a0e8dbde466ff1c231eef33623a63e9470ac394c27ab5b7fee03563cd3023', X'01B6FF2A0920BD8D597769327F4098947C23E7E487F386155B241D878378EA8F7CEC9DA04CBD66A2B8C6C28995A32FB7A7747D', 'answered', 'att_019cadc69a807041abaf703cc6fc8149', 1772442060000000, X'01B6FF2A09ABCBFD48189DAB5603C3975E143670E68051587D31F5404F9FF668E3C765D4184E7C31CDC64ABFB2A9FF22D414E3BDBA0982B7FD9F142442BE2121E887D2B31263663B54EE6AAB075A38AA37B8FDEC31925ABCD181FF6B63E1F8E0FC20762D17F458A43609A07C7B4668B9AE5916321A0841', 1772442000000000);
INSERT INTO seal_keys (tenant_id, seal_key, proof, first_used_at, retired_at) VALUES ('installation', 3070175753, X'01B6FF2A09AFDA4FCB38B0CEE1B627FC16BD6FABEE257E74DA9F8DF36CFA0667CAA6A04FCD83FA13B5', 1772442000000000, 0);
INSERT INTO seal_rotations (tenant_id, seal_key, place, place_after, resealed, found, unopened, missing, missing_key, last_unopened, last_missing, started_at, finished_at) VALUES ('ten_019cadc69a80700188c12758794cd519', 3070175753, '', '', 0, 0, 0, 0, 0, 0, 0, 1772442000000000, 0);
INSERT INTO staged (tenant_id, calendar_id, listing_id, event_id, etag, status, starts_at, ends_at, all_day, free, kind, series_id, original_at, unexpanded, content, meeting) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'lst_019cadc69e68700294fd0e6bfcc61fb8', 'e2', '1', 'confirmed', 1772449200000000, 1772452800000000, 0, 0, '', '', 0, '', X'01B6FF2A0902281A62E62B26FB58D34A6685ABE7F12F76D569554F9EB2B7807DC6B1836237260FE66EF77E1CD87B1633D11072D30FE57A52ED2370B8BD14599A69FD611ED9839F7ADB0CDDDC726DA3E8A0801F642D48E89E0E5AECCFB2AAC9D9C60DF03D64339A6744379C0D9D78EFBC3F6679B3D4C3D698BE7F759CC5D8E96B18298B25C1CF215F7139959A679128BF1C83F5419AB01BBE11077EF5BA85BCA01866293A', '');
INSERT INTO staged (tenant_id, calendar_id, listing_id, event_id, etag, status, starts_at, ends_at, all_day, free, kind, series_id, original_at, unexpanded, content, meeting) VALUES ('ten_019cadc69a80700188c12758794cd519', 'cal_019cadc69a807008864863c5d15c2a63', 'lst_019cadc69e68700294fd0e6bfcc61fb8', 'e3', '1', 'confirmed', 1772452800000000, 1772456400000000, 0, 0, '', '', 0, '', X'01B6FF2A09E626E8A066B6A2C625837AAFF6689F8C54962C2A891A2B9AAEB9F2590CEC16DF875A0A6DCFD2A91B574AB5FBD3E5A1C8532FB653A0D5B6E314E56938940B65DF7334E99A977BF794AEC201BDD619EA26B12ABDFBFD1CE7BD941412E9723D225C835D4B15F8BE61CD8C294CCA277D95961E4D2CB26BFC5C12A20BA6710098B7267CAEDC55297646044EEBDBBFB67DE148BFB6E0B82BF68FE2CFAFDF8EF974B7', '');
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
