-- name: InsertRequest :execrows
INSERT INTO requests (tenant_id, key_hash, fingerprint, state, token, lease_until, answer, created_at)
VALUES (@tenant_id, @key_hash, @fingerprint, 'running', @token, @lease_until, @empty, @now)
ON CONFLICT (tenant_id, key_hash) DO NOTHING;

-- name: RequestByKey :one
SELECT * FROM requests WHERE tenant_id = @tenant_id AND key_hash = @key_hash;

-- name: TakeRequest :execrows
-- From a process that has carried out nothing within its time.
UPDATE requests SET token = @token, lease_until = @lease_until
WHERE tenant_id = @tenant_id AND key_hash = @key_hash AND state = 'running' AND lease_until <= @now;

-- name: CommitRequest :execrows
UPDATE requests SET state = 'committed'
WHERE tenant_id = @tenant_id AND key_hash = @key_hash AND token = @token AND state IN ('running', 'committed');

-- name: AnswerRequest :execrows
UPDATE requests SET state = 'answered', answer = @answer
WHERE tenant_id = @tenant_id AND key_hash = @key_hash AND token = @token AND state IN ('running', 'committed');

-- name: ReleaseRequest :exec
DELETE FROM requests WHERE tenant_id = @tenant_id AND key_hash = @key_hash AND token = @token AND state = 'running';

-- name: ForgetRequest :exec
DELETE FROM requests WHERE tenant_id = @tenant_id AND key_hash = @key_hash AND created_at <= @before AND lease_until <= @now;

-- name: PruneRequests :execrows
DELETE FROM requests WHERE tenant_id = @tenant_id AND created_at < @before;
