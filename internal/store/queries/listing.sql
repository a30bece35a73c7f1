-- name: CursorByCalendar :one
-- Beside it, whether the mirror has anything that depends on the time-zone data.
SELECT sqlc.embed(c), CAST(CASE WHEN EXISTS (SELECT 1 FROM occurrences o WHERE o.tenant_id = @tenant_id AND o.calendar_id = @calendar_id)
    OR EXISTS (SELECT 1 FROM events e WHERE e.tenant_id = @tenant_id AND e.calendar_id = @calendar_id AND e.unexpanded <> ''
        AND e.status <> 'cancelled') THEN 1 ELSE 0 END AS BIGINT) AS series
FROM cursors c WHERE c.tenant_id = @tenant_id AND c.calendar_id = @calendar_id;

-- name: PutCursor :exec
INSERT INTO cursors (tenant_id, calendar_id, token, scope, window_from, window_until, synced_at, spacing, recheck, withheld,
    began_at, missed_at, poll_interval, tzdata)
VALUES (@tenant_id, @calendar_id, @token, @scope, @window_from, @window_until, @synced_at, @spacing, @recheck, @withheld,
    @began_at, 0, 0, @tzdata)
ON CONFLICT (tenant_id, calendar_id) DO UPDATE SET token = excluded.token, scope = excluded.scope, window_from = excluded.window_from,
    window_until = excluded.window_until, synced_at = excluded.synced_at, spacing = excluded.spacing, recheck = excluded.recheck,
    withheld = excluded.withheld, began_at = excluded.began_at, tzdata = excluded.tzdata;

-- name: DropCursor :exec
UPDATE cursors SET scope = '' WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: ListingByCalendar :one
SELECT * FROM listings WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: InsertListing :exec
INSERT INTO listings (tenant_id, calendar_id, listing_id, kind, page, pages, events, withheld, window_from, window_until, started_at,
    tzdata)
VALUES (@tenant_id, @calendar_id, @listing_id, @kind, @page, 0, 0, 0, @window_from, @window_until, @started_at, @tzdata);

-- name: TurnPage :execrows
UPDATE listings SET page = @page, pages = pages + 1, withheld = withheld + @withheld, events = events + @events, tzdata = @tzdata
WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id AND listing_id = @listing_id AND pages = @pages;

-- name: DeleteListing :exec
DELETE FROM listings WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: StageEvent :exec
INSERT INTO staged (tenant_id, calendar_id, listing_id, event_id, etag, status, starts_at, ends_at, content, all_day, free, kind, series_id,
    original_at, unexpanded, meeting)
VALUES (@tenant_id, @calendar_id, @listing_id, @event_id, @etag, @status, @starts_at, @ends_at, @content, @all_day, @free, @kind, @series_id,
    @original_at, @unexpanded, @meeting)
ON CONFLICT (tenant_id, calendar_id, listing_id, event_id) DO UPDATE SET etag = excluded.etag, status = excluded.status,
    starts_at = excluded.starts_at, ends_at = excluded.ends_at, content = excluded.content, all_day = excluded.all_day, free = excluded.free,
    kind = excluded.kind, series_id = excluded.series_id, original_at = excluded.original_at, unexpanded = excluded.unexpanded,
    meeting = COALESCE(NULLIF(excluded.meeting, ''), staged.meeting);

-- name: DeleteStaged :exec
DELETE FROM staged WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: PublishStaged :exec
-- Which meeting an event belongs to never changes, and a tombstone or a row without content does not say it.
INSERT INTO events (tenant_id, calendar_id, event_id, etag, status, starts_at, ends_at, content, all_day, free, kind, series_id, original_at,
    unexpanded, meeting, missing, listing_id, updated_at)
SELECT s.tenant_id, s.calendar_id, s.event_id, s.etag, s.status, s.starts_at, s.ends_at, s.content, s.all_day, s.free, s.kind, s.series_id,
    s.original_at, s.unexpanded, s.meeting, 0, '', CAST(@now AS BIGINT)
FROM staged s WHERE s.tenant_id = @tenant_id AND s.calendar_id = @calendar_id AND s.listing_id = @listing_id
ON CONFLICT (tenant_id, calendar_id, event_id) DO UPDATE SET etag = excluded.etag, status = excluded.status, starts_at = excluded.starts_at,
    ends_at = excluded.ends_at, content = excluded.content, all_day = excluded.all_day, free = excluded.free, kind = excluded.kind,
    series_id = CASE WHEN excluded.series_id = '' THEN events.series_id ELSE excluded.series_id END,
    original_at = CASE WHEN excluded.series_id = '' THEN events.original_at ELSE excluded.original_at END, unexpanded = excluded.unexpanded,
    meeting = COALESCE(NULLIF(excluded.meeting, ''), events.meeting),
    missing = 0, listing_id = '', updated_at = excluded.updated_at;

