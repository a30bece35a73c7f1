-- name: CursorByCalendar :one
SELECT * FROM cursors WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: PutCursor :exec
INSERT INTO cursors (tenant_id, calendar_id, token, scope, window_from, window_until, synced_at, spacing, recheck, withheld,
    began_at, missed_at, poll_interval)
VALUES (@tenant_id, @calendar_id, @token, @scope, @window_from, @window_until, @synced_at, @spacing, @recheck, @withheld,
    @began_at, 0, 0)
ON CONFLICT (tenant_id, calendar_id) DO UPDATE SET token = excluded.token, scope = excluded.scope, window_from = excluded.window_from,
    window_until = excluded.window_until, synced_at = excluded.synced_at, spacing = excluded.spacing, recheck = excluded.recheck,
    withheld = excluded.withheld, began_at = excluded.began_at;

-- name: DropCursor :exec
UPDATE cursors SET scope = '' WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: ListingByCalendar :one
SELECT * FROM listings WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: InsertListing :exec
INSERT INTO listings (tenant_id, calendar_id, listing_id, kind, page, pages, events, withheld, window_from, window_until, started_at)
VALUES (@tenant_id, @calendar_id, @listing_id, @kind, @page, 0, 0, 0, @window_from, @window_until, @started_at);

-- name: TurnPage :execrows
UPDATE listings SET page = @page, pages = pages + 1, withheld = withheld + @withheld, events = events + @events
WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id AND listing_id = @listing_id AND pages = @pages;

-- name: DeleteListing :exec
DELETE FROM listings WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: StageEvent :exec
INSERT INTO staged (tenant_id, calendar_id, listing_id, event_id, etag, status, starts_at, ends_at, content)
VALUES (@tenant_id, @calendar_id, @listing_id, @event_id, @etag, @status, @starts_at, @ends_at, @content)
ON CONFLICT (tenant_id, calendar_id, listing_id, event_id) DO UPDATE SET etag = excluded.etag, status = excluded.status,
    starts_at = excluded.starts_at, ends_at = excluded.ends_at, content = excluded.content;

-- name: DeleteStaged :exec
DELETE FROM staged WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: PublishStaged :exec
INSERT INTO events (tenant_id, calendar_id, event_id, etag, status, starts_at, ends_at, content, missing, updated_at)
SELECT s.tenant_id, s.calendar_id, s.event_id, s.etag, s.status, s.starts_at, s.ends_at, s.content, 0, CAST(@now AS BIGINT)
FROM staged s WHERE s.tenant_id = @tenant_id AND s.calendar_id = @calendar_id AND s.listing_id = @listing_id
ON CONFLICT (tenant_id, calendar_id, event_id) DO UPDATE SET etag = excluded.etag, status = excluded.status, starts_at = excluded.starts_at,
    ends_at = excluded.ends_at, content = excluded.content, missing = 0, updated_at = excluded.updated_at;

-- name: MissEvents :execrows
UPDATE events SET missing = missing + 1, updated_at = @now
WHERE events.tenant_id = @tenant_id AND events.calendar_id = @calendar_id AND events.status <> 'cancelled'
AND events.starts_at >= @window_from AND events.ends_at > @window_from AND events.ends_at <= @window_until AND events.starts_at < @window_until
AND events.updated_at < @started_at
AND NOT EXISTS (SELECT 1 FROM staged s WHERE s.tenant_id = @tenant_id AND s.calendar_id = @calendar_id AND s.listing_id = @listing_id
    AND s.event_id = events.event_id);

-- name: RemoveMissed :execrows
UPDATE events SET status = 'cancelled', updated_at = @now
WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id AND missing >= 2 AND status <> 'cancelled';

-- name: TouchedLinks :many
SELECT l.link_id, CAST(CASE WHEN e.status = 'cancelled' OR e.missing > 0 THEN 1 ELSE 0 END AS BIGINT) AS vanished,
    CAST(CASE WHEN l.target AND NOT b.cancelled THEN 1 ELSE 0 END AS BIGINT) AS wanted,
    CAST(CASE WHEN w.state = 'dead' THEN 1 ELSE 0 END AS BIGINT) AS dead, l.booking_id, l.generation,
    CAST(COALESCE(d.verdict, '') AS TEXT) AS verdict
FROM links l
JOIN bookings b ON b.tenant_id = l.tenant_id AND b.booking_id = l.booking_id
JOIN events e ON e.tenant_id = l.tenant_id AND e.calendar_id = l.calendar_id AND e.event_id = l.event_id
LEFT JOIN work w ON w.tenant_id = l.tenant_id AND w.kind = 'link:push' AND w.subject = l.link_id
LEFT JOIN deletions d ON d.tenant_id = l.tenant_id AND d.link_id = l.link_id AND d.generation = l.generation AND d.direction = 'inbound'
WHERE l.tenant_id = @tenant_id AND l.calendar_id = @calendar_id AND e.updated_at = @now
AND (e.etag <> l.etag OR e.status = 'cancelled' OR e.missing > 0 OR d.verdict = 'held');

-- name: EventByID :one
SELECT * FROM events WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id AND event_id = @event_id;

-- name: EventsAfter :many
SELECT * FROM events WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id AND event_id > @after AND status <> 'cancelled'
ORDER BY event_id LIMIT @max_rows;

-- name: LockEvent :execrows
UPDATE events SET updated_at = updated_at WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id AND event_id = @event_id;

-- name: PutEvent :execrows
INSERT INTO events (tenant_id, calendar_id, event_id, etag, status, starts_at, ends_at, content, missing, updated_at)
VALUES (@tenant_id, @calendar_id, @event_id, @etag, @status, @starts_at, @ends_at, @content, 0, @now)
ON CONFLICT (tenant_id, calendar_id, event_id) DO UPDATE SET etag = excluded.etag, status = excluded.status, starts_at = excluded.starts_at,
    ends_at = excluded.ends_at, content = excluded.content, missing = 0, updated_at = excluded.updated_at
    WHERE CAST(@fresh AS BOOLEAN) OR events.etag = excluded.etag OR events.etag = @before_etag;

-- name: PruneEvents :execrows
DELETE FROM events WHERE tenant_id = @tenant_id AND status = 'cancelled' AND updated_at < @before;

-- name: BlankEvents :exec
UPDATE events SET content = @empty WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: ForgetEvents :exec
DELETE FROM events WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;
