-- One list of bookings, by whatever index serves its filters best. What is empty means any; windows are half-open, and always given.

-- name: BookingsAfter :many
SELECT * FROM bookings b WHERE b.tenant_id = @tenant_id AND b.booking_id > @after_id
AND (CAST(@of_diverged AS TEXT) = '' OR NOT EXISTS (SELECT 1 FROM links l WHERE l.tenant_id = @tenant_id AND l.booking_id = b.booking_id
    AND l.target AND (l.state = 'diverged' OR length(l.observed) > 0)))
ORDER BY b.booking_id LIMIT @max_rows;

-- name: BookingsOfState :many
SELECT * FROM bookings b WHERE b.tenant_id = @tenant_id AND b.cancelled = @cancelled AND b.booking_id > @after_id
AND (CAST(@of_diverged AS TEXT) = '' OR NOT EXISTS (SELECT 1 FROM links l WHERE l.tenant_id = @tenant_id AND l.booking_id = b.booking_id
    AND l.target AND (l.state = 'diverged' OR length(l.observed) > 0)))
ORDER BY b.booking_id LIMIT @max_rows;

-- name: BookingsDiverged :many
SELECT * FROM bookings b WHERE b.tenant_id = @tenant_id AND b.booking_id > @after_id
AND b.booking_id IN (SELECT l.booking_id FROM links l WHERE l.tenant_id = @tenant_id AND l.booking_id > @after_id AND l.target
    AND (l.state = 'diverged' OR length(l.observed) > 0))
AND (CAST(@of_state AS TEXT) = '' OR b.cancelled = (CAST(@of_state AS TEXT) = 'cancelled'))
AND (CAST(@of_calendar AS TEXT) = '' OR EXISTS (SELECT 1 FROM links o WHERE o.tenant_id = @tenant_id AND o.booking_id = b.booking_id
    AND o.calendar_id = @of_calendar AND o.target))
ORDER BY b.booking_id LIMIT @max_rows;

-- name: BookingsInCalendar :many
SELECT * FROM bookings b WHERE b.tenant_id = @tenant_id AND b.booking_id > @after_id
AND b.booking_id IN (SELECT l.booking_id FROM links l WHERE l.tenant_id = @tenant_id AND l.calendar_id = @calendar_id
    AND l.booking_id > @after_id AND l.target)
AND (CAST(@of_state AS TEXT) = '' OR b.cancelled = (CAST(@of_state AS TEXT) = 'cancelled'))
AND (CAST(@of_diverged AS TEXT) = '' OR NOT EXISTS (SELECT 1 FROM links o WHERE o.tenant_id = @tenant_id AND o.booking_id = b.booking_id
    AND o.target AND (o.state = 'diverged' OR length(o.observed) > 0)))
ORDER BY b.booking_id LIMIT @max_rows;

-- name: BookingsStarting :many
SELECT * FROM bookings b WHERE b.tenant_id = @tenant_id AND b.starts_at >= @starts_from AND b.starts_at < @starts_before
AND (b.starts_at > @after_at OR (b.starts_at = @after_at AND b.booking_id > @after_id))
AND (CAST(@of_state AS TEXT) = '' OR b.cancelled = (CAST(@of_state AS TEXT) = 'cancelled'))
AND (CAST(@of_calendar AS TEXT) = '' OR EXISTS (SELECT 1 FROM links o WHERE o.tenant_id = @tenant_id AND o.booking_id = b.booking_id
    AND o.calendar_id = @of_calendar AND o.target))
AND (CAST(@of_diverged AS TEXT) = '' OR CAST(@of_diverged AS TEXT) = CASE WHEN EXISTS (SELECT 1 FROM links l WHERE l.tenant_id = @tenant_id
    AND l.booking_id = b.booking_id AND l.target AND (l.state = 'diverged' OR length(l.observed) > 0)) THEN 'true' ELSE 'false' END)
ORDER BY b.starts_at, b.booking_id LIMIT @max_rows;

-- name: BookingsChanged :many
SELECT * FROM bookings b WHERE b.tenant_id = @tenant_id AND b.updated_at >= @changed_since
AND (b.updated_at > @after_at OR (b.updated_at = @after_at AND b.booking_id > @after_id))
AND b.starts_at >= @starts_from AND b.starts_at < @starts_before
AND (CAST(@of_state AS TEXT) = '' OR b.cancelled = (CAST(@of_state AS TEXT) = 'cancelled'))
AND (CAST(@of_calendar AS TEXT) = '' OR EXISTS (SELECT 1 FROM links o WHERE o.tenant_id = @tenant_id AND o.booking_id = b.booking_id
    AND o.calendar_id = @of_calendar AND o.target))
AND (CAST(@of_diverged AS TEXT) = '' OR CAST(@of_diverged AS TEXT) = CASE WHEN EXISTS (SELECT 1 FROM links l WHERE l.tenant_id = @tenant_id
    AND l.booking_id = b.booking_id AND l.target AND (l.state = 'diverged' OR length(l.observed) > 0)) THEN 'true' ELSE 'false' END)
ORDER BY b.updated_at, b.booking_id LIMIT @max_rows;
