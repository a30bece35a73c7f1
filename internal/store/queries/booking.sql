-- name: BookingByID :one
SELECT * FROM bookings WHERE tenant_id = @tenant_id AND booking_id = @booking_id;

-- name: InsertBooking :execrows
INSERT INTO bookings (tenant_id, booking_id, version, revision, sequence, cancelled, spec, slot, starts_at, last_at, tzdata, hash, reservation_token,
    created_at, updated_at)
VALUES (@tenant_id, @booking_id, @version, 1, 0, @cancelled, @spec, @slot, @starts_at, @last_at, @tzdata, @hash, @reservation_token, @now, @now)
ON CONFLICT (tenant_id, booking_id) DO NOTHING;

-- name: LockBooking :exec
UPDATE bookings SET updated_at = updated_at WHERE tenant_id = @tenant_id AND booking_id = @booking_id;

-- name: LockBookingOfLink :execrows
UPDATE bookings SET updated_at = updated_at WHERE bookings.tenant_id = @tenant_id
AND booking_id = (SELECT l.booking_id FROM links l WHERE l.tenant_id = @tenant_id AND l.link_id = @link_id);

-- name: ReviseBooking :execrows
UPDATE bookings SET version = @version, revision = revision + 1, cancelled = @cancelled, spec = @spec, slot = @slot, starts_at = @starts_at,
    last_at = @last_at, tzdata = @tzdata, hash = @hash, reservation_token = @reservation_token, updated_at = @now
WHERE tenant_id = @tenant_id AND booking_id = @booking_id AND revision = @revision;

-- name: InsertBookingVersion :execrows
INSERT INTO booking_versions (tenant_id, booking_id, version, reservation_token, hash, cancelled, accepted_at)
VALUES (@tenant_id, @booking_id, @version, @reservation_token, @hash, @cancelled, @accepted_at)
ON CONFLICT (tenant_id, booking_id, version) DO NOTHING;

-- name: BookingVersion :one
SELECT * FROM booking_versions WHERE tenant_id = @tenant_id AND booking_id = @booking_id AND version = @version;

-- name: BookingVersionByToken :one
SELECT * FROM booking_versions WHERE tenant_id = @tenant_id AND reservation_token = @reservation_token;

-- name: CountMessage :one
UPDATE bookings SET sequence = sequence + 1, revision = revision + CAST(@revise AS BIGINT),
    updated_at = CASE WHEN CAST(@revise AS BIGINT) > 0 THEN @now ELSE updated_at END
WHERE tenant_id = @tenant_id AND booking_id = @booking_id
RETURNING version, revision, sequence, reservation_token;

-- name: InsertLink :exec
INSERT INTO links (tenant_id, link_id, booking_id, calendar_id, part, target, authoritative, generation, event_id, etag, state, reason,
    base, base_version, in_flight, observed, conference, missed_at, synced_version, failed_version, created_at, updated_at)
VALUES (@tenant_id, @link_id, @booking_id, @calendar_id, @part, TRUE, @authoritative, 1, '', '', 'pending', '',
    @empty, 0, @empty, @empty, @empty, 0, @synced_version, 0, @now, @now)
ON CONFLICT (tenant_id, booking_id, calendar_id, part) DO NOTHING;

-- name: AimLink :exec
UPDATE links SET target = @target, authoritative = @authoritative, state = @state, reason = '', base = @base, observed = @observed, updated_at = @now
WHERE tenant_id = @tenant_id AND link_id = @link_id;

-- name: DecideLink :execrows
-- What the core has decided is compared with what a person made of the event. What the event shows is no version any more, or not yet.
UPDATE links SET state = @state, reason = '', base = @base, observed = @observed, synced_version = @synced_version, updated_at = @now
WHERE tenant_id = @tenant_id AND link_id = @link_id;

-- name: LinkByID :one
SELECT * FROM links WHERE tenant_id = @tenant_id AND link_id = @link_id;

-- name: LinkCase :one
-- Outer joins for the reason that LinksOfBooking has: each link has a booking, a calendar and a connection.
SELECT sqlc.embed(links), sqlc.embed(bookings), sqlc.embed(calendars), sqlc.embed(connections),
    CAST(COALESCE(penalties.until, 0) AS BIGINT) AS penalty, CAST(COALESCE(deletions.verdict, '') AS TEXT) AS deletion,
    CAST(COALESCE(listings.listing_id, '') AS TEXT) AS listing_id
FROM links
LEFT JOIN listings ON listings.tenant_id = links.tenant_id AND listings.calendar_id = links.calendar_id
LEFT JOIN deletions ON deletions.tenant_id = links.tenant_id AND deletions.link_id = links.link_id
    AND deletions.generation = links.generation AND deletions.direction = 'inbound' AND deletions.verdict IN ('held', 'approved', 'rejected')
