-- name: CalendarsOfConnection :many
SELECT * FROM calendars WHERE tenant_id = @tenant_id AND connection_id = @connection_id ORDER BY calendar_id;

-- name: InsertCalendar :exec
INSERT INTO calendars (tenant_id, calendar_id, connection_id, remote_id, name, zone, is_primary, writable, targeted, sync, missed, vanished_at,
    created_at, updated_at)
VALUES (@tenant_id, @calendar_id, @connection_id, @remote_id, @name, @zone, @is_primary, @writable, FALSE, 'off', 0, 0, @now, @now);

-- name: ListedCalendar :exec
UPDATE calendars SET name = @name, zone = @zone, is_primary = @is_primary, writable = @writable, missed = 0, vanished_at = 0, updated_at = @now
WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: MissedCalendar :exec
UPDATE calendars SET missed = missed + 1, vanished_at = @vanished_at WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: CalendarByID :one
SELECT * FROM calendars WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: CalendarsAfter :many
SELECT sqlc.embed(calendars), connections.provider, connections.state FROM calendars
JOIN connections ON connections.tenant_id = calendars.tenant_id AND connections.connection_id = calendars.connection_id
WHERE calendars.tenant_id = @tenant_id AND calendars.calendar_id > @after AND calendars.vanished_at = 0
ORDER BY calendars.calendar_id LIMIT @max_rows;

-- name: TargetCalendar :execrows
UPDATE calendars SET targeted = TRUE, updated_at = @now WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id AND targeted = FALSE;
