-- name: MarkWork :one
INSERT INTO work (tenant_id, kind, subject, connection_id, lane, state, held_for, wanted, done, wanted_at, not_before, lease_until, token,
    attempts, crashes, last_error, traceparent)
-- Tokens begin at the time, so that a row which was forgotten and made again never has one that was in force before.
VALUES (@tenant_id, @kind, @subject, @connection_id, @lane, 'ready', '', 1, 0, @now, @not_before, 0, @now, 0, 0, '', @traceparent)
ON CONFLICT (tenant_id, kind, subject) DO UPDATE SET
    wanted = work.wanted + 1,
    wanted_at = CASE WHEN work.wanted > work.done THEN work.wanted_at ELSE excluded.wanted_at END,
    lane = CASE WHEN work.wanted <= work.done OR excluded.lane = 'interactive' OR (excluded.lane = 'background' AND work.lane = 'bulk')
        THEN excluded.lane ELSE work.lane END,
    -- A dead row keeps the moment when it was given up.
    not_before = CASE WHEN work.state = 'dead' THEN work.not_before WHEN CAST(@reset AS BOOLEAN) THEN excluded.not_before
        WHEN work.wanted <= work.done AND excluded.not_before > work.not_before THEN excluded.not_before ELSE work.not_before END,
    -- What is asked during a run is for the next one, which belongs to whoever asked first.
    traceparent = CASE WHEN work.wanted <= work.done OR work.lease_until > @now THEN excluded.traceparent ELSE work.traceparent END
RETURNING state, not_before, lane;

-- name: HoldWork :exec
UPDATE work SET state = 'held', held_for = @held_for, last_error = @last_error
WHERE tenant_id = @tenant_id AND kind = @kind AND subject = @subject AND state <> 'dead';

-- name: ReviveWork :execrows
UPDATE work SET state = 'ready', held_for = '', attempts = 0, crashes = 0, not_before = 0, last_error = ''
WHERE tenant_id = @tenant_id AND kind = @kind AND subject = @subject AND state <> 'ready';

-- name: ReviveConnection :many
UPDATE work SET state = 'ready', held_for = '', attempts = 0, crashes = 0, not_before = 0, last_error = ''
WHERE tenant_id = @tenant_id AND connection_id = @connection_id
AND ((state = 'held' AND held_for = 'reauth') OR state = 'dead' OR (state = 'ready' AND wanted > done AND not_before > @now))
RETURNING kind, subject, lane;

-- name: ReviveCalendar :many
-- The links of a calendar that the account did not see for a while.
UPDATE work SET state = 'ready', held_for = '', attempts = 0, crashes = 0, not_before = 0, last_error = ''
WHERE work.tenant_id = @tenant_id AND kind = 'link:push' AND state = 'dead' AND subject IN (
    SELECT l.link_id FROM links l WHERE l.tenant_id = @tenant_id AND l.calendar_id = @calendar_id
)
RETURNING kind, subject, lane;

-- name: ClaimWork :one
-- A row whose last claim ended without an outcome still has that lease. Beside other rows it is left as it is, and so is one whose next run decides.
UPDATE work SET
    token = CASE WHEN CAST(@beside AS BOOLEAN) AND (lease_until > 0 OR crashes >= CAST(@deciding AS BIGINT)) THEN token ELSE token + 1 END,
    crashes = CASE WHEN CAST(@beside AS BOOLEAN) AND (lease_until > 0 OR crashes >= CAST(@deciding AS BIGINT)) OR CAST(@excused AS BOOLEAN)
        THEN crashes ELSE crashes + 1 END,
    lease_until = CASE WHEN CAST(@beside AS BOOLEAN) AND (lease_until > 0 OR crashes >= CAST(@deciding AS BIGINT))
        THEN lease_until ELSE CAST(@lease_until AS BIGINT) END
WHERE tenant_id = @tenant_id AND kind = @kind AND subject = @subject
AND state = 'ready' AND wanted > done AND not_before <= @now AND lease_until <= @now
RETURNING wanted, token, attempts, crashes, lane, connection_id, traceparent, lease_until, CAST(in_line AND not_before > 0 AS BOOLEAN) AS in_line;

-- name: LeaseOf :one
SELECT lease_until FROM work WHERE tenant_id = @tenant_id AND kind = @kind AND subject = @subject AND token = @token;

-- name: FenceWork :one
UPDATE work SET lease_until = @lease_until
WHERE tenant_id = @tenant_id AND kind = @kind AND subject = @subject AND token = @token AND lease_until > @now
RETURNING token;

-- name: UnseatWork :exec
UPDATE work SET token = token + 1 WHERE tenant_id = @tenant_id AND kind = @kind AND subject = @subject AND lease_until > 0;

-- name: UnseatConnection :exec
UPDATE work SET token = token + 1 WHERE tenant_id = @tenant_id AND connection_id = @connection_id AND lease_until > 0;

