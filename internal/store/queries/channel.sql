-- name: InsertChannel :exec
INSERT INTO channels (tenant_id, channel_id, calendar_id, state, secret_hash, remote, resource, opened_at, expires_at, pushed_at, pushes,
    created_at, updated_at)
VALUES (@tenant_id, @channel_id, @calendar_id, 'opening', @secret_hash, '', '', 0, 0, 0, 0, @now, @now);

-- name: ChannelsOfCalendar :many
SELECT * FROM channels WHERE tenant_id = @tenant_id AND calendar_id = @calendar_id AND state <> 'closed' ORDER BY channel_id;

-- name: SaveChannel :execrows
-- A push may have told the provider's names since the channel was read.
UPDATE channels SET state = @state, opened_at = @opened_at, expires_at = @expires_at, updated_at = @now,
    remote = CASE WHEN CAST(@remote AS TEXT) <> '' THEN CAST(@remote AS TEXT) ELSE remote END,
    resource = CASE WHEN CAST(@resource AS TEXT) <> '' THEN CAST(@resource AS TEXT) ELSE resource END
WHERE tenant_id = @tenant_id AND channel_id = @channel_id;

-- name: MoveChannel :execrows
UPDATE channels SET state = CAST(@state AS TEXT), updated_at = @now
WHERE tenant_id = @tenant_id AND channel_id = @channel_id AND state <> CAST(@state AS TEXT)
-- A channel that is over stays so, but for one that goes on pushing: that one has to be ended once more.
AND (state IN ('opening', 'open', 'expiring') OR (state = 'closed' AND CAST(@state AS TEXT) = 'closing'));

-- name: LearnChannel :execrows
UPDATE channels SET remote = CASE WHEN remote = '' THEN CAST(@remote AS TEXT) ELSE remote END,
    resource = CASE WHEN resource = '' THEN CAST(@resource AS TEXT) ELSE resource END
WHERE tenant_id = @tenant_id AND channel_id = @channel_id AND (remote = '' OR resource = '');

-- name: PruneNotifications :execrows
DELETE FROM notifications WHERE tenant_id = @tenant_id AND received_at < @before;

-- name: PruneChannels :execrows
DELETE FROM channels WHERE tenant_id = @tenant_id AND state = 'closed' AND updated_at < @before;

-- name: ClosedChannels :many
SELECT channel_id FROM channels WHERE tenant_id = @tenant_id AND state = 'closed' AND updated_at < @before;
