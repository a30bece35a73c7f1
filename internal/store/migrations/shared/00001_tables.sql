-- +goose Up
-- Times are unix microseconds in UTC, 0 for "none". Columns of type BYTEA are sealed. Every key is led by the tenant.

CREATE TABLE tenants (
    tenant_id  TEXT NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- What has to be found before a tenant is known: the hash of a credential or identifier, and whose it is. An account may be several connections'.
CREATE TABLE directory (
    kind      TEXT NOT NULL,
    hash      TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    subject   TEXT NOT NULL,
    PRIMARY KEY (kind, hash, tenant_id, subject)
);
CREATE UNIQUE INDEX directory_sole ON directory (kind, hash) WHERE kind <> 'account';
CREATE INDEX directory_subject ON directory (tenant_id, kind, subject);

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

-- Clients that a tenant has registered with a provider. A connection whose app_id is none of these uses the installation's own.
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

CREATE INDEX connections_app ON connections (tenant_id, app_id);

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

-- Until when a provider wants to be left alone: by a connection, or by an application. About an application of the installation's own the row is
-- nobody's, as in seal_keys.
CREATE TABLE penalties (
    tenant_id TEXT NOT NULL,
    bucket    TEXT NOT NULL, -- mailbox/<connection>, application/<application>
    until     BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, bucket)
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

CREATE INDEX calendars_connection ON calendars (tenant_id, connection_id);

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

-- At most one listing of a calendar is under way; its pages are staged until it is published or discarded.
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

-- The mirror: what the last published listings and read-backs said. It decides nothing; it says where to look.
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
CREATE INDEX events_meeting ON events (tenant_id, meeting, calendar_id, event_id) WHERE meeting <> '';

CREATE INDEX events_time ON events (tenant_id, calendar_id, ends_at);
CREATE INDEX events_series ON events (tenant_id, calendar_id, series_id, original_at);

-- When the series of a listing take place, beside its staged rows.
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

-- When the series of the mirror take place, as their rules say. An event with the same series and place, even a cancelled one, stands for the
-- occurrence instead.
CREATE TABLE occurrences (
    tenant_id   TEXT NOT NULL,
    calendar_id TEXT NOT NULL,
    series_id   TEXT NOT NULL,
    original_at BIGINT NOT NULL,
    starts_at   BIGINT NOT NULL,
    ends_at     BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, calendar_id, series_id, original_at)
);

CREATE INDEX occurrences_time ON occurrences (tenant_id, calendar_id, ends_at);

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
CREATE INDEX bookings_start ON bookings (tenant_id, starts_at, booking_id);
CREATE INDEX bookings_last ON bookings (tenant_id, last_at, booking_id);
CREATE INDEX bookings_changed ON bookings (tenant_id, updated_at, booking_id);
CREATE INDEX bookings_state ON bookings (tenant_id, cancelled, booking_id);

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
CREATE INDEX links_event ON links (tenant_id, calendar_id, event_id);
CREATE INDEX links_calendar ON links (tenant_id, calendar_id, booking_id) WHERE target;
CREATE INDEX links_audit ON links (tenant_id, calendar_id, link_id);
CREATE INDEX links_diverged ON links (tenant_id, booking_id) WHERE target AND (state = 'diverged' OR length(observed) > 0);

-- The hashes of every version that was sent, and of what the provider made of it.
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

-- Deletions that were found at a provider, as far as the guard has counted them: one for each event that a link has had.
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
CREATE INDEX deletions_calendar ON deletions (tenant_id, calendar_id, direction, verdict, seen_at);
CREATE INDEX deletions_guard ON deletions (tenant_id, guard_id, link_id);

-- The guard's holds: deletions of one calendar that wait for an operator together.
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
CREATE INDEX guards_state ON guards (tenant_id, state, guard_id);
CREATE UNIQUE INDEX guards_open ON guards (tenant_id, calendar_id, direction) WHERE state = 'open';

