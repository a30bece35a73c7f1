package store_test

import (
	"database/sql"
	"maps"
	"math"
	"reflect"
	"strings"
)

// The tenants: one has a row of everything, the other has nothing and wants it all.
const (
	tenantA = "ten_a"
	tenantB = "ten_b"
)

// The times of the fixture: rows are old, now is later, and ever comes after everything.
const (
	fixtureOld = 1
	fixtureNow = 1000
	ever       = math.MaxInt64 / 2
)

// fixtureRow are values of a row by column; what is left out comes from fixtureValues.
type fixtureRow map[string]any

// fixtureValues are A's values, by column and by parameter without underscores. Every identifier is in them once.
func fixtureValues() map[string]any {
	values := map[string]any{
		"tenantid": tenantA, "name": "name", "keyhash": "key_hash_a", "fingerprint": []byte{1}, "createdat": fixtureOld, "updatedat": fixtureOld, "kind": "link:push", "hash": "hash_a", "subject": "subject_a",
		"keyid": "key_a", "purpose": "api", "scopes": "*", "secret": []byte{1}, "revokedat": 0, "connectionid": "con_a", "provider": "google",
		"appid": "app_a", "account": []byte{1}, "mailbox": []byte{1}, "appkind": "delegated", "clientid": "client_a", "entratenant": "", "credential": []byte{1}, "reason": "", "lacks": "", "onmoved": "report", "oncancelled": "report", "onedited": "report", "closedat": 0, "returnurl": []byte{1}, "version": 1, "accesstoken": []byte{1}, "refreshtoken": []byte{1}, "expiresat": ever,
		"refreshuntil": fixtureOld, "refreshfence": 1, "flowid": "flw_a", "browserhash": "browser_a", "verifier": []byte{1}, "usedat": 0,
		"bucket": "mailbox/con_a", "until": fixtureNow, "calendarid": "cal_a", "remoteid": []byte{1}, "zone": "UTC", "isprimary": true, "writable": true,
		"targeted": false, "sync": "off", "writabletarget": true, "missed": 0, "vanishedat": 0, "token": []byte{1}, "scope": "scope_a", "windowfrom": 0, "windowuntil": ever,
		"syncedat": fixtureOld, "spacing": 0, "recheck": false, "withheld": 0, "listingid": "lst_a", "page": []byte{1}, "pages": 0,
		"startedat": fixtureNow, "eventid": "evt_a", "etag": "etag_1", "status": "confirmed", "startsat": 10, "lastat": 10, "endsat": 20, "content": []byte{1},
		"missing": 0, "bookingid": "bkg_a", "revision": 1, "sequence": 1, "cancelled": false, "spec": []byte{1}, "slot": []byte{1}, "tzdata": "2026a",
		"reservationtoken": "rsv_a", "acceptedat": fixtureOld, "linkid": "lnk_a", "part": "", "target": true, "authoritative": true, "generation": 1,
		"base": []byte{}, "baseversion": 0, "inflight": []byte{}, "observed": []byte{}, "conference": []byte{}, "missedat": 0, "syncedversion": 0, "failedversion": 0, "writtenat": fixtureOld,
		"channelid": "chn_a", "secrethash": "h", "remote": "", "resource": "", "openedat": 0, "pushedat": fixtureOld, "pushes": 1, "beganat": fixtureOld, "pollinterval": 0, "notificationid": "ntf_a", "receivedat": fixtureOld,
		"endpointid": "end_a", "url": []byte{1}, "description": []byte{1}, "types": "", "previoussecret": []byte{1}, "previousuntil": ever,
		"disabledat": 0, "messageid": "msg_a", "type": "booking.accepted", "position": 1, "data": []byte{1}, "traceparent": "",
		"deliveryid": "dlv_a", "attempts": 1, "attempt": 1, "latency": 1, "failure": "", "answer": []byte{1}, "rejectionid": "rej_a", "payload": []byte{1}, "auditid": "aud_a", "at": fixtureOld, "actor": "test",
		"action": "noun.past", "detail": "{}", "lane": "interactive", "state": "ready", "heldfor": "", "wanted": 1, "done": 0, "wantedat": fixtureOld,
		"notbefore": 0, "inline": false, "leaseuntil": 0, "crashes": 0, "lasterror": "",
		"sealkey": 1, "proof": []byte{1}, "firstusedat": fixtureOld, "retiredat": 0, "place": "", "placeafter": "", "resealed": 0, "found": 0, "unopened": 0,
		"afterlink": "", "links": 1, "drifted": 1, "unreachable": 0, "would": "push", "fields": "", "person": "", "foundat": fixtureOld,
		"direction": "inbound", "guardid": "grd_a", "verdict": "held", "told": 0, "seenat": fixtureOld, "events": 1, "decidedby": "", "was": "held", "seen": 0,
		"allday": false, "free": false, "seriesid": "evt_a", "originalat": 5, "unexpanded": "",
		"meeting": "meeting_a", "missingkey": 0, "lastunopened": 0, "lastmissing": 0, "finishedat": 0,
	}
	maps.Copy(values, map[string]any{
		"now": fixtureNow, "before": ever, "after": "", "afterkind": "", "aftersubject": "", "maxrows": 100, "listedat": ever, "revise": 1,
		"empty": []byte{}, "reset": false, "served": true, "again": false, "fresh": true, "beforeetag": "etag_1", "pending": true, "spent": 1, "since": 0,
		"afterid": "", "afterat": -1, "changedsince": 0, "startsfrom": 0, "lastfrom": 0, "startsbefore": ever, "ofcalendar": "", "ofdiverged": "",
		"aftercalendar": "", "afterevent": "", "ofconnection": "", "ofbooking": "", "ofprovider": "", "ofstate": "", "level": "",
		"resolvedby": "2099a", "revisions": `{"bkg_a":1}`, "takenafter": 0, "takenbefore": ever, "starts": `{"20":0}`, "earlier": 0, "later": 10,
		"beside": false, "deciding": 4, "excused": false, "suspect": false,
	})
	return values
}

