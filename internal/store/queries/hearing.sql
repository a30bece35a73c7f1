-- How changes of a calendar are heard of: pushes, polls and listings.

-- name: HearingOfCalendar :one
SELECT CAST(COALESCE(u.began_at, 0) AS BIGINT) AS began_at, CAST(COALESCE(u.missed_at, 0) AS BIGINT) AS missed_at,
    CAST(COALESCE(u.poll_interval, 0) AS BIGINT) AS poll_interval,
    CAST(COALESCE(MAX(h.pushed_at), 0) AS BIGINT) AS pushed_at,
    CAST(COALESCE(MIN(CASE WHEN h.state IN ('open', 'expiring') AND h.expires_at > CAST(@now AS BIGINT) THEN h.opened_at END), 0) AS BIGINT) AS open_since,
    CAST(COALESCE(MAX(CASE WHEN h.state IN ('open', 'expiring') AND h.expires_at > @now THEN h.expires_at END), 0) AS BIGINT) AS open_until
FROM calendars c
LEFT JOIN cursors u ON u.tenant_id = c.tenant_id AND u.calendar_id = c.calendar_id
LEFT JOIN channels h ON h.tenant_id = c.tenant_id AND h.calendar_id = c.calendar_id
WHERE c.tenant_id = @tenant_id AND c.calendar_id = @calendar_id
GROUP BY u.began_at, u.missed_at, u.poll_interval;

-- name: StagedNews :one
-- What a listing is about to publish that the mirror does not show yet. What calweave has written itself stands in the mirror already.
SELECT COUNT(*) FROM staged s
LEFT JOIN events e ON e.tenant_id = s.tenant_id AND e.calendar_id = s.calendar_id AND e.event_id = s.event_id
WHERE s.tenant_id = @tenant_id AND s.calendar_id = @calendar_id AND s.listing_id = @listing_id
AND CASE WHEN s.status = 'cancelled' THEN e.status <> 'cancelled' ELSE e.event_id IS NULL OR e.etag <> s.etag END;

-- name: SavePolling :exec
UPDATE cursors SET missed_at = @missed_at, poll_interval = @poll_interval WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: HastenWork :exec
-- A schedule comes earlier than it was set to, and never later.
UPDATE work SET not_before = @not_before
WHERE tenant_id = @tenant_id AND kind = @kind AND subject = @subject AND state = 'ready' AND wanted > done AND not_before > @not_before;

-- name: FollowingsOf :many
SELECT c.calendar_id,
    CAST(COALESCE(u.began_at, 0) AS BIGINT) AS began_at, CAST(COALESCE(u.missed_at, 0) AS BIGINT) AS missed_at,
    CAST(COALESCE(u.poll_interval, 0) AS BIGINT) AS poll_interval, CAST(COALESCE(u.synced_at, 0) AS BIGINT) AS synced_at,
    CAST(COALESCE(u.window_from, 0) AS BIGINT) AS window_from, CAST(COALESCE(u.window_until, 0) AS BIGINT) AS window_until,
    CAST(COALESCE(u.withheld, 0) AS BIGINT) AS withheld,
    CAST(COALESCE(l.kind, '') AS TEXT) AS listing_kind, CAST(COALESCE(l.pages, 0) AS BIGINT) AS listing_pages,
    CAST(COALESCE(l.events, 0) AS BIGINT) AS listing_events, CAST(COALESCE(l.started_at, 0) AS BIGINT) AS listing_started_at,
    CAST(COALESCE(l.window_from, 0) AS BIGINT) AS listing_from, CAST(COALESCE(l.window_until, 0) AS BIGINT) AS listing_until,
    CAST(COALESCE(CASE WHEN k.wanted > k.done THEN k.last_error END, '') AS TEXT) AS trouble,
    CAST(COALESCE(CASE WHEN k.wanted > k.done AND k.state = 'ready' THEN k.not_before END, 0) AS BIGINT) AS retry_at,
    CAST(COALESCE(CASE WHEN k.wanted > k.done THEN 1 END, 0) AS BIGINT) AS keeping,
    CAST(COALESCE(CASE WHEN p.wanted > p.done AND p.state = 'ready' THEN p.not_before END, 0) AS BIGINT) AS next_poll,
    CAST(COALESCE(h.pushed_at, 0) AS BIGINT) AS pushed_at, CAST(COALESCE(h.pushes, 0) AS BIGINT) AS pushes,
    CAST(COALESCE(h.open_since, 0) AS BIGINT) AS open_since, CAST(COALESCE(h.open_until, 0) AS BIGINT) AS open_until
FROM calendars c
LEFT JOIN cursors u ON u.tenant_id = c.tenant_id AND u.calendar_id = c.calendar_id
LEFT JOIN listings l ON l.tenant_id = c.tenant_id AND l.calendar_id = c.calendar_id
LEFT JOIN work k ON k.tenant_id = c.tenant_id AND k.kind = 'calendar:watch' AND k.subject = c.calendar_id
LEFT JOIN work p ON p.tenant_id = c.tenant_id AND p.kind = 'calendar:poll' AND p.subject = c.calendar_id
LEFT JOIN (
    SELECT tenant_id, calendar_id, MAX(pushed_at) AS pushed_at, SUM(CASE WHEN state IN ('open', 'expiring') THEN pushes ELSE 0 END) AS pushes,
        MIN(CASE WHEN state IN ('open', 'expiring') AND expires_at > CAST(@now AS BIGINT) THEN opened_at END) AS open_since,
        MAX(CASE WHEN state IN ('open', 'expiring') AND expires_at > @now THEN expires_at END) AS open_until
    FROM channels WHERE channels.tenant_id = @tenant_id AND channels.calendar_id IN (SELECT key FROM json_each(@calendars)) GROUP BY tenant_id, calendar_id
) h ON h.tenant_id = c.tenant_id AND h.calendar_id = c.calendar_id
WHERE c.tenant_id = @tenant_id AND c.calendar_id IN (SELECT key FROM json_each(@calendars));
