-- name: InsertDelivery :exec
INSERT INTO deliveries (tenant_id, delivery_id, message_id, endpoint_id, state, attempts, status, created_at, updated_at)
VALUES (@tenant_id, @delivery_id, @message_id, @endpoint_id, 'pending', 0, 0, @now, @now);

-- name: DeliveryByID :one
SELECT * FROM deliveries WHERE tenant_id = @tenant_id AND delivery_id = @delivery_id;

-- name: DeliveriesBefore :many
-- The newest first. What is empty means any.
SELECT sqlc.embed(d), m.type, CAST(COALESCE(w.not_before, 0) AS BIGINT) AS next_at
FROM deliveries d
JOIN messages m ON m.tenant_id = d.tenant_id AND m.message_id = d.message_id
LEFT JOIN work w ON w.tenant_id = d.tenant_id AND w.kind = 'delivery:send' AND w.subject = d.delivery_id
WHERE d.tenant_id = @tenant_id AND d.delivery_id < @before AND (CAST(@delivery_id AS TEXT) = '' OR d.delivery_id = @delivery_id)
AND (CAST(@endpoint_id AS TEXT) = '' OR d.endpoint_id = @endpoint_id) AND (CAST(@state AS TEXT) = '' OR d.state = @state)
ORDER BY d.delivery_id DESC LIMIT @max_rows;

-- name: SettleDelivery :one
UPDATE deliveries SET state = @state, attempts = attempts + CAST(@spent AS BIGINT),
    status = CASE WHEN CAST(@spent AS BIGINT) > 0 THEN CAST(@status AS BIGINT) ELSE status END, updated_at = @now
WHERE tenant_id = @tenant_id AND delivery_id = @delivery_id
RETURNING attempts;

-- name: ReopenDelivery :execrows
UPDATE deliveries SET state = 'pending', updated_at = @now WHERE tenant_id = @tenant_id AND delivery_id = @delivery_id;

-- name: ReplayDelivery :exec
-- A person's word ends every wait.
UPDATE work SET state = 'ready', held_for = '', attempts = 0, crashes = 0, not_before = 0, last_error = ''
WHERE tenant_id = @tenant_id AND kind = 'delivery:send' AND subject = @delivery_id;

-- name: DeliveredSince :one
SELECT COUNT(*) FROM deliveries WHERE tenant_id = @tenant_id AND endpoint_id = @endpoint_id AND state = 'delivered' AND updated_at > @since;

-- name: PruneDeliveries :execrows
DELETE FROM deliveries WHERE tenant_id = @tenant_id AND state = 'delivered' AND updated_at < @before;

-- name: InsertAttempt :exec
INSERT INTO attempts (tenant_id, delivery_id, attempt, at, latency, status, failure, answer)
VALUES (@tenant_id, @delivery_id, @attempt, @at, @latency, @status, @failure, @answer);

-- name: AttemptsOf :many
SELECT * FROM attempts WHERE tenant_id = @tenant_id AND delivery_id = @delivery_id ORDER BY attempt;
