-- name: InsertAudit :exec
INSERT INTO audit (tenant_id, audit_id, at, actor, action, subject, booking_id, detail)
VALUES (@tenant_id, @audit_id, @at, @actor, @action, @subject, @booking_id, @detail);

-- name: AuditOfBooking :many
SELECT * FROM audit WHERE tenant_id = @tenant_id AND booking_id = @booking_id AND audit_id > @after ORDER BY audit_id LIMIT @max_rows;
