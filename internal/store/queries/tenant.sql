-- name: InsertTenant :exec
INSERT INTO tenants (tenant_id, name, created_at) VALUES (@tenant_id, @name, @created_at);

-- name: TenantByID :one
SELECT * FROM tenants WHERE tenant_id = @tenant_id;

-- name: LockTenant :execrows
UPDATE tenants SET name = name WHERE tenant_id = @tenant_id;

-- name: InsertDirectory :exec
INSERT INTO directory (kind, hash, tenant_id, subject) VALUES (@kind, @hash, @tenant_id, @subject);

-- name: DirectoryEntries :many
SELECT tenant_id, subject FROM directory WHERE kind = @kind AND hash = @hash;

-- name: DeleteDirectory :exec
DELETE FROM directory WHERE kind = @kind AND hash = @hash AND tenant_id = @tenant_id;

-- name: ForgetSubject :exec
DELETE FROM directory WHERE tenant_id = @tenant_id AND kind = @kind AND subject = @subject;

-- name: InsertKey :exec
INSERT INTO keys (tenant_id, key_id, purpose, scopes, secret, created_at, revoked_at)
VALUES (@tenant_id, @key_id, @purpose, @scopes, @secret, @created_at, 0);

-- name: KeyByID :one
SELECT * FROM keys WHERE tenant_id = @tenant_id AND key_id = @key_id;

-- name: ListKeys :many
SELECT key_id, purpose, scopes, created_at, revoked_at FROM keys WHERE tenant_id = @tenant_id ORDER BY created_at, key_id;

-- name: RevokeKey :execrows
UPDATE keys SET revoked_at = @revoked_at WHERE tenant_id = @tenant_id AND key_id = @key_id AND revoked_at = 0;
