package store_test

// slipped is a mutant that asks one thing wrong. Parameters stay in use, so that only the promise is broken.
type slipped struct{ name, query, old, new, killer string }

func slips(all []slipped) []mutant {
	out := make([]mutant, 0, len(all))
	for _, s := range all {
		out = append(out, mutant{s.name, flaw{slip: slip{s.query, s.old, s.new}}, s.killer})
	}
	return out
}

func workMutants() []mutant {
	const due = "claim: only a row that is due"
	return slips([]slipped{
		{"a claim ignores back-off", "ClaimWork", "not_before <= $8", "not_before IS NOT NULL", due},
		{"a claim ignores the lease", "ClaimWork", "lease_until <= $8", "$8 IS NOT NULL", due},
		{"a claim takes what is held or dead", "ClaimWork", "state = 'ready'", "state IS NOT NULL", due},
		{"a claim takes what is done", "ClaimWork", "wanted > done", "wanted >= done", due},
		{"a claim forgets its place", "ClaimWork", "CAST(in_line AND", "CAST(done < 0 AND", "claim: a row comes at the place that it was promised"},
		{"a replay keeps its place", "ClaimWork", "in_line AND not_before > 0", "in_line AND not_before >= 0", "claim: a row comes at the place that it was promised"},
		{"an outcome promises no place", "FinishWork", "in_line = $10", "in_line = $10 AND done < 0", "claim: a row comes at the place that it was promised"},
		{"an outcome keeps a place", "FinishWork", "in_line = $10", "in_line = $10 OR in_line", "claim: a row comes at the place that it was promised"},
		{"a claim keeps the token", "ClaimWork", "ELSE token + 1 END", "ELSE token END", "claim: a lease ends by itself"},
		{"a claim counts no crash", "ClaimWork", "ELSE crashes + 1 END", "ELSE crashes END", "claim: five claims without an outcome quarantine the row"},
		{"a suspect is claimed beside others", "ClaimWork", "(lease_until > 0 OR crashes >= CAST($2 AS BIGINT))\n        THEN lease_until", "lease_until < 0 THEN lease_until", "claim: a suspect is not claimed beside others"},
		{"a suspect that is left has crashed", "ClaimWork", "AND (lease_until > 0 OR crashes >= CAST($2 AS BIGINT)) OR", "AND lease_until < 0 OR", "claim: a suspect is not claimed beside others"},
		{"a suspect that is left has another token", "ClaimWork", "(lease_until > 0 OR crashes >= CAST($2 AS BIGINT)) THEN token ELSE", "lease_until < 0 THEN token ELSE", "claim: a suspect is not claimed beside others"},
		{"the run that decides is beside others", "ClaimWork", "crashes >= CAST($2 AS BIGINT))\n        THEN lease_until", "crashes > CAST($2 AS BIGINT))\n        THEN lease_until", "claim: the run that decides is that of a suspect"},
		{"a haunted process is held against its rows", "ClaimWork", "OR CAST($3 AS BOOLEAN)", "OR CAST($3 AS BOOLEAN) AND token < 0", "claim: nothing is held against a row in a haunted process"},
		{"what was quarantined runs beside others", "FinishWork", "THEN 1 ELSE 0 END", "THEN 0 ELSE 0 END", "claim: what was quarantined is a suspect when it is replayed"},
		{"what is held counts as dead", "DeadWork", "w.state = 'dead'", "w.state <> 'ready'", "dead: what was given up is listed, and nothing else"},
		{"a dead letter is of any kind", "DeadWork", "OR w.kind = $2", "OR w.kind <> ''", "dead: what was given up is listed, and nothing else"},
		{"a dead letter is of any subject", "DeadWork", "OR w.subject = $3", "OR w.subject <> ''", "dead: a letter tells what it was"},
		{"a lease of somebody else is taken for one's own", "LeaseOf", "token = $4", "$4 IS NOT NULL", "claim: a lease tells when it ends"},
		{"a fence ignores the token", "FenceWork", "token = $5", "$5 IS NOT NULL", "fence: Stage"},
		{"a fence ignores the end of the lease", "FenceWork", "lease_until > $6", "$6 IS NOT NULL", "claim: extend prolongs and never shortens"},
		{"an outcome ignores the token", "FinishWork", "AND token = $16", "AND $16 > 0", "fence: Settle"},
		{"an outcome counts twice", "FinishWork", "AND lease_until > 0", "", "finish: once"},
		{"an outcome serves marks that came after the claim", "FinishWork", "THEN CAST($2 AS BIGINT)", "THEN wanted", "mark: a storm during a claim causes exactly one more"},
		{"an outcome forgets the guard", "FinishWork", "state = CASE WHEN state = 'held' AND held_for = 'guard' THEN state\n        WHEN", "state = CASE WHEN", "finish: the guard's hold survives it"},
		{"an outcome keeps a schedule quiet", "FinishWork", "THEN wanted + 1", "THEN wanted", "finish: again keeps a schedule wanted"},
		{"an outcome stops what was asked for anew", "FinishWork", "WHEN wanted > $2 AND CAST($5 AS TEXT) <> 'reauth' THEN 'ready'", "", "finish: what was asked since the claim revives what stopped"},
		{"a mark moves a dead row", "MarkWork", "WHEN work.state = 'dead' THEN work.not_before WHEN", "WHEN", "mark: a dead letter keeps when it was given up"},
		{"a mark moves a back-off earlier", "MarkWork", "ELSE work.not_before END", "ELSE excluded.not_before END", "mark: a back-off is never moved"},
		{"a mark is lost while the row is wanted", "MarkWork", "wanted = work.wanted + 1", "wanted = CASE WHEN work.wanted > work.done THEN work.wanted ELSE work.wanted + 1 END", "mark: a storm during a claim causes exactly one more"},
		{"a mark sinks the lane", "MarkWork", "ELSE work.lane END", "ELSE excluded.lane END", "mark: lanes only rise while a row is wanted"},
		{"a mark forgets since when", "MarkWork", "THEN work.wanted_at", "THEN excluded.wanted_at", "mark: wanted since the first mark"},
		{"a token comes back", "MarkWork", "0, $6, 0, 0, ''", "0, 0, 0, 0, ''", "claim: a row that comes back has tokens of its own"},
		{"a hold yields to a reconnect", "HoldWork", "state <> 'dead'", "state = 'ready'", "guard: outranks a hold that a reconnect would end"},
		{"a hold brings a dead letter back", "HoldWork", "state <> 'dead'", "state <> ''", "mark: a hold leaves a dead letter dead"},
		{"a calendar that comes back approves", "ReviveCalendar", "state = 'dead'", "state <> ''", "calendar: one that comes back is heard and written to again"},
		{"a reconnect keeps the back-off", "ReviveConnection", "not_before = 0, ", "", "reauth: a reconnect ends waits, and leaves other holds"},
		{"a calendar that comes back keeps the crashes", "ReviveCalendar", "crashes = 0, ", "", "calendar: one that comes back is heard and written to again"},
		{"a reconnect ends every hold", "ReviveConnection", "held_for = 'reauth'", "held_for <> ''", "reauth: a reconnect ends waits, and leaves other holds"},
		{"a replay keeps the attempts", "ReviveWork", "attempts = 0, ", "", "release: only what is stopped"},
		{"what is forgotten takes a mark with it", "ForgetWork", "AND wanted <= done", "", "finish: forget deletes the row unless it was marked meanwhile"},
	})
}

