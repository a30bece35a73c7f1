-- name: KnownSealKeys :many
SELECT * FROM seal_keys WHERE tenant_id = @tenant_id ORDER BY first_used_at, seal_key;

-- name: InsertSealKey :execrows
INSERT INTO seal_keys (tenant_id, seal_key, proof, first_used_at, retired_at)
VALUES (@tenant_id, @seal_key, @proof, @now, 0)
ON CONFLICT (tenant_id, seal_key) DO NOTHING;

-- name: EndSealKey :execrows
UPDATE seal_keys SET retired_at = @now WHERE tenant_id = @tenant_id AND seal_key = @seal_key AND retired_at = 0;

-- name: BeginRotation :exec
-- One that is under way to the same key goes on where it is.
INSERT INTO seal_rotations (tenant_id, seal_key, place, place_after, resealed, found, unopened, missing, missing_key, last_unopened,
    last_missing, started_at, finished_at)
VALUES (@tenant_id, @seal_key, '', '', 0, 0, 0, 0, 0, 0, 0, @now, 0)
ON CONFLICT (tenant_id) DO UPDATE SET seal_key = excluded.seal_key, place = '', place_after = '', resealed = 0, found = 0, unopened = 0,
    missing = 0, missing_key = 0, last_unopened = 0, last_missing = 0, started_at = excluded.started_at, finished_at = 0
    WHERE seal_rotations.seal_key <> excluded.seal_key OR seal_rotations.finished_at > 0;

-- name: RotationByTenant :one
SELECT * FROM seal_rotations WHERE tenant_id = @tenant_id;

-- name: LockRotation :one
UPDATE seal_rotations SET place = place WHERE tenant_id = @tenant_id RETURNING *;

-- name: MoveRotation :exec
UPDATE seal_rotations SET place = @place, place_after = @place_after, resealed = resealed + @resealed, found = found + @found,
    unopened = unopened + @unopened, missing = missing + @missing, missing_key = @missing_key
WHERE tenant_id = @tenant_id;

-- name: EndPass :one
-- A pass that has found nothing to seal anew, now or once its key is given, ends the rotation; any other is followed by one more.
UPDATE seal_rotations SET place = '', place_after = '', last_unopened = unopened, last_missing = missing, unopened = 0, missing = 0, found = 0,
    missing_key = CASE WHEN missing > 0 THEN missing_key ELSE 0 END,
    finished_at = CASE WHEN found <= unopened THEN CAST(@now AS BIGINT) ELSE 0 END
WHERE tenant_id = @tenant_id
RETURNING *;