-- name: MissEvents :execrows
-- What a run wrote while the pages were read need not be among them. Clocks do not tell which that is, for they are set back, and differ.
-- Nor need a series be whose occurrences are: not every listing has series beside them.
UPDATE events SET missing = missing + 1, updated_at = @now
WHERE events.tenant_id = @tenant_id AND events.calendar_id = @calendar_id AND events.status <> 'cancelled'
AND (events.starts_at >= @window_from AND events.ends_at > @window_from AND events.ends_at <= @window_until AND events.starts_at < @window_until
    OR EXISTS (SELECT 1 FROM occurrences o WHERE o.tenant_id = events.tenant_id AND o.calendar_id = events.calendar_id
        AND o.series_id = events.event_id AND o.starts_at >= @window_from AND o.ends_at <= @window_until
        AND NOT EXISTS (SELECT 1 FROM events x WHERE x.tenant_id = o.tenant_id AND x.calendar_id = o.calendar_id AND x.series_id = o.series_id
            AND x.original_at = o.original_at)))
AND events.listing_id <> @listing_id
AND NOT EXISTS (SELECT 1 FROM staged s WHERE s.tenant_id = @tenant_id AND s.calendar_id = @calendar_id AND s.listing_id = @listing_id
    AND s.event_id = events.event_id)
AND NOT (events.kind = 'series' AND events.event_id IN (SELECT s.series_id FROM staged s WHERE s.tenant_id = @tenant_id
    AND s.calendar_id = @calendar_id AND s.listing_id = @listing_id AND s.status <> 'cancelled'));

-- name: RemoveMissed :execrows
UPDATE events SET status = 'cancelled', series_id = '', updated_at = @now
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

-- name: TouchedSeries :many
-- The links of series of which a listing shows that occurrences are not as the series has them.
SELECT l.link_id, CAST(MAX(CASE WHEN w.state = 'dead' THEN 1 ELSE 0 END) AS BIGINT) AS dead
FROM staged s
JOIN links l ON l.tenant_id = s.tenant_id AND l.calendar_id = s.calendar_id AND l.event_id = s.series_id AND l.part = ''
LEFT JOIN work w ON w.tenant_id = l.tenant_id AND w.kind = 'link:push' AND w.subject = l.link_id
WHERE s.tenant_id = @tenant_id AND s.calendar_id = @calendar_id AND s.listing_id = @listing_id AND s.series_id <> ''
AND (s.kind = 'exception' OR s.status = 'cancelled')
GROUP BY l.link_id;

-- name: MissedSeries :many
-- The links of series of which a snapshot misses occurrences.
SELECT l.link_id, CAST(MAX(CASE WHEN w.state = 'dead' THEN 1 ELSE 0 END) AS BIGINT) AS dead
FROM events e
JOIN links l ON l.tenant_id = e.tenant_id AND l.calendar_id = e.calendar_id AND l.event_id = e.series_id AND l.part = ''
LEFT JOIN work w ON w.tenant_id = l.tenant_id AND w.kind = 'link:push' AND w.subject = l.link_id
WHERE e.tenant_id = @tenant_id AND e.calendar_id = @calendar_id AND e.series_id <> '' AND e.missing > 0 AND e.updated_at = @now
GROUP BY l.link_id;

-- name: MirroredExceptions :many
SELECT original_at FROM events WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id AND series_id = @series_id AND kind = 'exception'
AND status <> 'cancelled';

-- name: DoubtMirror :exec
-- The next listing is a snapshot.
UPDATE cursors SET recheck = TRUE WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: CancelEvent :exec
UPDATE events SET status = 'cancelled', updated_at = @now WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id AND event_id = @event_id;

-- name: EventByID :one
SELECT * FROM events WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id AND event_id = @event_id;

-- name: EventsAfter :many
SELECT * FROM events WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id AND event_id > @after AND status <> 'cancelled'
ORDER BY event_id LIMIT @max_rows;