// nounMutants slip where the others leave a noun out.
func nounMutants() []mutant {
	const lease, prune = "grant: the right to refresh", "prune: what has outlived its time, to the microsecond"
	return slips([]slipped{
		{"a reconnect keeps the refresh token", "PutGrant", "refresh_token = excluded.refresh_token, ", "", "connection: a reconnect is told and raises the grant"},
		{"a reconnect leaves somebody the right to refresh", "PutGrant", "refresh_until = 0, ", "", "grant: a reconnect ends the right to refresh the one before"},
		{"a rotation keeps the old scopes", "RotateGrant", "scopes = $3", "scopes = CASE WHEN $3 IS NULL THEN '' ELSE scopes END", "grant: rotated by whoever has the right"},
		{"an event that was moved is shown where it was", "PublishStaged", "ends_at = excluded.ends_at, content = excluded.content, ", "", "listing: later rows replace earlier ones"},
		{"an event that was read stays missing", "PutEvent", "missing = 0, ", "", "mirror: an event that was read is not missing"},
		{"a window stays behind", "PutCursor", "window_from = excluded.window_from,\n    window_until = excluded.window_until, ", "", "listing: a quiet one advances the cursor"},
		{
			"a message reaches no endpoint", "InsertDelivery", "VALUES ($1, $2, $3, $4, 'pending', 0, 0, $5, $5)",
			"SELECT $1, $2, $3, $4, 'pending', 0, 0, $5, $5 WHERE FALSE", "endpoint: receives every message from then on",
		},
		{"an attempt is not counted", "SettleDelivery", "attempts = attempts + CAST($2 AS BIGINT)", "attempts = attempts + 0 * CAST($2 AS BIGINT)", "delivery: counts attempts, not waits"},
		{"a reader sees its last message again", "MessagesAfter", "position > $2", "position >= $2", "feed: positions without a gap, page by page"},
		{"the feed begins anew", "AdvanceFeed", "position = $1", "position = 0 * $1", "feed: positions without a gap, page by page"},
		{"messages are placed out of order", "UnplacedMessages", "ORDER BY message_id", "ORDER BY message_id DESC", "accept: messages are about the version that they name"},
		{"a link forgets that it is a target no more", "AimLink", "target = $1", "target = TRUE OR $1", "accept: targets come and go, links stay"},
		{"the right is given back by whoever lost it", "ReleaseRefresh", "refresh_fence = $3", "$3 IS NOT NULL", lease},
		{"the fence of a refresh stands still", "LeaseRefresh", "refresh_fence = refresh_fence + 1", "refresh_fence = refresh_fence", lease},
		{"a newer access token is expired", "ExpireAccess", "version = $3", "$3 IS NOT NULL", "grant: expired by whoever saw it refused"},
		{"a page that was never opened is gone through", "UseFlow", "AND browser_hash <> ''", "", "flow: never before the connect page was opened"},
		{"a spent flow is opened again", "BindFlow", "AND used_at = 0", "", "flow: bound to one browser and used once"},
		{"events that stand are pruned", "PruneEvents", "AND status = 'cancelled'", "", prune},
		{"deliveries that failed are pruned", "PruneDeliveries", "AND state = 'delivered'", "", prune},
		{
			"an old channel is not found while it is open", "ClosedChannels", "AND state = 'closed'", "",
			"prune: a channel is forgotten with its entry in the directory",
		},
		{"another listing's pages are published", "PublishStaged", "s.listing_id = $4", "$4 IS NOT NULL", "queries: every identifier that is asked for counts"},
		{"a calendar is targeted twice", "TargetCalendar", "AND targeted = FALSE", "", "accept: a calendar is targeted once"},
	})
}