-- What is counted of a calendar, and since when: the row that everybody who counts locks.
CREATE TABLE guard_tallies (
    tenant_id   TEXT NOT NULL,
    calendar_id TEXT NOT NULL,
    direction   TEXT NOT NULL,
    guard_id    TEXT NOT NULL, -- the hold that is open; empty for none
    since       BIGINT NOT NULL, -- of the last approval
    PRIMARY KEY (tenant_id, calendar_id, direction),
    FOREIGN KEY (tenant_id, calendar_id) REFERENCES calendars (tenant_id, calendar_id) ON DELETE CASCADE
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
CREATE INDEX channels_calendar ON channels (tenant_id, calendar_id);

CREATE TABLE notifications (
    tenant_id       TEXT NOT NULL,
    notification_id TEXT NOT NULL,
    channel_id      TEXT NOT NULL,
    kind            TEXT NOT NULL,
    traceparent     TEXT NOT NULL,
    received_at     BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, notification_id)
);
CREATE INDEX notifications_age ON notifications (tenant_id, received_at);

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
CREATE INDEX messages_unplaced ON messages (tenant_id, message_id) WHERE position IS NULL;

CREATE TABLE feeds (
    tenant_id TEXT NOT NULL PRIMARY KEY,
    position  BIGINT NOT NULL -- of the last message placed
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
CREATE INDEX deliveries_age ON deliveries (tenant_id, state, updated_at);
CREATE INDEX deliveries_endpoint ON deliveries (tenant_id, endpoint_id, state, updated_at);

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

-- Submissions through the queue that were refused: the dead letters of the intake.
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

-- Requests that came with an idempotency key, so that none is carried out twice.
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
CREATE INDEX requests_created ON requests (tenant_id, created_at);

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
CREATE INDEX audit_booking ON audit (tenant_id, booking_id, audit_id);

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
CREATE INDEX work_due ON work (not_before) WHERE state = 'ready' AND wanted > done;
CREATE INDEX work_stopped ON work (tenant_id, state) WHERE state <> 'ready';
CREATE INDEX work_connection ON work (tenant_id, connection_id);

-- How far the drift audit of a calendar has come, and what its last whole one found.
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

-- Links that an audit has found in disagreement with their events, and that no later one has found in agreement.
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

-- The keys that values were sealed with. They are nobody's: the rows belong to the tenant "installation", which there is not.
CREATE TABLE seal_keys (
    tenant_id     TEXT NOT NULL,
    seal_key      BIGINT NOT NULL, -- the key's id
    proof         BYTEA NOT NULL, -- sealed with the key: whoever opens it has that key and no other of the same id
    first_used_at BIGINT NOT NULL,
    retired_at    BIGINT NOT NULL, -- since when it may be missing
    PRIMARY KEY (tenant_id, seal_key)
);

-- How far a tenant's values were sealed anew.
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

-- +goose Down
DROP TABLE drifts;
DROP TABLE drift_audits;
DROP TABLE seal_rotations;
DROP TABLE seal_keys;
DROP TABLE work;
DROP TABLE audit;
DROP TABLE requests;
DROP TABLE rejections;
DROP TABLE attempts;
DROP TABLE deliveries;
DROP TABLE feeds;
DROP TABLE messages;
DROP TABLE endpoints;
DROP TABLE notifications;
DROP TABLE channels;
DROP TABLE guard_tallies;
DROP TABLE guards;
DROP TABLE deletions;
DROP TABLE link_writes;
DROP TABLE links;
DROP TABLE booking_versions;
DROP TABLE bookings;
DROP TABLE occurrences;
DROP TABLE staged_occurrences;
DROP TABLE events;
DROP TABLE staged;
DROP TABLE listings;
DROP TABLE cursors;
DROP TABLE calendars;
DROP TABLE penalties;
DROP TABLE oauth_flows;
DROP TABLE grants;
DROP TABLE applications;
DROP TABLE connections;
DROP TABLE keys;
DROP TABLE directory;
DROP TABLE tenants;