// fixtureRows are A's rows in the order in which they may be inserted. A table has as many as its queries need to find.
func fixtureRows() []struct {
	table string
	rows  []fixtureRow
} {
	type of = struct {
		table string
		rows  []fixtureRow
	}
	one := []fixtureRow{{}}
	return []of{
		{"tenants", one},
		{"directory", one},
		{"keys", one},
		{"connections", []fixtureRow{{"state": "needs_reauth"}, {"connection_id": "con_abandoned", "state": "pending"}, {"connection_id": "con_closing", "state": "disconnecting"}}},
		{"applications", one},
		{"grants", one},
		{"oauth_flows", []fixtureRow{{"state": []byte{1}}}},
		{"penalties", one},
		{"calendars", one},
		{"cursors", one},
		{"listings", one},
		{"staged", []fixtureRow{{"etag": "etag_2", "kind": "series"}, {"event_id": "evt_ended", "kind": "series", "status": "cancelled"}}},
		{"staged_occurrences", []fixtureRow{{"original_at": 30}}},
		{"occurrences", []fixtureRow{{"original_at": 10}}},
		{"events", []fixtureRow{
			{"updated_at": fixtureNow},
			{"event_id": "evt_missed", "listing_id": ""},
			{"event_id": "evt_missed_twice", "missing": 2, "listing_id": ""},
			{"event_id": "evt_gone", "status": "cancelled", "listing_id": ""},
			{"event_id": "evt_occurrence", "kind": "occurrence"},
			{"event_id": "evt_lacked", "kind": "exception", "missing": 1, "updated_at": fixtureNow},
			{"event_id": "evt_part", "kind": "exception", "series_id": "evt_ended"},
			{"event_id": "evt_unexpanded", "kind": "series", "unexpanded": "too many"},
		}},
		{"bookings", one},
		{"booking_versions", one},
		{"links", []fixtureRow{{"state": "pending", "etag": "etag_0"}, {"link_id": "lnk_diverged", "part": "x", "state": "diverged"}}},
		{"link_writes", one},
		{"drift_audits", one},
		{"drifts", one},
		{"deletions", []fixtureRow{{}, {"generation": 0, "verdict": "let"}}},
		{"guards", []fixtureRow{{"state": "open", "events": 9}, {"guard_id": "grd_old", "state": "approved"}}},
		{"guard_tallies", one},
		{"channels", []fixtureRow{{"state": "open"}, {"channel_id": "chn_closed", "state": "closed"}}},
		{"notifications", one},
		{"endpoints", []fixtureRow{{"state": "enabled"}}},
		{"messages", []fixtureRow{{}, {"message_id": "msg_unplaced", "position": nil}}},
		{"feeds", one},
		{"deliveries", []fixtureRow{
			{"state": "delivered", "status": 200},
			{"delivery_id": "dlv_failed", "message_id": "msg_unplaced", "state": "failed", "status": 500},
		}},
		{"attempts", []fixtureRow{{"status": 500}}},
		{"rejections", one},
		{"requests", []fixtureRow{{"state": "running", "token": "att_a"}, {"key_hash": "key_hash_old", "state": "answered", "token": "att_b"}}},
		{"audit", one},
		{"seal_keys", one},
		{"seal_rotations", one},
		{"work", []fixtureRow{
			{"token": 0},
			{"subject": "held", "token": 0, "state": "held", "held_for": "reauth"},
			{"subject": "lnk_a", "token": 0, "state": "dead"},
			{"subject": "leased", "token": 5, "lease_until": ever},
			{"subject": "done", "token": 5, "done": 1},
			{"kind": "delivery:send", "subject": "dlv_a", "token": 0},
		}},
	}
}

