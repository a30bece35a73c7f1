package tinydriver

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/zone"
)

// event is an event as the server tells it: its moments and guests happen to look like cal's. Whatever it has beside is neither read nor written.
type event struct {
	ID       string         `json:"id"`
	Revision string         `json:"revision"`
	Status   string         `json:"status"`
	Key      string         `json:"key"`
	Title    string         `json:"title"`
	Notes    string         `json:"notes"`
	Place    string         `json:"place"`
	Start    cal.Moment     `json:"start"`
	End      cal.Moment     `json:"end"`
	Guests   []cal.Attendee `json:"guests"`
	Updated  time.Time      `json:"updated"`
	// Days is the length of a daily series. Each of its occurrences is an event, too, which knows its series and its place in it.
	Days     int        `json:"days"`
	PartOf   string     `json:"part_of"`
	Original cal.Moment `json:"original_start"`
	// Changed says that an occurrence no longer follows its series.
	Changed bool `json:"changed"`
}

var (
	errID   = errors.New("no id")
	errSlot = errors.New("no start and end that belong together")
)

// event reads an event. A status that nobody knows is that of an event that takes place; a deleted event has no more than its id to be sure of.
func (e event) event() (cal.Event, error) {
	if e.ID == "" {
		return cal.Event{}, errID
	}
	out := cal.Event{
		ID: cal.EventID(e.ID), ETag: e.Revision, Stamp: e.Key, Status: cal.StatusConfirmed, Kind: e.kind(), Series: cal.EventID(e.PartOf),
		OriginalStart: moment(e.Original), Updated: e.Updated,
	}
	switch e.Status {
	case "cancelled":
		out.Status = cal.StatusCancelled
		return out, nil
	case "tentative":
		out.Status = cal.StatusTentative
	}
	slot := cal.Slot{Start: moment(e.Start), End: moment(e.End)}
	if slot.AllDay() != (slot.End.Date != "") || !slot.AllDay() && (slot.Start.Instant.IsZero() || slot.End.Instant.IsZero()) {
		return cal.Event{}, errSlot
	}
	out.Content = cal.Content{Title: e.Title, Description: e.Notes, Location: e.Place, Slot: slot}
	for _, g := range e.Guests {
		switch g.Response {
		case cal.ResponseAccepted, cal.ResponseDeclined, cal.ResponseTentative, cal.ResponseNone:
		default: // the server may come up with others
			g.Response = cal.ResponseNone
		}
		out.Content.Attendees = append(out.Content.Attendees, g)
	}
	return out, nil
}

func (e event) kind() cal.EventKind {
	switch {
	case e.PartOf != "" && e.Changed:
		return cal.KindException
	case e.PartOf != "":
		return cal.KindOccurrence
	case e.Days > 0:
		return cal.KindSeries
	default:
		return cal.KindSingle
	}
}

// moment reads a moment: a date, or an instant in whole seconds and its zone.
func moment(m cal.Moment) cal.Moment {
	if m.Date != "" {
		return cal.Moment{Date: m.Date}
	}
	name, _ := zone.Canonical(m.Zone) // none, if nobody knows the zone
	return cal.Moment{Instant: m.Instant.UTC().Truncate(time.Second), Zone: name}
}

// bodyOf holds the fields and nothing else. Guests are invited and uninvited, never written as a list.
func bodyOf(c cal.Content, fields cal.Fields) map[string]any {
	body := map[string]any{}
	for _, f := range fields.Each() {
		switch f {
		case cal.FieldTitle:
			body["title"] = c.Title
		case cal.FieldDescription:
			body["notes"] = c.Description
		case cal.FieldLocation:
			body["place"] = c.Location
		case cal.FieldSlot:
			body["start"], body["end"] = c.Slot.Start, c.Slot.End
		case cal.FieldAttendees, cal.FieldRecurrence: // and it keeps no series
		}
	}
	return body
}

// invited is whom to invite, without their answers, which are theirs to give.
func invited(all []cal.Attendee) []cal.Attendee {
	out := make([]cal.Attendee, 0, len(all))
	for _, a := range all {
		a.Response = ""
		out = append(out, a)
	}
	return out
}

// itemOf reads a row. One that cannot be read is withheld, under a name made of its bytes if it has no id, in words that hold nothing of it.
func itemOf(row json.RawMessage) cal.Item {
	var e event
	err := json.Unmarshal(row, &e)
	if err != nil {
		err = errors.New("a field has another type than documented")
	}
	read, unread := e.event()
	if err == nil || read.Gone() {
		err = unread
	}
	if err == nil {
		return cal.Item{Event: read}
	}
	if e.ID == "" {
		sum := sha256.Sum256(row)
		e.ID = "unreadable-" + hex.EncodeToString(sum[:8])
	}
	return cal.Item{Event: cal.Event{ID: cal.EventID(e.ID)}, Withheld: err.Error()}
}
