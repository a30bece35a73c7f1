-- name: CountApplications :one
SELECT COUNT(*) FROM applications WHERE tenant_id = @tenant_id;

-- name: InsertApplication :exec
INSERT INTO applications (tenant_id, app_id, provider, app_kind, name, client_id, entra_tenant, credential, created_at)
VALUES (@tenant_id, @app_id, @provider, @app_kind, @name, @client_id, @entra_tenant, @credential, @now);

-- name: ApplicationByID :one
SELECT * FROM applications WHERE tenant_id = @tenant_id AND app_id = @app_id;

-- name: Applications :many
SELECT * FROM applications WHERE tenant_id = @tenant_id ORDER BY app_id;

-- name: LockApplication :execrows
UPDATE applications SET name = name WHERE tenant_id = @tenant_id AND app_id = @app_id;

-- name: CountAppConnections :one
SELECT COUNT(*) FROM connections WHERE tenant_id = @tenant_id AND app_id = @app_id AND state <> 'disconnected';

-- name: DeleteApplication :execrows
DELETE FROM applications WHERE tenant_id = @tenant_id AND app_id = @app_id;
