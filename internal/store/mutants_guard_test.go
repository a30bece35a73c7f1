package store_test

// guardMutants slip where deletions are counted, held and decided about.
func guardMutants() []mutant {
	const day, ends, grows, prunes = "guard: what trickles counts for a day", "guard: what comes back ends the hold by itself", "guard: one hold, which grows and is told once", "guard: what is forgotten, and what is not"
	const once, half, rejected = "guard: decided once, about what was seen", "guard: a share of what is booked, and never one or two", "guard: rejected deletions are made anew, once"
	return slips([]slipped{
		{"a deletion counts for ever", "CountDeletions", "seen_at > $4", "$4 IS NOT NULL", day},
		{"what was let through does not count", "CountDeletions", "verdict = 'let'", "verdict = 'held'", day},
		{"what was decided about counts", "CountDeletions", "verdict = 'let'", "verdict <> 'held'", day},
		{"an approval starts no count", "SetTally", "since = $2", "since = 0 * $2", "guard: approved deletions go through, and the count begins anew"},
		{"a hold is forgotten", "SetTally", "guard_id = $1", "guard_id = SUBSTR($1, 1, 0)", "guard: nothing more is let through while a hold is open"},
		{"what was cancelled counts as booked", "BookedLinks", "AND NOT b.cancelled", "", half},
		{"what does not stand counts as booked", "BookedLinks", "AND l.event_id <> ''", "", half},
		{"what was over stays over", "PutDeletion", "deletions.verdict = 'over'", "deletions.verdict = ''", "guard: what comes back and goes again is held again"},
		{"a hold is told with each event", "TellGuard", "events >= 2 * told AND events >= told + 5", "events > told", "guard: a hold that has become much larger is told again"},
		{"a hold is told as if it had never been", "TellGuard", "SET told = events", "SET told = told", "guard: a hold that has become much larger is told again"},
		{"what a listing has missed too is in doubt", "DoubtedDeletions", " AND e.missing = 0", "", "guard: what only runs have missed is worth another look"},
		{"a hold does not grow", "ChangeGuard", "events = events + $1", "events = events + 0 * $1", grows},
		{"a hold that changes looks the same", "ChangeGuard", "revision = revision + 1, ", "", grows},
		{"what was decided is decided again", "DecideGuard", "AND state = 'open' ", "", once},
		{"a decision is about what nobody saw", "DecideGuard", "OR revision = $6", "OR $6 IS NOT NULL", once},
		{"a decision is about what has come back", "DecideDeletions", "AND verdict = 'held'", "", "guard: released work is approved alone"},
		{"a rejection is for good", "MoveDeletion", "SET verdict = $1", "SET verdict = CASE WHEN verdict = 'rejected' THEN verdict ELSE $1 END", rejected},
		{"decided holds are listed as open", "GuardsAfter", "guards.state = $3", "$3 IS NOT NULL", ends},
		{"holds are listed of every calendar", "GuardsAfter", "OR guards.calendar_id = $4", "OR guards.calendar_id <> ''", "guard: holds are listed page by page, the open ones by themselves"},
		{"a page of deletions begins anew", "DeletionsOfGuard", "link_id > $3", "$3 IS NOT NULL", "guard: holds are listed page by page, the open ones by themselves"},
		{"an operator's word is pruned", "PruneDeletions", "AND verdict IN ('let', 'over', 'done')", "", prunes},
		{"what is let through is kept for ever", "PruneDeletions", "'let', ", "", prunes},
		{"an event that is back goes unseen", "TouchedLinks", " OR d.verdict = 'held')", ")", ends},
		{"a run does not know what is held", "LinkCase", "deletions.verdict IN ('held', ", "deletions.verdict IN (", "guard: what is not wanted any more leaves the hold"},
	})
}
