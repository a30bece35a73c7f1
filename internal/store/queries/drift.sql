-- name: LinksAudited :many
SELECT l.link_id, l.booking_id, l.calendar_id, l.state, l.updated_at,
    CAST(COALESCE(c.connection_id, '') AS TEXT) AS connection_id, CAST(COALESCE(o.provider, '') AS TEXT) AS provider,
    CAST(COALESCE(w.state, '') AS TEXT) AS work_state, CAST(COALESCE(w.held_for, '') AS TEXT) AS held_for,
    CAST(COALESCE(w.not_before, 0) AS BIGINT) AS not_before, CAST(COALESCE(w.last_error, '') AS TEXT) AS last_error
FROM links l
LEFT JOIN calendars c ON c.tenant_id = l.tenant_id AND c.calendar_id = l.calendar_id
LEFT JOIN connections o ON o.tenant_id = c.tenant_id AND o.connection_id = c.connection_id
LEFT JOIN work w ON w.tenant_id = l.tenant_id AND w.kind = 'link:push' AND w.subject = l.link_id AND w.wanted > w.done
WHERE l.tenant_id = @tenant_id AND l.link_id > @after
AND (CAST(@of_connection AS TEXT) = '' OR c.connection_id = @of_connection)
AND (CAST(@of_calendar AS TEXT) = '' OR l.calendar_id = @of_calendar)
AND (CAST(@of_booking AS TEXT) = '' OR l.booking_id = @of_booking)
ORDER BY l.link_id LIMIT @max_rows;

-- name: CalendarLinksAudited :many
-- What LinksAudited says of one calendar, by its index.
SELECT l.link_id, l.booking_id, l.calendar_id, l.state, l.updated_at,
    CAST(COALESCE(w.state, '') AS TEXT) AS work_state, CAST(COALESCE(w.held_for, '') AS TEXT) AS held_for,
    CAST(COALESCE(w.not_before, 0) AS BIGINT) AS not_before, CAST(COALESCE(w.last_error, '') AS TEXT) AS last_error
FROM links l
LEFT JOIN work w ON w.tenant_id = l.tenant_id AND w.kind = 'link:push' AND w.subject = l.link_id AND w.wanted > w.done
WHERE l.tenant_id = @tenant_id AND l.calendar_id = @calendar_id AND l.link_id > @after
ORDER BY l.link_id LIMIT @max_rows;

-- name: DriftAudit :one
SELECT * FROM drift_audits WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: PutDriftAudit :exec
INSERT INTO drift_audits (tenant_id, calendar_id, after_link, links, drifted, unreachable, started_at, finished_at)
VALUES (@tenant_id, @calendar_id, @after_link, @links, @drifted, @unreachable, @started_at, @finished_at)
ON CONFLICT (tenant_id, calendar_id) DO UPDATE SET after_link = excluded.after_link, links = excluded.links, drifted = excluded.drifted,
    unreachable = excluded.unreachable, started_at = excluded.started_at, finished_at = excluded.finished_at;

-- name: SeeDrift :execrows
UPDATE drifts SET would = @would, fields = @fields, person = @person, reason = @reason, seen_at = @now
WHERE tenant_id = @tenant_id AND link_id = @link_id;

-- name: BeginDrift :exec
INSERT INTO drifts (tenant_id, link_id, booking_id, calendar_id, would, fields, person, reason, found_at, seen_at)
VALUES (@tenant_id, @link_id, @booking_id, @calendar_id, @would, @fields, @person, @reason, @now, @now);

-- name: EndDrift :execrows
DELETE FROM drifts WHERE tenant_id = @tenant_id AND link_id = @link_id;

-- name: Drifts :many
SELECT * FROM drifts WHERE tenant_id = @tenant_id AND link_id > @after
AND (CAST(@of_booking AS TEXT) = '' OR booking_id = @of_booking) AND (CAST(@of_calendar AS TEXT) = '' OR calendar_id = @of_calendar)
ORDER BY link_id LIMIT @max_rows;
