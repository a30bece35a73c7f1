-- name: InsertMessage :exec
INSERT INTO messages (tenant_id, message_id, type, booking_id, sequence, position, data, traceparent, created_at)
VALUES (@tenant_id, @message_id, @type, @booking_id, @sequence, NULL, @data, @traceparent, @created_at);

-- name: MessageByID :one
SELECT * FROM messages WHERE tenant_id = @tenant_id AND message_id = @message_id;

-- name: LockFeed :one
INSERT INTO feeds (tenant_id, position) VALUES (@tenant_id, 0)
ON CONFLICT (tenant_id) DO UPDATE SET position = feeds.position
RETURNING position;

-- name: UnplacedMessages :many
SELECT message_id FROM messages WHERE tenant_id = @tenant_id AND position IS NULL ORDER BY message_id LIMIT @max_rows;

-- name: PlaceMessage :exec
UPDATE messages SET position = @position WHERE tenant_id = @tenant_id AND message_id = @message_id;

-- name: AdvanceFeed :exec
UPDATE feeds SET position = @position WHERE tenant_id = @tenant_id;

-- name: MessagesAfter :many
SELECT * FROM messages WHERE tenant_id = @tenant_id AND position > @after ORDER BY position LIMIT @max_rows;

-- name: InsertEndpoint :exec
INSERT INTO endpoints (tenant_id, endpoint_id, url, secret, state, created_at, updated_at)
VALUES (@tenant_id, @endpoint_id, @url, @secret, 'enabled', @now, @now);

-- name: EndpointByID :one
SELECT * FROM endpoints WHERE tenant_id = @tenant_id AND endpoint_id = @endpoint_id;

-- name: EnabledEndpoints :many
SELECT endpoint_id FROM endpoints WHERE tenant_id = @tenant_id AND state = 'enabled' ORDER BY endpoint_id;

-- name: CountEndpoints :one
SELECT COUNT(*) FROM endpoints WHERE tenant_id = @tenant_id;

-- name: InsertDelivery :exec
INSERT INTO deliveries (tenant_id, delivery_id, message_id, endpoint_id, state, attempts, status, created_at, updated_at)
VALUES (@tenant_id, @delivery_id, @message_id, @endpoint_id, 'pending', 0, 0, @now, @now);

-- name: DeliveryByID :one
SELECT * FROM deliveries WHERE tenant_id = @tenant_id AND delivery_id = @delivery_id;

-- name: SettleDelivery :exec
UPDATE deliveries SET state = @state, attempts = attempts + 1, status = @status, updated_at = @now
WHERE tenant_id = @tenant_id AND delivery_id = @delivery_id;

-- name: PruneDeliveries :execrows
DELETE FROM deliveries WHERE tenant_id = @tenant_id AND state = 'delivered' AND updated_at < @before;
