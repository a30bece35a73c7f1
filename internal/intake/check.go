package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/zone"
)

// longest is how long a booking may last. Longer ones are a mistake in a year far more often than they are meant.
const longest = 366 * 24 * time.Hour

// problems gathers everything that is wrong with a document, so that it is mended in one go.
type problems []message.Problem

func (p *problems) add(pointer, format string, args ...any) {
	*p = append(*p, message.Problem{Pointer: pointer, Detail: fmt.Sprintf(format, args...)})
}

func (p problems) refusal() error {
	if len(p) == 0 {
		return nil
	}
	return &record.RefusalError{Reason: record.ReasonInvalid, Detail: "the booking cannot be accepted as it is", Problems: p}
}

// check returns the booking with its defaults filled in and its slot worked out, or all that is wrong with it. Its shape was checked before,
// against the schema; this is what a schema cannot say.
func check(b cal.Booking) (cal.Booking, cal.Slot, error) { return checkBy(zone.Tables{}, b) }

// checkBy is check by a version of the time-zone data.
func checkBy(zones zone.Tables, b cal.Booking) (cal.Booking, cal.Slot, error) {
	var p problems
	if b.Notify == "" {
		b.Notify = cal.NotifyNone
	}
	slot := checkSlot(zones, b, &p)
	if len(p) == 0 {
		checkSeries(zones, b, slot, &p)
	}
	b.Targets = checkTargets(b.Targets, &p)
	checkAttendees(b.Attendees, &p)
	if strings.TrimSpace(b.Title) == "" {
		p.add("/title", "the title is blank: providers show an event without one as busy time of unknown origin")
	}
	return b, slot, p.refusal()
}

func checkSlot(zones zone.Tables, b cal.Booking, p *problems) cal.Slot {
	start, okStart := resolve(zones, b.Start, "/start", p)
	end, okEnd := resolve(zones, b.End, "/end", p)
	slot := cal.Slot{Start: start, End: end}
	if !okStart || !okEnd {
		return slot
	}
	if (start.Date == "") != (end.Date == "") {
		p.add("/end", "start and end are of two kinds: give both as date (all-day) or both as date_time")
		return slot
	}
	checkLength(slot, "/end", p)
	return slot
}

// checkLength holds a slot to what every slot is held to. at points at its end.
func checkLength(slot cal.Slot, at string, p *problems) {
	switch length := lengthOf(slot); {
	case length < 0:
		p.add(at, "the end is before the start")
	case length == 0 && slot.AllDay():
		p.add(at, "the end of an all-day booking is the day after its last day: for one day give the next date")
	case length == 0:
		p.add(at, "the end is the start: a booking takes time")
	case length > longest:
		p.add(at, "the booking is longer than %d days: check the year", int(longest.Hours()/24))
	}
}

func resolve(zones zone.Tables, w cal.When, at string, p *problems) (cal.Moment, bool) {
	m, err := zones.Resolve(w)
	if err == nil {
		return m, true
	}
	pointer := at
	var whenErr *zone.WhenError
	if errors.As(err, &whenErr) && whenErr.Field != "" {
		pointer += "/" + whenErr.Field
	}
	p.add(pointer, "%s", err.Error())
	return m, false
}

// checkTargets returns the targets with one of them authoritative.
func checkTargets(in []cal.Target, p *problems) []cal.Target {
	if len(in) == 0 {
		p.add("/targets", "a booking without a target stands nowhere: name at least one calendar")
		return nil
	}
	out := make([]cal.Target, len(in))
	copy(out, in)
	seen, authoritative := map[cal.CalendarID]bool{}, 0
	for i, t := range out {
		if seen[t.CalendarID] {
			p.add(fmt.Sprintf("/targets/%d/calendar_id", i), "the calendar is a target already: name each once")
		}
		seen[t.CalendarID] = true
		if t.Authoritative {
			authoritative++
		}
	}
	switch {
	case authoritative > 1:
		p.add("/targets", "%d targets are authoritative: guests stand on one target only", authoritative)
	case authoritative == 0:
		out[0].Authoritative = true
	}
	return out
}

func checkAttendees(all []cal.Attendee, p *problems) {
	seen := map[string]bool{}
	for i, a := range all {
		pointer := fmt.Sprintf("/attendees/%d/email", i)
		parsed, err := mail.ParseAddress(a.Email)
		if err != nil || parsed.Address != a.Email {
			p.add(pointer, "%q is no plain e-mail address", a.Email)
			continue
		}
		key := strings.ToLower(a.Email)
		if seen[key] {
			p.add(pointer, "the address stands here twice: name each guest once")
		}
		seen[key] = true
	}
}

// fingerprint tells two contents of one version apart. The order of keys in the document does not count, nor do defaults written out.
func fingerprint(b cal.Booking, cancelled bool) string {
	b.Version = 0
	raw, err := json.Marshal(struct {
		Booking   cal.Booking
		Cancelled bool
	}{b, cancelled})
	if err != nil {
		return "" // unreachable: strings, numbers and booleans always marshal
	}
	sum := sha256.Sum256(raw)
	return fingerprintForm + hex.EncodeToString(sum[:])
}

// fingerprintForm names the form of the text that fingerprints are taken of. Whoever changes the form takes the old fingerprint too when comparing
// with one that was stored.
const fingerprintForm = "b1:"