-- name: CopiesAfter :many
-- What stands in the tenant's mailboxes of the meetings that a booking's links have made, and is no link's event.
SELECT sqlc.embed(e), c.connection_id, n.provider
FROM events e
JOIN calendars c ON c.tenant_id = e.tenant_id AND c.calendar_id = e.calendar_id
JOIN connections n ON n.tenant_id = c.tenant_id AND n.connection_id = c.connection_id
WHERE e.tenant_id = @tenant_id AND e.status <> 'cancelled' AND e.meeting <> ''
AND e.meeting IN (SELECT o.meeting FROM links l
    JOIN events o ON o.tenant_id = l.tenant_id AND o.calendar_id = l.calendar_id AND o.event_id = l.event_id
    WHERE l.tenant_id = @tenant_id AND l.booking_id = @booking_id AND l.event_id <> '')
AND NOT EXISTS (SELECT 1 FROM links x WHERE x.tenant_id = @tenant_id AND x.calendar_id = e.calendar_id AND x.event_id = e.event_id)
AND (e.calendar_id > @after_calendar OR e.calendar_id = @after_calendar AND e.event_id > @after_event)
ORDER BY e.calendar_id, e.event_id LIMIT @max_rows;

-- name: LockEvent :execrows
UPDATE events SET updated_at = updated_at WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id AND event_id = @event_id;

-- name: PutEvent :execrows
INSERT INTO events (tenant_id, calendar_id, event_id, etag, status, starts_at, ends_at, content, all_day, free, kind, series_id, original_at,
    unexpanded, meeting, missing, listing_id, updated_at)
VALUES (@tenant_id, @calendar_id, @event_id, @etag, @status, @starts_at, @ends_at, @content, @all_day, @free, @kind, @series_id, @original_at, '', @meeting, 0, @listing_id,
    @now)
ON CONFLICT (tenant_id, calendar_id, event_id) DO UPDATE SET etag = excluded.etag, status = excluded.status, starts_at = excluded.starts_at,
    ends_at = excluded.ends_at, content = excluded.content, all_day = excluded.all_day, free = excluded.free, kind = excluded.kind,
    meeting = COALESCE(NULLIF(excluded.meeting, ''), events.meeting),
    missing = 0, listing_id = excluded.listing_id, updated_at = excluded.updated_at
    WHERE CAST(@fresh AS BOOLEAN) OR events.etag = excluded.etag OR events.etag = @before_etag;

-- name: PruneEvents :execrows
DELETE FROM events WHERE events.tenant_id = @tenant_id AND events.status = 'cancelled' AND events.updated_at < @before
AND NOT EXISTS (SELECT 1 FROM occurrences o WHERE o.tenant_id = events.tenant_id AND o.calendar_id = events.calendar_id
    AND o.series_id = events.series_id AND o.original_at = events.original_at);

-- name: BlankEvents :exec
UPDATE events SET content = @empty WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: ForgetEvents :exec
DELETE FROM events WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: StageOccurrences :exec
INSERT INTO staged_occurrences (tenant_id, calendar_id, listing_id, series_id, original_at, starts_at, ends_at)
SELECT @tenant_id, @calendar_id, @listing_id, @series_id, CAST(key AS BIGINT), CAST(key AS BIGINT) - CAST(@earlier AS BIGINT),
    CAST(key AS BIGINT) + CAST(@later AS BIGINT) FROM json_each(@starts);

-- name: DropStagedOccurrences :exec
DELETE FROM staged_occurrences WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id AND listing_id = @listing_id AND series_id = @series_id;

-- name: DeleteStagedOccurrences :exec
DELETE FROM staged_occurrences WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: RetireOccurrences :exec
DELETE FROM occurrences WHERE occurrences.tenant_id = @tenant_id AND occurrences.calendar_id = @calendar_id
AND occurrences.series_id IN (SELECT s.event_id FROM staged s WHERE s.tenant_id = @tenant_id AND s.calendar_id = @calendar_id AND s.listing_id = @listing_id);

-- name: PublishOccurrences :exec
INSERT INTO occurrences (tenant_id, calendar_id, series_id, original_at, starts_at, ends_at)
SELECT s.tenant_id, s.calendar_id, s.series_id, s.original_at, s.starts_at, s.ends_at FROM staged_occurrences s
WHERE s.tenant_id = @tenant_id AND s.calendar_id = @calendar_id AND s.listing_id = @listing_id;

