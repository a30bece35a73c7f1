-- name: CountEndpoints :one
SELECT COUNT(*) FROM endpoints WHERE tenant_id = @tenant_id;

-- name: InsertEndpoint :exec
INSERT INTO endpoints (tenant_id, endpoint_id, url, description, types, secret, previous_secret, previous_until, state, reason, disabled_at,
    created_at, updated_at)
VALUES (@tenant_id, @endpoint_id, @url, @description, @types, @secret, @empty, 0, 'enabled', '', 0, @now, @now);

-- name: EndpointByID :one
SELECT * FROM endpoints WHERE tenant_id = @tenant_id AND endpoint_id = @endpoint_id;

-- name: Endpoints :many
SELECT * FROM endpoints WHERE tenant_id = @tenant_id ORDER BY endpoint_id;

-- name: Receivers :many
SELECT endpoint_id, types FROM endpoints WHERE tenant_id = @tenant_id ORDER BY endpoint_id;

-- name: LockEndpoint :execrows
UPDATE endpoints SET updated_at = updated_at WHERE tenant_id = @tenant_id AND endpoint_id = @endpoint_id;

-- name: ReviseEndpoint :exec
UPDATE endpoints SET url = @url, description = @description, types = @types, state = @state, reason = @reason, disabled_at = @disabled_at,
    updated_at = @now
WHERE tenant_id = @tenant_id AND endpoint_id = @endpoint_id;

-- name: RotateSecret :execrows
UPDATE endpoints SET secret = @secret, previous_secret = @previous_secret, previous_until = @previous_until, updated_at = @now
WHERE tenant_id = @tenant_id AND endpoint_id = @endpoint_id;

-- name: DisableEndpoint :execrows
UPDATE endpoints SET state = 'disabled', reason = @reason, disabled_at = @now, updated_at = @now
WHERE tenant_id = @tenant_id AND endpoint_id = @endpoint_id AND state = 'enabled';

-- name: DeleteEndpoint :execrows
DELETE FROM endpoints WHERE tenant_id = @tenant_id AND endpoint_id = @endpoint_id;

-- name: ForgetDeliveries :exec
DELETE FROM work WHERE work.tenant_id = @tenant_id AND kind = 'delivery:send' AND subject IN (
    SELECT d.delivery_id FROM deliveries d WHERE d.tenant_id = @tenant_id AND d.endpoint_id = @endpoint_id
);

-- name: QueueDeliveries :execrows
-- The work of what failed since a moment and, with pending, of all that has not arrived.
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, lease_until, token,
    attempts, crashes, last_error, traceparent)
SELECT d.tenant_id, 'delivery:send', d.delivery_id, '', 'bulk', 'ready', '', 1, 0, CAST(@now AS BIGINT), 0, 0, CAST(@now AS BIGINT), 0, 0, '', ''
FROM deliveries d WHERE d.tenant_id = @tenant_id AND d.endpoint_id = @endpoint_id
AND (d.state = 'failed' AND d.updated_at >= @since OR d.state = 'pending' AND CAST(@pending AS BOOLEAN))
ON CONFLICT (tenant_id, kind, subject) DO UPDATE SET
    wanted = work.wanted + 1, wanted_at = CASE WHEN work.wanted > work.done THEN work.wanted_at ELSE excluded.wanted_at END,
    state = 'ready', held_for = '', attempts = 0, crashes = 0, not_before = 0, last_error = '';

-- name: ReopenDeliveries :exec
UPDATE deliveries SET state = 'pending', updated_at = @now
WHERE tenant_id = @tenant_id AND endpoint_id = @endpoint_id AND state = 'failed' AND updated_at >= @since;