// arguments are what single queries need to meet A's rows, beyond what fixtureValues says.
func arguments() map[string]map[string]any {
	return map[string]map[string]any{
		"ReviveWork": {"subject": "held"}, "UnseatWork": {"subject": "leased"}, "ForgetWork": {"subject": "done", "token": 5},
		"FenceWork": {"subject": "leased", "token": 5}, "FinishWork": {"subject": "leased", "token": 5},
		"MoveConnection": {"state": "active"}, "MoveChannel": {"state": "closing"}, "InsertFlow": {"state": []byte{1}}, "RevokeKey": {"revokedat": fixtureNow},
		"CalendarsAfter": {"writable": ""}, "BookingsChanged": {"afterat": fixtureOld}, "BookingsStarting": {"afterat": 10},
		"PlaceMessage": {"messageid": "msg_unplaced", "position": 2}, "MessagesAfter": {"after": 0}, "AdvanceFeed": {"position": 2},
		"DirectoryEntries": {}, "EndConnection": {"connectionid": "con_closing"}, "LearnChannel": {"remote": "r", "resource": "s"}, "Penalise": {"until": ever}, "PenaltiesByBucket": {"mailbox": "mailbox/con_a", "application": "application/google"}, "SettleDelivery": {"status": 500},
		"InsertAttempt": {"attempt": 2, "status": 500}, "DeliveriesBefore": {"before": "~", "state": "delivered"},
		"InsertRequest": {"token": "att_c"}, "TakeRequest": {"token": "att_c"}, "CommitRequest": {"token": "att_a"}, "AnswerRequest": {"token": "att_a"},
		"ChannelEntries": {"hashes": `{"hash_a":0}`}, "ChannelsByID": {"channels": `{"chn_a":0}`}, "CountPushes": {"channels": `{"chn_a":{"pushes":1}}`}, "FollowingsOf": {"calendars": `{"cal_a":0}`}, "HastenWork": {"notbefore": -1}, "MarkCalendars": {"calendars": `{"cal_a":{"trace":""}}`},
		"InsertNotifications": {"notifications": `{"ntf_new":{"channel":"chn_a","kind":"k","trace":""}}`},
		"GuardsAfter":         {"ofstate": "open", "ofcalendar": ""}, "CountDeletions": {"since": 0},
		"LeaveWindow": {"windowfrom": 100}, "ForsakeOccurrences": {"windowfrom": 100},
		"LeaseOf":        {"subject": "leased", "token": 5},
		"DeadWork":       {"subject": "lnk_a"},
		"ReleaseRequest": {"token": "att_a"}, "EndedFlows": {"before": ever + 1}, "PruneFlows": {"before": ever + 1},
	}
}

// plant puts A's rows into the database.
func (h *harness) plant() {
	h.Helper()
	values := fixtureValues()
	planted := map[string]bool{}
	for _, f := range fixtureRows() {
		planted[f.table] = true
		columns := h.columns(f.table)
		for _, row := range f.rows {
			filled := map[string]any{}
			for _, column := range columns {
				value, ok := row[column]
				if !ok {
					value, ok = values[strings.ReplaceAll(column, "_", "")]
				}
				if !ok {
					h.Fatalf("%s.%s is not in the fixture", f.table, column)
				}
				filled[column] = value
			}
			h.insert(f.table, filled)
		}
	}
	for _, table := range h.tables() {
		if !planted[table] {
			h.Errorf("%s is not in the fixture", table)
		}
	}
}

// columns are the names of a table's columns.
func (h *harness) columns(table string) []string {
	h.Helper()
	query := `SELECT column_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1`
	if h.backend.name() == "sqlite" {
		query = `SELECT name FROM pragma_table_info($1)`
	}
	var columns []string
	for _, row := range h.query(query, table) {
		columns = append(columns, row["name"])
	}
	return columns
}

// fill makes the parameters of a query as the tenant: its own name, and A's for everything else.
func (h *harness) fill(query, tenant string, params reflect.Value) {
	h.Helper()
	values := fixtureValues()
	maps.Copy(values, arguments()[query])
	values["tenantid"] = tenant
	for i := range params.NumField() {
		name := params.Type().Field(i).Name
		value, ok := values[strings.ToLower(name)]
		if !ok {
			h.Fatalf("the fixture has no value for %s of %s", name, query)
		}
		field := params.Field(i)
		if field.Type() == reflect.TypeFor[sql.NullInt64]() {
			n, _ := value.(int)
			value = sql.NullInt64{Int64: int64(n), Valid: true}
		}
		if !reflect.TypeOf(value).ConvertibleTo(field.Type()) {
			h.Fatalf("the fixture's value for %s of %s is %v", name, query, value)
		}
		field.Set(reflect.ValueOf(value).Convert(field.Type()))
	}
}
