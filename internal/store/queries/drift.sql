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
