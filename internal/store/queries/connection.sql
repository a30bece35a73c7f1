-- name: InsertConnection :exec
INSERT INTO connections (tenant_id, connection_id, provider, app_id, state, account, mailbox, reason, lacks, on_moved, on_cancelled,
    on_edited, closed_at, created_at, updated_at)
VALUES (@tenant_id, @connection_id, @provider, @app_id, @state, @account, @mailbox, '', '', 'report', 'report', 'report', 0, @now, @now);

-- name: ChooseBackflow :execrows
UPDATE connections SET on_moved = @on_moved, on_cancelled = @on_cancelled, on_edited = @on_edited, updated_at = @now
WHERE tenant_id = @tenant_id AND connection_id = @connection_id;

-- name: ConnectionsAfter :many
SELECT sqlc.embed(connections), CAST(COALESCE(penalties.until, 0) AS BIGINT) AS penalty FROM connections
LEFT JOIN penalties ON penalties.tenant_id = connections.tenant_id AND penalties.bucket = 'mailbox/' || connections.connection_id
WHERE connections.tenant_id = @tenant_id AND connection_id > @after
AND (CAST(@of_provider AS TEXT) = '' OR provider = CAST(@of_provider AS TEXT))
AND (CAST(@of_state AS TEXT) = '' OR state = CAST(@of_state AS TEXT))
ORDER BY connection_id LIMIT @max_rows;

-- name: ConnectionByID :one
SELECT sqlc.embed(connections), CAST(COALESCE(penalties.until, 0) AS BIGINT) AS penalty,
    CAST(COALESCE(grants.version, 0) AS BIGINT) AS grant_version, CAST(COALESCE(grants.expires_at, 0) AS BIGINT) AS access_until FROM connections
LEFT JOIN penalties ON penalties.tenant_id = connections.tenant_id AND penalties.bucket = 'mailbox/' || connections.connection_id
LEFT JOIN grants ON grants.tenant_id = connections.tenant_id AND grants.connection_id = connections.connection_id
WHERE connections.tenant_id = @tenant_id AND connections.connection_id = @connection_id;

-- name: MoveConnection :execrows
UPDATE connections SET state = @state, reason = @reason, updated_at = @now
WHERE tenant_id = @tenant_id AND connection_id = @connection_id AND state <> @state AND state NOT IN ('disconnecting', 'disconnected');

-- name: ActivateConnection :execrows
-- A grant that was asked for before the connection was closed does not open it again.
UPDATE connections SET state = 'active', reason = '', lacks = @lacks, updated_at = @now
WHERE tenant_id = @tenant_id AND connection_id = @connection_id AND closed_at = @closed_at;

-- name: CloseConnection :execrows
UPDATE connections SET state = 'disconnecting', closed_at = @now, updated_at = @now
WHERE tenant_id = @tenant_id AND connection_id = @connection_id AND state NOT IN ('disconnecting', 'disconnected');

-- name: EndConnection :execrows
UPDATE connections SET state = 'disconnected', reason = '', updated_at = @now
WHERE tenant_id = @tenant_id AND connection_id = @connection_id AND state = 'disconnecting';

-- name: LockDeadConnection :execrows
UPDATE connections SET updated_at = updated_at WHERE tenant_id = @tenant_id AND connection_id = @connection_id AND state <> 'active';

-- name: LockConnection :execrows
UPDATE connections SET updated_at = updated_at WHERE tenant_id = @tenant_id AND connection_id = @connection_id;

-- name: NameConnection :exec
UPDATE connections SET account = @account, updated_at = @now WHERE tenant_id = @tenant_id AND connection_id = @connection_id;

-- name: InsertFlow :exec
INSERT INTO oauth_flows (tenant_id, flow_id, connection_id, browser_hash, verifier, state, return_url, expires_at, used_at)
VALUES (@tenant_id, @flow_id, @connection_id, '', @verifier, @state, @return_url, @expires_at, 0);

-- name: FlowByID :one
SELECT * FROM oauth_flows WHERE tenant_id = @tenant_id AND flow_id = @flow_id;

-- name: BindFlow :execrows
UPDATE oauth_flows SET browser_hash = @browser_hash
WHERE tenant_id = @tenant_id AND flow_id = @flow_id AND used_at = 0 AND expires_at > @now;