LEFT JOIN bookings ON bookings.tenant_id = links.tenant_id AND bookings.booking_id = links.booking_id
LEFT JOIN calendars ON calendars.tenant_id = links.tenant_id AND calendars.calendar_id = links.calendar_id
LEFT JOIN connections ON connections.tenant_id = calendars.tenant_id AND connections.connection_id = calendars.connection_id
LEFT JOIN penalties ON penalties.tenant_id = connections.tenant_id AND penalties.bucket = 'mailbox/' || connections.connection_id
WHERE links.tenant_id = @tenant_id AND links.link_id = @link_id;

-- name: LinksOfBooking :many
-- The joins are outer ones, though each link has its calendar, so that no plan begins with the calendars: one that was made while the tables were small
-- would look for links in each of them.
SELECT sqlc.embed(links), CAST(COALESCE(calendars.connection_id, '') AS TEXT) AS connection_id,
    CAST(COALESCE(connections.provider, '') AS TEXT) AS provider
FROM links
LEFT JOIN calendars ON calendars.tenant_id = links.tenant_id AND calendars.calendar_id = links.calendar_id
LEFT JOIN connections ON connections.tenant_id = calendars.tenant_id AND connections.connection_id = calendars.connection_id
WHERE links.tenant_id = @tenant_id AND links.booking_id = @booking_id ORDER BY links.created_at, links.link_id;

-- name: IntendLink :exec
UPDATE links SET in_flight = @in_flight, missed_at = @missed_at, updated_at = @now WHERE tenant_id = @tenant_id AND link_id = @link_id;

-- name: DoubtLink :exec
-- The event is another one by now: the next run reads it.
UPDATE links SET etag = '', updated_at = @now WHERE tenant_id = @tenant_id AND link_id = @link_id;

-- name: SettleLink :execrows
UPDATE links SET generation = @generation, event_id = @event_id, etag = @etag, state = @state, reason = @reason, base = @base,
    base_version = @base_version, in_flight = @in_flight, observed = @observed, missed_at = @missed_at, synced_version = @synced_version,
    failed_version = @failed_version, conference = @conference, updated_at = @now
WHERE tenant_id = @tenant_id AND link_id = @link_id;

-- name: FailLink :exec
UPDATE links SET state = @state, reason = @reason, failed_version = @failed_version, updated_at = @now
WHERE tenant_id = @tenant_id AND link_id = @link_id;

-- name: InsertLinkWrite :exec
INSERT INTO link_writes (tenant_id, link_id, generation, version, hash, written_at)
VALUES (@tenant_id, @link_id, @generation, @version, @hash, @written_at)
ON CONFLICT (tenant_id, link_id, generation, version, hash) DO NOTHING;

-- name: LinkWrites :many
SELECT version, hash FROM link_writes WHERE tenant_id = @tenant_id AND link_id = @link_id AND generation = @generation ORDER BY version, hash;

-- name: PruneLinkWrites :execrows
DELETE FROM link_writes WHERE tenant_id = @tenant_id AND written_at < @before;

-- name: InsertRejection :execrows
INSERT INTO rejections (tenant_id, rejection_id, booking_id, version, reason, payload, created_at)
VALUES (@tenant_id, @rejection_id, @booking_id, @version, @reason, @payload, @created_at)
ON CONFLICT (tenant_id, rejection_id) DO NOTHING;

-- name: PruneRejections :execrows
DELETE FROM rejections WHERE tenant_id = @tenant_id AND created_at < @before;

-- name: RejectionsAfter :many
SELECT * FROM rejections WHERE tenant_id = @tenant_id AND rejection_id > @after ORDER BY rejection_id LIMIT @max_rows;

-- name: VersionsOfZones :many
-- By which tables the bookings to come were resolved.
SELECT DISTINCT tzdata FROM bookings WHERE tenant_id = @tenant_id AND last_at >= @last_from AND NOT cancelled;

-- name: BookingsResolvedElsewise :many
SELECT * FROM bookings WHERE tenant_id = @tenant_id AND last_at >= @last_from AND (last_at > @last_from OR booking_id > @after_id)
AND tzdata <> @resolved_by AND NOT cancelled
ORDER BY last_at, booking_id LIMIT @max_rows;

-- name: StampBookings :exec
-- What they say is the same by these tables. Whoever has revised one since has resolved it.
UPDATE bookings SET tzdata = @tzdata WHERE bookings.tenant_id = @tenant_id
AND bookings.booking_id IN (SELECT key FROM json_each(@revisions)) AND EXISTS (SELECT 1 FROM json_each(@revisions)
    WHERE key = bookings.booking_id AND CAST(CAST(value AS TEXT) AS BIGINT) = bookings.revision);

-- name: SeriesLink :one
-- The link of the series that a link stands for an occurrence of, where it does.
SELECT * FROM links WHERE tenant_id = @tenant_id AND booking_id = @booking_id AND calendar_id = @calendar_id AND part = '';
