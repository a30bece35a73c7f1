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