-- name: UseFlow :one
UPDATE oauth_flows SET used_at = @now
WHERE tenant_id = @tenant_id AND flow_id = @flow_id AND browser_hash = @browser_hash AND browser_hash <> '' AND used_at = 0 AND expires_at > @now
RETURNING connection_id, verifier;

-- name: SpendFlows :exec
UPDATE oauth_flows SET used_at = @now WHERE tenant_id = @tenant_id AND connection_id = @connection_id AND used_at = 0;

-- name: EndedFlows :many
SELECT flow_id FROM oauth_flows WHERE tenant_id = @tenant_id AND expires_at < @before;

-- name: PruneFlows :execrows
DELETE FROM oauth_flows WHERE tenant_id = @tenant_id AND expires_at < @before;

-- name: PruneConnections :execrows
-- Nobody has finished them; one that ever stood is not pending again.
DELETE FROM connections WHERE connections.tenant_id = @tenant_id AND state = 'pending' AND updated_at < @before AND NOT EXISTS (
    SELECT 1 FROM oauth_flows f WHERE f.tenant_id = connections.tenant_id AND f.connection_id = connections.connection_id
);

-- name: GrantByConnection :one
SELECT * FROM grants WHERE tenant_id = @tenant_id AND connection_id = @connection_id;

-- name: PutGrant :one
INSERT INTO grants (tenant_id, connection_id, version, access_token, refresh_token, scopes, expires_at, refresh_until, refresh_fence, updated_at)
VALUES (@tenant_id, @connection_id, 1, @access_token, @refresh_token, @scopes, @expires_at, 0, 0, @now)
ON CONFLICT (tenant_id, connection_id) DO UPDATE SET version = grants.version + 1, access_token = excluded.access_token,
    refresh_token = excluded.refresh_token, scopes = excluded.scopes, expires_at = excluded.expires_at,
    refresh_until = 0, refresh_fence = grants.refresh_fence + 1, updated_at = excluded.updated_at
RETURNING version;

-- name: LeaseRefresh :one
UPDATE grants SET refresh_until = @refresh_until, refresh_fence = refresh_fence + 1
WHERE tenant_id = @tenant_id AND connection_id = @connection_id AND version = @version AND refresh_until <= @now
RETURNING refresh_fence;

-- name: RotateGrant :one
UPDATE grants SET version = version + 1, access_token = @access_token, refresh_token = @refresh_token, scopes = @scopes,
    expires_at = @expires_at, refresh_until = 0, updated_at = @now
WHERE tenant_id = @tenant_id AND connection_id = @connection_id AND refresh_fence = @refresh_fence AND refresh_until > 0
RETURNING version;

-- name: ReleaseRefresh :exec
UPDATE grants SET refresh_until = 0 WHERE tenant_id = @tenant_id AND connection_id = @connection_id AND refresh_fence = @refresh_fence;

-- name: ExpireAccess :execrows
UPDATE grants SET expires_at = 0 WHERE tenant_id = @tenant_id AND connection_id = @connection_id AND version = @version AND expires_at > 0;

-- name: ForgetGrant :exec
-- Both fences rise: who refreshes or waits for a refresh just now stores nothing, neither here nor into a grant that comes later.
UPDATE grants SET access_token = NULL, refresh_token = NULL, version = version + 1, expires_at = 0, refresh_until = 0,
    refresh_fence = refresh_fence + 1, updated_at = @now
WHERE tenant_id = @tenant_id AND connection_id = @connection_id;

-- name: Penalise :execrows
INSERT INTO penalties (tenant_id, bucket, until) VALUES (@tenant_id, @bucket, @until)
ON CONFLICT (tenant_id, bucket) DO UPDATE SET until = excluded.until WHERE penalties.until < excluded.until;

-- name: PenaltiesByBucket :many
SELECT bucket, until FROM penalties WHERE tenant_id = @tenant_id AND bucket IN (@mailbox, @application);

-- name: PrunePenalties :execrows
DELETE FROM penalties WHERE tenant_id = @tenant_id AND until < @before;

-- name: EndGrant :execrows
UPDATE grants SET expires_at = 0, refresh_until = 0
WHERE tenant_id = @tenant_id AND connection_id = @connection_id AND version = @version;
