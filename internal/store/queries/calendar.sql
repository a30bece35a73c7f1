-- name: UpsertCalendar :one
INSERT INTO calendars (tenant_id, calendar_id, connection_id, remote_id, remote_hash, name, zone, is_primary, writable, targeted, sync, vanished_at, created_at, updated_at)
VALUES (@tenant_id, @calendar_id, @connection_id, @empty, @remote_hash, @empty, @zone, @is_primary, @writable, FALSE, 'off', 0, @now, @now)
ON CONFLICT (tenant_id, connection_id, remote_hash) DO UPDATE SET zone = excluded.zone, is_primary = excluded.is_primary,
    writable = excluded.writable, vanished_at = 0, updated_at = excluded.updated_at
RETURNING calendar_id;

-- name: NameCalendar :exec
UPDATE calendars SET name = @name, remote_id = @remote_id WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: MissCalendars :execrows
UPDATE calendars SET vanished_at = @now
WHERE tenant_id = @tenant_id AND connection_id = @connection_id AND updated_at < @listed_at AND vanished_at = 0;

-- name: CalendarByID :one
SELECT * FROM calendars WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: CalendarsAfter :many
SELECT sqlc.embed(calendars), connections.provider, connections.state FROM calendars
JOIN connections ON connections.tenant_id = calendars.tenant_id AND connections.connection_id = calendars.connection_id
WHERE calendars.tenant_id = @tenant_id AND calendars.calendar_id > @after AND calendars.vanished_at = 0
ORDER BY calendars.calendar_id LIMIT @max_rows;

-- name: TargetCalendar :execrows
UPDATE calendars SET targeted = TRUE, updated_at = @now WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id AND targeted = FALSE;