-- name: FinishWork :one
UPDATE work SET done = CASE WHEN CAST(@served AS BOOLEAN) THEN CAST(@wanted AS BIGINT) ELSE done END,
    wanted = CASE WHEN CAST(@again AS BOOLEAN) AND wanted = @wanted THEN wanted + 1 ELSE wanted END,
    wanted_at = CASE WHEN CAST(@served AS BOOLEAN) THEN CAST(@now AS BIGINT) ELSE wanted_at END,
    -- What was asked since the claim may mend what stopped this run, unless nothing can run at all; and a guard set meanwhile stays.
    state = CASE WHEN state = 'held' AND held_for = 'guard' THEN state
        WHEN wanted > @wanted AND CAST(@held_for AS TEXT) <> 'reauth' THEN 'ready' ELSE CAST(@state AS TEXT) END,
    held_for = CASE WHEN state = 'held' AND held_for = 'guard' THEN held_for
        WHEN wanted > @wanted AND @held_for <> 'reauth' THEN '' ELSE @held_for END,
    attempts = CASE WHEN wanted > @wanted AND CAST(@state AS TEXT) = 'dead' THEN 0 ELSE CAST(@attempts AS BIGINT) END,
    traceparent = CASE WHEN CAST(@served AS BOOLEAN) AND wanted = @wanted THEN '' ELSE traceparent END,
    -- What is quarantined stays a row whose last claim ended without an outcome: replayed, it runs alone.
    lease_until = CASE WHEN CAST(@suspect AS BOOLEAN) THEN 1 ELSE 0 END, not_before = @not_before, in_line = @in_line, crashes = @crashes,
    last_error = @last_error
WHERE tenant_id = @tenant_id AND kind = @kind AND subject = @subject AND token = @token AND lease_until > 0
RETURNING wanted, done, not_before, lane, state;

-- name: ForgetWork :exec
DELETE FROM work WHERE tenant_id = @tenant_id AND kind = @kind AND subject = @subject AND token = @token AND wanted <= done;

-- name: WorkByRef :one
SELECT * FROM work WHERE tenant_id = @tenant_id AND kind = @kind AND subject = @subject;

-- name: StoppedWork :many
SELECT * FROM work WHERE tenant_id = @tenant_id AND state <> 'ready' AND (kind > @after_kind OR (kind = @after_kind AND subject > @after_subject))
ORDER BY kind, subject LIMIT @max_rows;

-- name: DeadWork :many
SELECT w.kind, w.subject, w.lane, w.wanted_at, w.not_before, w.attempts, w.crashes, w.last_error,
    CAST(COALESCE(l.booking_id, '') AS TEXT) AS booking_id, CAST(COALESCE(l.calendar_id, '') AS TEXT) AS calendar_id
FROM work w LEFT JOIN links l ON l.tenant_id = w.tenant_id AND l.link_id = w.subject AND w.kind = 'link:push'
WHERE w.tenant_id = @tenant_id AND w.state = 'dead'
AND (CAST(@kind AS TEXT) = '' OR w.kind = @kind) AND (CAST(@subject AS TEXT) = '' OR w.subject = @subject)
AND (CAST(@reason AS TEXT) = '' OR LOWER(w.last_error) LIKE LOWER(@reason) ESCAPE '!')
AND (w.kind > @after_kind OR (w.kind = @after_kind AND w.subject > @after_subject))
ORDER BY w.kind, w.subject LIMIT @max_rows;

-- name: OpenWork :many
SELECT * FROM work WHERE tenant_id = @tenant_id AND wanted > done AND (kind > @after_kind OR (kind = @after_kind AND subject > @after_subject))
ORDER BY kind, subject LIMIT @max_rows;

-- name: ProviderWork :many
-- What follows a change, but not schedules, which always wait for their time.
SELECT c.provider, c.app_id,
    CAST(COALESCE(SUM(CASE WHEN w.state = 'ready' AND w.not_before <= @now THEN 1 ELSE 0 END), 0) AS BIGINT) AS due,
    CAST(COALESCE(SUM(CASE WHEN w.state = 'ready' AND w.not_before > @now THEN 1 ELSE 0 END), 0) AS BIGINT) AS waiting,
    CAST(COALESCE(SUM(CASE WHEN w.state = 'held' THEN 1 ELSE 0 END), 0) AS BIGINT) AS held,
    CAST(COALESCE(MIN(CASE WHEN w.state = 'ready' THEN w.wanted_at END), 0) AS BIGINT) AS oldest
FROM connections c LEFT JOIN work w ON w.tenant_id = c.tenant_id AND w.connection_id = c.connection_id AND w.wanted > w.done
    AND w.kind IN ('link:push', 'calendar:sync', 'calendar:watch', 'connection:close')
WHERE c.tenant_id = @tenant_id AND c.state <> 'pending'
GROUP BY c.provider, c.app_id ORDER BY c.provider, c.app_id;