func dataMutants() []mutant {
	const conditions, audit = "tenancy: every query finds the rows of its own tenant only", "atomic: Accept"
	return slips([]slipped{
		{"a read without its tenant", "BookingByID", "tenant_id = $1", "$1 IS NOT NULL", conditions},
		{"a write without its tenant", "SettleDelivery", "tenant_id = $5", "$5 IS NOT NULL", conditions},
		{"a join without its tenant", "LinksOfBooking", "links.tenant_id = $1", "$1 IS NOT NULL", conditions},
		{"a pruner without its tenant", "PruneNotifications", "tenant_id = $1", "$1 IS NOT NULL", conditions},
		{"no audit row", "InsertAudit", "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", "SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE FALSE", audit},
		{"a version is accepted on any revision", "ReviseBooking", "revision = $12", "$12 IS NOT NULL", "accept: nothing on another revision"},
		{"a booking that was moved keeps its slot", "ReviseBooking", "slot = $4", "slot = CASE WHEN $4 IS NULL THEN $4 ELSE slot END", "accept: a revision keeps the links"},
		{"a sequence number is given twice", "CountMessage", "sequence = sequence + 1", "sequence = MAX(1, sequence)", "accept: a revision keeps the links"},
		{"a message raises no revision", "CountMessage", "revision + CAST($1 AS BIGINT)", "revision + 0 * $1", "accept: a decision makes what a person did the agreement"},
		{"an acceptance is told as shown already", "DecideLink", "synced_version = $4", "synced_version = CASE WHEN $4 IS NULL THEN $4 ELSE synced_version END", "decide: an acceptance revises the booking, and the others follow"},
		{"a decision keeps what a person did", "DecideLink", "observed = $3", "observed = CASE WHEN $3 IS NULL THEN $3 ELSE observed END", "decide: a reversal is about its link alone"},
		{"a decision keeps why it is held", "DecideLink", "reason = ''", "reason = reason", "decide: revives what is held"},
		{"a decision is about every tenant's link", "DecideLink", "tenant_id = $6", "$6 IS NOT NULL", "tenancy: every query finds the rows of its own tenant only"},
		{"a window ends too late", "BookingsStarting", "b.starts_at < $3", "b.starts_at <= $3", "ledger: windows are half-open, and all-day bookings begin with their date in UTC"},
		{"a page begins with the end of the one before", "BookingsChanged", "b.booking_id > $4", "b.booking_id >= $4", "ledger: every filter finds what it asks for, page by page"},
		{"what is no target any more counts", "BookingsInCalendar", "l.booking_id > $2 AND l.target", "l.booking_id > $2", "ledger: every filter finds what it asks for, page by page"},
		{"a change that is held is no divergence", "BookingsDiverged", " OR length(l.observed) > 0", "", "ledger: every filter finds what it asks for, page by page"},
		{"a booking is listed where it was", "ReviseBooking", "starts_at = $5", "starts_at = CASE WHEN $5 IS NULL THEN $5 ELSE starts_at END", "ledger: windows are half-open, and all-day bookings begin with their date in UTC"},
		{"a decision is written back", "UnseatWork", "token = token + 1", "token = token", "accept: a decision is not undone by the run under way"},
		{"a rejection is told again", "InsertRejection", "DO NOTHING", "DO UPDATE SET reason = excluded.reason", "reject: kept sealed, told once, listed"},
		{"hashes of other generations", "LinkWrites", "generation = $3", "$3 IS NOT NULL", "link: the hashes of the current generation"},
		{"the mirror hides a person's change", "PutEvent", "WHERE CAST($10 AS BOOLEAN) OR events.etag = excluded.etag OR events.etag = $11", "WHERE $10 IS NOT NULL OR $11 IS NOT NULL", "mirror: what a listing has shown meanwhile stays, and the link is looked at again"},
		{"a changed event marks nothing", "TouchedLinks", "e.etag <> l.etag OR ", "", "listing: links are marked when their events have changed"},
		{"an event is removed when it was missed once", "RemoveMissed", "missing >= 2", "missing >= 1", "snapshot: an event is removed once it was missed twice"},
		{"a snapshot proves too much before its window", "MissEvents", "events.starts_at >= $4 AND ", "", "snapshot: proves nothing outside its window"},
		{"a snapshot proves too much after its window", "MissEvents", "events.ends_at <= $5 AND ", "", "snapshot: proves nothing outside its window"},
		{"a snapshot misses what is newer", "MissEvents", "events.updated_at < $6", "$6 IS NOT NULL", "snapshot: what changed since it began is not missed"},
		{"a poll is put off", "HastenWork", "AND not_before > $1", "", "hearing: a poll comes earlier, and never later"},
		{"what we wrote is news", "StagedNews", "e.event_id IS NULL OR e.etag <> s.etag", "TRUE", "hearing: what nobody pushed is missed"},
		{"what is gone already is news", "StagedNews", "e.status <> 'cancelled'", "TRUE", "hearing: what nobody pushed is missed"},
		{"a channel that is over is open", "HearingOfCalendar", "h.expires_at > $1 THEN h.expires_at", "$1 > 0 THEN h.expires_at", "hearing: what nobody pushed is missed"},
		{"pushes are forgotten", "CountPushes", "pushes = channels.pushes + excluded.pushes", "pushes = excluded.pushes", "hearing: pushes of changes are counted"},
		{"a page is staged anywhere", "TurnPage", "pages = $7", "$7 IS NOT NULL", "listing: a page is staged in its place only"},
		{"what was staged stays", "DeleteStaged", "calendar_id = $2", "calendar_id = $2 || 'x'", "listing: discarded without a trace"},
		{"a lost cursor is kept", "DropCursor", "SET scope = ''", "SET scope = scope", "listing: a lost cursor is forgotten, the events are not"},
		{"the cursor stays behind", "PutCursor", "token = excluded.token, ", "", "listing: a quiet one advances the cursor"},
		{"tombstones are shown", "EventsAfter", "status <> 'cancelled'", "status <> ''", "listing: tombstones"},
		{"a state serves twice", "UseFlow", "AND used_at = 0", "", "flow: bound to one browser and used once"},
		{"a state serves any browser", "UseFlow", "browser_hash = $4", "$4 IS NOT NULL", "flow: bound to one browser and used once"},
		{"a state never ends", "UseFlow", "expires_at > $1", "expires_at > 0", "flow: ends with its time"},
		{"two refresh at once", "LeaseRefresh", "refresh_until <= $5", "$5 IS NOT NULL", "race: one refresh at a time"},
		{"a refresh of an older version", "LeaseRefresh", "version = $4", "$4 IS NOT NULL", "grant: the right to refresh"},
		{"tokens are stored without the right to", "RotateGrant", "refresh_fence = $8", "$8 IS NOT NULL", "grant: rotated by whoever has the right"},
		{"a newer grant is revoked", "EndGrant", "version = $3", "$3 IS NOT NULL", "grant: a newer version is not revoked"},
		{"a penalty is shortened", "Penalise", "penalties.until < excluded.until", "TRUE", "penalty: never shortened, never of another connection"},
		{"a penalty is about another bucket", "PenaltiesByBucket", "AND bucket IN ($2, $3)", "AND $2 <> $3", "penalty: of an application, for whoever uses it"},
		{"a push renames the channel", "LearnChannel", "CASE WHEN remote = '' THEN CAST($1 AS TEXT) ELSE remote END", "$1", "channel: a push tells the provider's names, once"},
		{"a push is lost while its calendar's listing runs", "MarkCalendars", "wanted = work.wanted + 1", "wanted = CASE WHEN work.wanted > work.done THEN work.wanted ELSE work.wanted + 1 END", "receive: what is marked already keeps its place"},
		{"a push forgets since when", "MarkCalendars", "THEN work.wanted_at", "THEN excluded.wanted_at", "receive: what is marked already keeps its place"},
		{"a push moves a back-off", "MarkCalendars", "lane = excluded.lane,", "lane = excluded.lane, not_before = excluded.not_before,", "receive: what is marked already keeps its place"},
		{"a push frees what is held", "MarkCalendars", "lane = excluded.lane,", "lane = excluded.lane, state = excluded.state,", "receive: what is marked already keeps its place"},
		{"a notice reopens a channel", "MoveChannel", "state IN ('opening', 'open', 'expiring') OR", "state <> '' OR", "channel: a notice moves it, unless it is over"},
		{"a key is revoked again", "RevokeKey", "AND revoked_at = 0", "", "race: a key is revoked once"},
		{"the list of keys begins with the youngest", "ListKeys", "ORDER BY created_at,", "ORDER BY created_at DESC,", "key: all are listed without their secrets, and no other tenant's"},
		{"a channel stays in the directory", "DeleteDirectory", "kind = $1", "kind = $1 || 'x'", "prune: a channel is forgotten with its entry in the directory"},
		{"whoever was replaced commits", "CommitRequest", "token = $3", "$3 IS NOT NULL", "request: one attempt at a time, and the next once its time is over"},
		{"an answered request commits", "CommitRequest", "state IN ('running', 'committed')", "state <> ''", "request: one attempt at a time, and the next once its time is over"},
		{"whoever was replaced answers", "AnswerRequest", "token = $4", "$4 IS NOT NULL", "request: one attempt at a time, and the next once its time is over"},
		{"a request that was carried out is given back", "ReleaseRequest", "AND state = 'running'", "", "request: what was carried out is never carried out again"},
		{"a revoked key stays in the directory", "ForgetSubject", "kind = $2", "kind = $2 || 'x'", "key: one that a process knows is found in one exchange, and ended for all at once"},
		{"a request is forgotten too early", "ForgetRequest", "created_at <= $3", "$3 IS NOT NULL", "request: answered as it was the first time"},
		{"a request is forgotten while it is carried out", "ForgetRequest", "AND lease_until <= $4", "AND $4 > 0", "request: known for a day"},
		{"rows are pruned too early", "PruneNotifications", "received_at < $2", "received_at <= $2", "prune: what has outlived its time, to the microsecond"},
	})
}
