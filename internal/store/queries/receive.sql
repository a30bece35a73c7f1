-- What a batch of pushes needs. A list comes as one JSON object, which json_each makes rows of in the same way on both databases.

-- name: ChannelEntries :many
SELECT hash, tenant_id FROM directory WHERE kind = @kind AND hash IN (SELECT key FROM json_each(@hashes));

-- name: ChannelsByID :many
SELECT * FROM channels WHERE tenant_id = @tenant_id AND channel_id IN (SELECT key FROM json_each(@channels)) ORDER BY channel_id;

-- name: InsertNotifications :exec
INSERT INTO notifications (tenant_id, notification_id, channel_id, kind, traceparent, received_at)
SELECT @tenant_id, key, value ->> 'channel', value ->> 'kind', value ->> 'trace', CAST(@received_at AS BIGINT) FROM json_each(@notifications);

-- name: MarkCalendars :many
-- MarkWork for what pushes ask for, of the calendars that are there.
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, lease_until, token,
    attempts, crashes, last_error, traceparent)
SELECT c.tenant_id, CAST(@kind AS TEXT), c.calendar_id, c.connection_id, 'interactive', 'ready', '', 1, 0, CAST(@now AS BIGINT), 0, 0,
    CAST(@now AS BIGINT), 0, 0, '', value ->> 'trace'
FROM json_each(@calendars) JOIN calendars c ON c.tenant_id = @tenant_id AND c.calendar_id = key
WHERE TRUE ORDER BY c.calendar_id
ON CONFLICT (tenant_id, kind, subject) DO UPDATE SET
    wanted = work.wanted + 1,
    wanted_at = CASE WHEN work.wanted > work.done THEN work.wanted_at ELSE excluded.wanted_at END,
    lane = excluded.lane,
    traceparent = CASE WHEN work.wanted <= work.done OR work.lease_until > @now THEN excluded.traceparent ELSE work.traceparent END
RETURNING subject, state, not_before, lane, traceparent;

-- name: CountPushes :exec
-- Channels are locked in one order by all.
INSERT INTO channels (tenant_id, channel_id, calendar_id, state, secret_hash, remote, resource, opened_at, expires_at, pushed_at, pushes,
    created_at, updated_at)
SELECT c.tenant_id, c.channel_id, c.calendar_id, c.state, c.secret_hash, c.remote, c.resource, c.opened_at, c.expires_at, CAST(@now AS BIGINT),
    CAST(value ->> 'pushes' AS BIGINT), c.created_at, c.updated_at
FROM json_each(@channels) JOIN channels c ON c.tenant_id = @tenant_id AND c.channel_id = key
WHERE TRUE ORDER BY c.channel_id
ON CONFLICT (tenant_id, channel_id) DO UPDATE SET pushed_at = excluded.pushed_at, pushes = channels.pushes + excluded.pushes;
