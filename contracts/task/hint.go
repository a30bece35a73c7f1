package task

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/cal"
)

// Kind names a kind of work, as noun:verb. It is the Asynq type of a hint and stands in the work table.
type Kind string

// The kinds, with what their subject is.
const (
	// LinkPush brings one link and its event into agreement, in both directions. Subject: a link.
	LinkPush Kind = "link:push"
	// CalendarSync lists what changed in one calendar. Subject: a calendar.
	CalendarSync Kind = "calendar:sync"
	// CalendarWatch opens, renews and replaces the channel of one calendar. Subject: a calendar.
	CalendarWatch Kind = "calendar:watch"
	// CalendarRenew marks CalendarWatch when the channel has lived half its life. Subject: a calendar.
	CalendarRenew Kind = "calendar:renew"
	// CalendarPoll marks CalendarSync on a schedule. Subject: a calendar.
	CalendarPoll Kind = "calendar:poll"
	// CalendarAudit compares the links of one calendar with their events on a schedule, and reports what does not agree. Subject: a calendar.
	CalendarAudit Kind = "calendar:audit"
	// ConnectionDiscover lists the calendars of one connection. Subject: a connection.
	ConnectionDiscover Kind = "connection:discover"
	// ConnectionClose ends channels and grant of a connection that was disconnected. Subject: a connection.
	ConnectionClose Kind = "connection:close"
	// GrantKeep refreshes the grant of one connection before its access token ends, and often enough for it to stay alive. Subject: a connection.
	GrantKeep Kind = "grant:keep"
	// DeliverySend sends one message to one endpoint. Subject: a delivery.
	DeliverySend Kind = "delivery:send"
	// TenantPrune deletes what has outlived its retention. Subject: the tenant itself.
	TenantPrune Kind = "tenant:prune"
	// SealRotate seals a tenant's values anew with the key in force. Subject: the tenant itself.
	SealRotate Kind = "seal:rotate"
	// ZoneRefresh resolves a tenant's bookings to come by the time-zone data in force. Subject: the tenant itself.
	ZoneRefresh Kind = "zone:refresh"
)

// Kinds returns every kind.
func Kinds() []Kind {
	return []Kind{LinkPush, CalendarSync, CalendarWatch, CalendarRenew, CalendarPoll, CalendarAudit, ConnectionDiscover, ConnectionClose, GrantKeep, DeliverySend, TenantPrune, SealRotate, ZoneRefresh}
}

// Lane is how urgent a piece of work is. Each lane is an Asynq queue of its own.
type Lane string

// The lanes. Interactive work follows from what a person or a core has just done; Background from schedules and retries; Bulk from imports
// and resyncs, and enters the queue through the sweep only.
const (
	Interactive Lane = "interactive"
	Background  Lane = "background"
	Bulk        Lane = "bulk"
)

// Lanes returns every lane, the most urgent first.
func Lanes() []Lane { return []Lane{Interactive, Background, Bulk} }

// Ref names one row of the work table.
type Ref struct {
	Tenant  cal.TenantID `json:"tenant_id"`
	Kind    Kind         `json:"kind"`
	Subject string       `json:"subject"`
}

// String gives the row's name as it stands in logs and task ids.
func (r Ref) String() string { return string(r.Kind) + "/" + string(r.Tenant) + "/" + r.Subject }

// Hint says that a row of the work table may be due. It carries no truth: whoever receives it claims the row in SQL or drops the hint.
type Hint struct {
	Schema int `json:"schema"`
	Ref
	Lane        Lane   `json:"lane"`
	Traceparent string `json:"traceparent,omitempty"`
	// Again marks the hint that follows from the row's own work, which is still in the queue under the name of the hint that led to it.
	Again bool `json:"-"`
	// Due names the hint of a row that comes due at a moment after that moment, whoever gives it: such a row has been in the queue before, and some of
	// those hints may still be there. Zero for rows that are due by what was just asked of them.
	Due time.Time `json:"-"`
}

// ParseHint reads a hint and refuses what it cannot act on. A newer schema may have fields that are unknown here: a hint names a row, and all else
// in it can be done without.
func ParseHint(payload []byte) (Hint, error) {
	h, err := decode(payload, false)
	if err == nil && h.Schema <= SchemaVersion {
		h, err = decode(payload, true)
	}
	if err != nil {
		return Hint{}, err
	}
	if !Readable(h.Schema) {
		return Hint{}, fmt.Errorf("hint: schema %d, this build reads the neighbours of %d", h.Schema, SchemaVersion)
	}
	if h.Tenant == "" || h.Subject == "" || !slices.Contains(Kinds(), h.Kind) || !slices.Contains(Lanes(), h.Lane) {
		return Hint{}, fmt.Errorf("hint: tenant, subject, kind or lane missing or unknown in %s", h.Ref)
	}
	return h, nil
}

func decode(payload []byte, strict bool) (Hint, error) {
	var h Hint
	dec := json.NewDecoder(bytes.NewReader(payload))
	if strict {
		dec.DisallowUnknownFields()
	}
	if err := dec.Decode(&h); err != nil {
		return Hint{}, fmt.Errorf("hint: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Hint{}, errors.New("hint: more than one JSON value")
	}
	return h, nil
}
