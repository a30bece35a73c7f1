-- name: CalendarsOfConnection :many
SELECT * FROM calendars WHERE tenant_id = @tenant_id AND connection_id = @connection_id ORDER BY calendar_id;

-- name: InsertCalendar :exec
INSERT INTO calendars (tenant_id, calendar_id, connection_id, remote_id, name, zone, is_primary, writable, targeted, sync, writable_target, missed,
    vanished_at, created_at, updated_at)
VALUES (@tenant_id, @calendar_id, @connection_id, @remote_id, @name, @zone, @is_primary, @writable, FALSE, 'off', TRUE, 0,
    0, @now, @now);

-- name: ListedCalendar :exec
UPDATE calendars SET name = @name, zone = @zone, is_primary = @is_primary, writable = @writable, missed = 0, vanished_at = 0, updated_at = @now
WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: MissedCalendar :exec
UPDATE calendars SET missed = missed + 1, vanished_at = @vanished_at WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: CalendarByID :one
SELECT sqlc.embed(calendars), sqlc.embed(connections), CAST(COALESCE(penalties.until, 0) AS BIGINT) AS penalty FROM calendars
JOIN connections ON connections.tenant_id = calendars.tenant_id AND connections.connection_id = calendars.connection_id
LEFT JOIN penalties ON penalties.tenant_id = connections.tenant_id AND penalties.bucket = 'mailbox/' || connections.connection_id
WHERE calendars.tenant_id = @tenant_id AND calendars.calendar_id = @calendar_id;

-- name: CalendarsAfter :many
SELECT sqlc.embed(calendars), connections.provider, connections.state FROM calendars
JOIN connections ON connections.tenant_id = calendars.tenant_id AND connections.connection_id = calendars.connection_id
WHERE calendars.tenant_id = @tenant_id AND calendars.calendar_id > @after AND calendars.vanished_at = 0
AND (CAST(@of_connection AS TEXT) = '' OR calendars.connection_id = CAST(@of_connection AS TEXT))
AND (CAST(@of_provider AS TEXT) = '' OR connections.provider = CAST(@of_provider AS TEXT))
AND (CAST(@writable AS TEXT) = '' OR CASE WHEN calendars.writable THEN 'true' ELSE 'false' END = CAST(@writable AS TEXT))
AND (CAST(@level AS TEXT) = '' OR CASE WHEN calendars.sync = 'off' AND calendars.targeted THEN 'busy' ELSE calendars.sync END = CAST(@level AS TEXT))
ORDER BY calendars.calendar_id LIMIT @max_rows;

-- name: TargetCalendar :execrows
UPDATE calendars SET targeted = TRUE, updated_at = @now WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id AND targeted = FALSE;

-- name: LockCalendar :exec
UPDATE calendars SET updated_at = updated_at WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: ChooseCalendar :exec
UPDATE calendars SET sync = @sync, targeted = @targeted, writable_target = @writable_target, updated_at = @now
WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: LiveLinks :one
-- A link is over once its event is gone and its booking does not want it back.
SELECT COUNT(*) FROM links l JOIN bookings b ON b.tenant_id = l.tenant_id AND b.booking_id = l.booking_id
WHERE l.tenant_id = @tenant_id AND l.calendar_id = @calendar_id AND ((l.target AND NOT b.cancelled) OR l.state <> 'removed');
