package google

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/calweave/calweave/internal/sim/stage"
)

// writing is one write of a person or client to a calendar.
type writing struct {
	cal *calendar
	// by is the account that writes.
	by string
	// notify is sendUpdates: all, externalOnly or none.
	notify  string
	ifMatch string
	// private says that nobody else is to learn of the write: not by mail and not in a calendar of theirs.
	private bool
	// guest says that the write is what a guest's own write means for the organizer's event.
	guest   bool
	options writeOptions
	// most is how many guests the answer may show; 0 is all.
	most int
}

// insert stores a new event (https://developers.google.com/workspace/calendar/api/v3/reference/events/insert). s.mu is held.
func (s *Server) insert(w writing, doc map[string]json.RawMessage) (*event, error) {
	var id, uid string
	if err := decode(doc, "id", &id); err != nil {
		return nil, err
	}
	if err := decode(doc, "iCalUID", &uid); err != nil {
		return nil, err
	}
	if id != "" && uid != "" && uid != id+"@google.com" {
		return nil, invalid("Only one of id and iCalUID can be given.")
	}
	if id == "" {
		id = s.world.IDs.Base32(26)
	}
	if !validID(id) {
		return nil, invalid("Invalid resource id value.")
	}
	if err := checkType(doc, w.cal); err != nil {
		return nil, err
	}
	if w.cal.events[id] != nil { // a deleted event keeps its id for good
		return nil, failed(http.StatusConflict, "duplicate", "The requested identifier already exists.")
	}
	e, err := s.build(w, doc, uid)
	if err != nil {
		return nil, err
	}
	e.id = id
	if uid == "" {
		e.iCalUID = id + "@google.com"
	}
	s.commit(w, nil, e)
	return e, nil
}

// build makes a new event of what a client wrote, without storing it. s.mu is held.
func (s *Server) build(w writing, doc map[string]json.RawMessage, uid string) (*event, error) {
	c, err := s.parseContent(doc, w.cal, w.options)
	if err != nil {
		return nil, err
	}
	e := &event{content: c, id: s.world.IDs.Base32(26), iCalUID: uid, created: s.world.Now(), creator: w.by, organizer: w.cal.id}
	if err := s.confer(&e.content, nil); err != nil {
		return nil, err
	}
	if e.status == "" {
		e.status = confirmed
	}
	if c.sequence != nil {
		e.sequence = *c.sequence
	}
	return e, nil
}

// checkType refuses what clients cannot make: mails that Google reads become events by themselves, and the events of a person's whereabouts
// live in the primary calendar only (https://developers.google.com/workspace/calendar/api/guides/event-types).
func checkType(doc map[string]json.RawMessage, cal *calendar) error {
	var kind string
	if err := decode(doc, "eventType", &kind); err != nil {
		return err
	}
	switch kind {
	case "fromGmail":
		return invalid("Events of type fromGmail cannot be created.")
	case "workingLocation", "outOfOffice", "focusTime", "birthday":
		if !strings.EqualFold(cal.id, cal.owner) {
			return invalid("Events of type " + kind + " can only be created in a primary calendar.")
		}
	}
	return nil
}

// validID reports whether a client may choose the id: base32hex in lower case, 5 to 1024 characters.
func validID(id string) bool {
	if len(id) < 5 || len(id) > 1024 {
		return false
	}
	return !strings.ContainsFunc(id, func(r rune) bool { return (r < 'a' || r > 'v') && (r < '0' || r > '9') })
}

