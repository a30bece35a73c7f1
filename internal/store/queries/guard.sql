-- name: LockTally :one
-- Whoever counts the deletions of a calendar, or decides about them, waits here for whoever does so now.
INSERT INTO guard_tallies (tenant_id, calendar_id, direction, guard_id, since) VALUES (@tenant_id, @calendar_id, @direction, '', 0)
ON CONFLICT (tenant_id, calendar_id, direction) DO UPDATE SET guard_id = guard_tallies.guard_id
RETURNING guard_id, since;

-- name: SetTally :exec
UPDATE guard_tallies SET guard_id = @guard_id, since = @since
WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id AND direction = @direction;

-- name: CountDeletions :one
SELECT COUNT(*) FROM deletions
WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id AND direction = @direction AND verdict = 'let' AND seen_at > @since;

-- name: BookedLinks :many
-- No more than it takes to tell: a calendar may hold any number.
SELECT l.link_id FROM links l JOIN bookings b ON b.tenant_id = l.tenant_id AND b.booking_id = l.booking_id
WHERE l.tenant_id = @tenant_id AND l.calendar_id = @calendar_id AND l.target AND l.event_id <> '' AND NOT b.cancelled LIMIT @max_rows;

-- name: DeletionOfLink :one
SELECT verdict, guard_id, generation FROM deletions WHERE tenant_id = @tenant_id AND link_id = @link_id AND generation = @generation AND direction = @direction;

-- name: PutDeletion :execrows
-- One that was over may begin anew; all others stay as they are.
INSERT INTO deletions (tenant_id, link_id, generation, direction, calendar_id, booking_id, guard_id, verdict, seen_at)
VALUES (@tenant_id, @link_id, @generation, @direction, @calendar_id, @booking_id, @guard_id, @verdict, @seen_at)
ON CONFLICT (tenant_id, link_id, generation, direction) DO UPDATE SET guard_id = excluded.guard_id, verdict = excluded.verdict,
    seen_at = excluded.seen_at
    WHERE deletions.verdict = 'over';

-- name: MoveDeletion :execrows
UPDATE deletions SET verdict = @verdict
WHERE tenant_id = @tenant_id AND link_id = @link_id AND generation = @generation AND direction = @direction AND verdict = @was;

-- name: DecideDeletions :many
UPDATE deletions SET verdict = @verdict WHERE tenant_id = @tenant_id AND guard_id = @guard_id AND verdict = 'held'
RETURNING link_id, booking_id;

-- name: HeldDeletion :one
SELECT calendar_id, guard_id, generation, direction FROM deletions WHERE tenant_id = @tenant_id AND link_id = @link_id AND verdict = 'held'
ORDER BY generation DESC, direction LIMIT 1;

-- name: DoubtedDeletions :many
-- Held though the mirror shows the event: a run has missed it, and no listing has. Those that were looked at longest ago come first.
SELECT d.link_id FROM deletions d
JOIN links l ON l.tenant_id = d.tenant_id AND l.link_id = d.link_id AND l.generation = d.generation
JOIN events e ON e.tenant_id = l.tenant_id AND e.calendar_id = l.calendar_id AND e.event_id = l.event_id
WHERE d.tenant_id = @tenant_id AND d.calendar_id = @calendar_id AND d.direction = 'inbound' AND d.verdict = 'held'
AND e.status <> 'cancelled' AND e.missing = 0
ORDER BY l.updated_at, d.link_id LIMIT @max_rows;

-- name: InsertGuard :exec
INSERT INTO guards (tenant_id, guard_id, calendar_id, direction, state, reason, events, told, revision, opened_at, updated_at, decided_by)
VALUES (@tenant_id, @guard_id, @calendar_id, @direction, 'open', @reason, @events, @events, 1, @now, @now, '');

-- name: ChangeGuard :one
UPDATE guards SET events = events + @events, revision = revision + 1, updated_at = @now
WHERE tenant_id = @tenant_id AND guard_id = @guard_id AND state = 'open'
RETURNING events;

-- name: TellGuard :execrows
-- Succeeds where the hold has become so much larger that it has to be told again.
UPDATE guards SET told = events WHERE tenant_id = @tenant_id AND guard_id = @guard_id AND events >= 2 * told AND events >= told + 5;

-- name: DecideGuard :one
UPDATE guards SET state = @state, decided_by = @decided_by, revision = revision + 1, updated_at = @now
WHERE tenant_id = @tenant_id AND guard_id = @guard_id AND state = 'open' AND (CAST(@seen AS BIGINT) = 0 OR revision = @seen)
RETURNING events;

-- name: GuardByID :one
SELECT sqlc.embed(guards), CAST(COALESCE(calendars.connection_id, '') AS TEXT) AS connection_id,
    CAST(COALESCE(connections.provider, '') AS TEXT) AS provider
FROM guards
LEFT JOIN calendars ON calendars.tenant_id = guards.tenant_id AND calendars.calendar_id = guards.calendar_id
LEFT JOIN connections ON connections.tenant_id = calendars.tenant_id AND connections.connection_id = calendars.connection_id
WHERE guards.tenant_id = @tenant_id AND guards.guard_id = @guard_id;

-- name: GuardsAfter :many
SELECT sqlc.embed(guards), CAST(COALESCE(calendars.connection_id, '') AS TEXT) AS connection_id,
    CAST(COALESCE(connections.provider, '') AS TEXT) AS provider
FROM guards
LEFT JOIN calendars ON calendars.tenant_id = guards.tenant_id AND calendars.calendar_id = guards.calendar_id
LEFT JOIN connections ON connections.tenant_id = calendars.tenant_id AND connections.connection_id = calendars.connection_id
WHERE guards.tenant_id = @tenant_id AND guards.guard_id > @after AND guards.state = @of_state
AND (CAST(@of_calendar AS TEXT) = '' OR guards.calendar_id = @of_calendar)
ORDER BY guards.guard_id LIMIT @max_rows;

-- name: DeletionsOfGuard :many
SELECT link_id, booking_id, generation, verdict, seen_at FROM deletions
WHERE tenant_id = @tenant_id AND guard_id = @guard_id AND link_id > @after ORDER BY link_id LIMIT @max_rows;

-- name: PruneDeletions :execrows
-- What was decided about is kept until its link has followed.
DELETE FROM deletions WHERE tenant_id = @tenant_id AND seen_at < @before AND verdict IN ('let', 'over', 'done');

-- name: PruneGuards :execrows
DELETE FROM guards WHERE tenant_id = @tenant_id AND state <> 'open' AND updated_at < @before;