-- name: CancelParts :exec
UPDATE events SET status = 'cancelled', series_id = '', updated_at = @now
WHERE events.tenant_id = @tenant_id AND events.calendar_id = @calendar_id AND events.series_id <> '' AND events.series_id IN (
    SELECT s.event_id FROM staged s WHERE s.tenant_id = @tenant_id AND s.calendar_id = @calendar_id AND s.listing_id = @listing_id
    AND s.status = 'cancelled');

-- name: LeaveWindow :exec
DELETE FROM events WHERE events.tenant_id = @tenant_id AND events.calendar_id = @calendar_id AND events.status <> 'cancelled'
AND (events.ends_at <= @window_from OR events.starts_at >= @window_until) AND events.listing_id <> @listing_id
AND (events.series_id = '' OR events.original_at < @window_from OR events.original_at >= @window_until)
AND NOT EXISTS (SELECT 1 FROM staged s WHERE s.tenant_id = @tenant_id AND s.calendar_id = @calendar_id AND s.listing_id = @listing_id
    AND s.event_id = events.event_id)
AND NOT EXISTS (SELECT 1 FROM occurrences o WHERE o.tenant_id = events.tenant_id AND o.calendar_id = events.calendar_id
    AND o.series_id = events.event_id AND o.ends_at > @window_from AND o.starts_at < @window_until);

-- name: ForsakeOccurrences :exec
DELETE FROM occurrences WHERE occurrences.tenant_id = @tenant_id AND occurrences.calendar_id = @calendar_id
AND (occurrences.ends_at <= @window_from OR NOT EXISTS (SELECT 1 FROM events e WHERE e.tenant_id = occurrences.tenant_id
    AND e.calendar_id = occurrences.calendar_id AND e.event_id = occurrences.series_id AND e.status <> 'cancelled'));

-- name: DoubtedSeries :one
SELECT COUNT(*) FROM staged s JOIN events e ON e.tenant_id = s.tenant_id AND e.calendar_id = s.calendar_id AND e.series_id = s.event_id
WHERE s.tenant_id = @tenant_id AND s.calendar_id = @calendar_id AND s.listing_id = @listing_id AND s.kind = 'series' AND s.status <> 'cancelled'
AND e.status <> 'cancelled' AND (e.kind = 'occurrence' OR e.kind = 'exception' AND EXISTS (SELECT 1 FROM staged o WHERE o.tenant_id = s.tenant_id
    AND o.calendar_id = s.calendar_id AND o.listing_id = s.listing_id AND o.series_id = s.event_id AND o.kind = 'occurrence'))
AND NOT EXISTS (SELECT 1 FROM staged x WHERE x.tenant_id = e.tenant_id AND x.calendar_id = e.calendar_id AND x.listing_id = s.listing_id
    AND x.event_id = e.event_id);

-- name: ForgetOccurrences :exec
DELETE FROM occurrences WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: ForgetCursor :exec
DELETE FROM cursors WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id;

-- name: BusyEvents :many
SELECT e.starts_at, e.ends_at, e.all_day, CAST(CASE WHEN m.all_day AND NOT e.all_day THEN 1 ELSE 0 END AS BIGINT) AS bare
FROM events e LEFT JOIN events m ON m.tenant_id = e.tenant_id AND m.calendar_id = e.calendar_id AND m.event_id = e.series_id AND e.kind = 'occurrence'
WHERE e.tenant_id = @tenant_id AND e.calendar_id = @calendar_id AND e.ends_at > @taken_after AND e.starts_at < @taken_before
AND e.status <> 'cancelled' AND e.kind <> 'series' AND NOT e.free AND NOT COALESCE(m.free, FALSE)
ORDER BY e.starts_at LIMIT @max_rows;

-- name: BusyOccurrences :many
SELECT o.starts_at, o.ends_at, m.all_day
FROM occurrences o JOIN events m ON m.tenant_id = o.tenant_id AND m.calendar_id = o.calendar_id AND m.event_id = o.series_id
WHERE o.tenant_id = @tenant_id AND o.calendar_id = @calendar_id AND o.ends_at > @taken_after AND o.starts_at < @taken_before
AND m.status <> 'cancelled' AND NOT m.free
AND NOT EXISTS (SELECT 1 FROM events x WHERE x.tenant_id = o.tenant_id AND x.calendar_id = o.calendar_id AND x.series_id = o.series_id
    AND x.original_at = o.original_at)
ORDER BY o.starts_at LIMIT @max_rows;

-- name: UnexpandedSeries :one
SELECT COUNT(*) FROM events WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id AND unexpanded <> '' AND status <> 'cancelled' AND NOT free;