// replace stores a new state of the event, as PUT does: what is not written is reset. s.mu is held.
func (s *Server) replace(w writing, old *event, doc map[string]json.RawMessage) (*event, error) {
	if err := w.matches(old.etag); err != nil {
		return nil, err
	}
	c, err := s.parseContent(doc, w.cal, w.options)
	if err != nil {
		return nil, err
	}
	c.attendees = completed(doc, old.attendees, c.attendees)
	if c.sequence != nil && *c.sequence < old.sequence {
		return nil, invalid("Invalid sequence value. The specified sequence number is below the current sequence number of the resource. Re-fetch the resource and use its sequence number on the following request.")
	}
	e := &event{
		content: c, id: old.id, iCalUID: old.iCalUID, created: old.created, creator: old.creator, organizer: old.organizer,
		sequence: old.sequence, etag: old.etag, updated: old.updated, master: old.master, original: old.original,
	}
	if e.master != "" && e.series() {
		return nil, invalid("An occurrence of a recurring event cannot recur.")
	}
	if err := s.confer(&e.content, old); err != nil {
		return nil, err
	}
	e.keep(old)
	after, err := s.asGuest(w, old, e)
	if err != nil {
		return nil, err
	}
	if rescheduled(old, e) {
		e.sequence++
	}
	if c.sequence != nil {
		e.sequence = max(e.sequence, *c.sequence)
	}
	s.commit(w, old, e)
	if after != nil {
		after()
	}
	return w.cal.events[e.id], nil
}

// keep takes over what a write never changes: the type of the event and the link to its conference, and its status if the write does not say it.
func (e *event) keep(old *event) {
	if e.status == "" {
		e.status = old.status
	}
	delete(e.fields, "eventType")
	if raw := old.fields["eventType"]; raw != nil {
		e.fields["eventType"] = raw
	}
	if raw := old.fields["hangoutLink"]; raw != nil && sameJSON(old.fields["conferenceData"], e.fields["conferenceData"]) {
		e.fields["hangoutLink"] = raw
	}
}

func rescheduled(old, e *event) bool {
	return old.start != e.start || old.end != e.end || !slices.Equal(old.recurrence, e.recurrence) || old.status != e.status
}

// patch changes what is written and nothing else. s.mu is held.
func (s *Server) patch(w writing, old *event, changes map[string]json.RawMessage) (*event, error) {
	doc, err := old.document()
	if err != nil {
		return nil, err
	}
	// What is there already needs no permission to stay.
	w.options.conferences = w.options.conferences || changes["conferenceData"] == nil
	w.options.attachments = w.options.attachments || changes["attachments"] == nil
	return s.replace(w, old, merge(doc, changes))
}

// remove deletes the event; its id is never free again. s.mu is held.
func (s *Server) remove(w writing, old *event) error {
	if old.gone() {
		return deleted()
	}
	if err := w.matches(old.etag); err != nil {
		return err
	}
	e := *old
	e.status = cancelled
	e.sequence++
	s.commit(w, old, &e)
	s.leave(w, old)
	return nil
}

// matches compares the If-Match header (https://developers.google.com/workspace/calendar/api/guides/version-resources).
func (w writing) matches(etag string) error {
	if w.ifMatch == "" || w.ifMatch == "*" || w.ifMatch == etag {
		return nil
	}
	return conditionNotMet()
}

// commit stores a state, tells the channels and mails the guests. A change of nothing but reminders is not seen by anyone
// (https://developers.google.com/workspace/calendar/api/v3/reference/events#updated). s.mu is held.
func (s *Server) commit(w writing, old, e *event) {
	silent := w.cal.events[e.id] != nil && sameBut("reminders", old.content, e.content) && !reflect.DeepEqual(old.fields["reminders"], e.fields["reminders"])
	if !silent {
		now := s.world.Now()
		e.etag, e.updated, w.cal.updated = quoted(w.cal.nextStamp(now)), now, now
		before := w.cal.journal.Latest(e.id)
		w.cal.journal.Record(e.id)
		w.cal.remember(old, e, before)
	}
	w.cal.events[e.id] = e
	w.cal.writes++
	s.settle(w.cal, old, e)
	if silent {
		return
	}
	s.mail(w, old, e)
	s.share(w, old, e)
	s.push(&w.cal.channels, stateExists)
	s.world.Signal.Raise()
}

// mayWrite fails unless the role allows writing.
func mayWrite(role stage.Role) error {
	if atLeast(role, "writerWithoutPrivateAccess") {
		return nil
	}
	return failed(http.StatusForbidden, "requiredAccessLevel", "You need to have writer access to this calendar.").in("calendar")
}
