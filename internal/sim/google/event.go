package google

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"reflect"
	"strings"
	"time"

	"github.com/calweave/calweave/internal/sim/stage"
)

const (
	confirmed = "confirmed"
	cancelled = "cancelled"
)

// event is one state of an event. It is never changed once it is stored.
type event struct {
	content

	id       string
	etag     string
	iCalUID  string
	sequence int64
	created  time.Time
	updated  time.Time
	creator  string
	// organizer is the calendar that the event belongs to.
	organizer string
	// master is the series that the event is an occurrence of, or "", and original the start that the series gave it.
	master   string
	original moment
}

// kind is the event's type.
func (e *event) kind() string {
	if t := e.text("eventType"); t != "" {
		return t
	}
	return "default"
}

func (e *event) gone() bool { return e.status == cancelled }

func (e *event) series() bool { return e.rules != nil }

// wire is the event as the API shows it in the calendar, with times in the zone.
func (e *event) wire(cal *calendar, in *time.Location) map[string]any {
	v := make(map[string]any, len(e.fields)+24)
	for name, raw := range e.fields {
		v[name] = raw
	}
	maps.Copy(v, map[string]any{
		"kind": "calendar#event", "etag": e.etag, "id": e.id, "status": e.status,
		"htmlLink": "https://www.google.com/calendar/event?eid=" + base64.RawURLEncoding.EncodeToString([]byte(e.id+" "+cal.id)),
		"created":  millis(e.created), "updated": millis(e.updated), "iCalUID": e.iCalUID, "sequence": e.sequence,
		"creator": e.actor(e.creator, cal), "organizer": e.actor(e.organizer, cal),
		"start": e.start.wire(in), "end": e.end.wire(in),
	})
	if _, written := v["eventType"]; !written {
		v["eventType"] = "default"
	}
	if _, written := v["reminders"]; !written {
		v["reminders"] = map[string]bool{"useDefault": true}
	}
	if len(e.attendees) > 0 {
		v["attendees"] = shown(e.attendees, e.organizer, cal.id)
	}
	if !e.properties.empty() {
		v["extendedProperties"] = e.properties
	}
	if e.series() {
		v["recurrence"] = e.recurrence
	}
	e.belongs(v, in)
	return v
}

// actor is the creator or organizer; self means the calendar on which this copy of the event appears.
func (e *event) actor(email string, cal *calendar) map[string]any {
	who := map[string]any{"email": email}
	if strings.EqualFold(email, cal.id) {
		who["self"] = true
	}
	return who
}

// belongs adds what ties an occurrence to its series.
func (e *event) belongs(v map[string]any, in *time.Location) {
	if e.master != "" {
		v["recurringEventId"], v["originalStartTime"] = e.master, e.original.wire(in)
	}
}

// veiled reports whether the role sees no details of the event: free and busy only, or a private event without the right to private ones
// (https://developers.google.com/workspace/calendar/api/v3/reference/acl#role).
func (e *event) veiled(role stage.Role) bool {
	if role == stage.RoleFreeBusyReader {
		return true
	}
	private := e.text("visibility") == "private" || e.text("visibility") == "confidential"
	return private && !atLeast(role, stage.RoleWriter)
}

// busy is the event as someone sees it who may know no more than when its owner is busy.
func (e *event) busy(in *time.Location) map[string]any {
	v := map[string]any{
		"kind": "calendar#event", "etag": e.etag, "id": e.id, "status": e.status, "updated": millis(e.updated), "iCalUID": e.iCalUID,
		"visibility": "private", "start": e.start.wire(in), "end": e.end.wire(in), "eventType": "default",
	}
	e.belongs(v, in)
	return v
}

// tombstone is a deleted event in a listing: only its id is sure, and for an occurrence what ties it to its series
// (https://developers.google.com/workspace/calendar/api/v3/reference/events#status).
func (e *event) tombstone(in *time.Location) map[string]any {
	v := map[string]any{"kind": "calendar#event", "etag": e.etag, "id": e.id, "status": cancelled}
	e.belongs(v, in)
	return v
}

// document is what a client may write, as it is now: what a patch is applied to.
func (e *event) document() (map[string]json.RawMessage, error) {
	doc := maps.Clone(e.fields)
	for name, v := range map[string]any{
		"start": e.start.stored(), "end": e.end.stored(), "attendees": e.attendees, "extendedProperties": e.properties,
		"recurrence": e.recurrence, "status": e.status,
	} {
		raw, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		doc[name] = raw
	}
	return doc, nil
}

// stored is the moment in its own zone.
func (m moment) stored() wireMoment {
	if m.allDay {
		return m.wire(time.UTC)
	}
	return wireMoment{DateTime: m.at.Format(time.RFC3339), TimeZone: m.zone}
}

// sameBut reports whether two contents are the same but for the one field.
func sameBut(field string, a, b content) bool {
	a.fields, b.fields = maps.Clone(a.fields), maps.Clone(b.fields)
	delete(a.fields, field)
	delete(b.fields, field)
	a.sequence, b.sequence = nil, nil
	return reflect.DeepEqual(a, b)
}
