package cal

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// Field is one part of an event's content that a booking core can own.
type Field uint8

// The fields, combined into Fields by their bits.
const (
	FieldTitle Field = 1 << iota
	FieldDescription
	FieldLocation
	FieldSlot
	FieldAttendees
	FieldRecurrence
)

// Fields is a set of fields.
type Fields uint8

// AllFields is every field there is.
const AllFields = Fields(FieldTitle | FieldDescription | FieldLocation | FieldSlot | FieldAttendees | FieldRecurrence)

// ShapeFields are those that say when an event, or a series, takes place.
const ShapeFields = Fields(FieldSlot | FieldRecurrence)

// Has reports whether the set holds f.
func (s Fields) Has(f Field) bool { return s&Fields(f) != 0 }

// Each returns the single fields of the set in a fixed order.
func (s Fields) Each() []Field {
	var out []Field
	for f := FieldTitle; f <= FieldRecurrence; f <<= 1 {
		if s.Has(f) {
			out = append(out, f)
		}
	}
	return out
}

// Names returns the fields' names as they stand in messages and audit rows.
func (s Fields) Names() []string {
	names := []string{}
	for _, f := range s.Each() {
		names = append(names, f.String())
	}
	return names
}

// String is the field's name in messages and audit rows.
func (f Field) String() string {
	switch f {
	case FieldTitle:
		return "title"
	case FieldDescription:
		return "description"
	case FieldLocation:
		return "location"
	case FieldSlot:
		return "slot"
	case FieldAttendees:
		return "attendees"
	case FieldRecurrence:
		return "recurrence"
	default:
		return "unknown"
	}
}

// Response is what an attendee answered.
type Response string

// The responses. Microsoft's "none" and "notResponded" are both ResponseNone, as is Google's "needsAction".
const (
	ResponseNone      Response = "none"
	ResponseAccepted  Response = "accepted"
	ResponseDeclined  Response = "declined"
	ResponseTentative Response = "tentative"
)

// Attendee is a guest of an event. Two attendees are the same guest when their addresses match without regard to case.
type Attendee struct {
	Email    string `json:"email"`
	Name     string `json:"name,omitempty"`
	Optional bool   `json:"optional,omitempty"`
	// Response is read from providers and never written to them.
	Response Response `json:"response,omitempty"`
}

// Content is what a booking core owns of an event. Text is plain; providers that keep HTML convert at their edge.
type Content struct {
	Title       string     `json:"title"`
	Description string     `json:"description,omitempty"`
	Location    string     `json:"location,omitempty"`
	Slot        Slot       `json:"slot"`
	Attendees   []Attendee `json:"attendees,omitempty"`
	// Recurrence are the lines of RFC 5545 by which a series repeats: one RRULE and perhaps an RDATE, never an EXDATE. Empty means a single event. The
	// first start is the Slot's, and the rule is read by wall time in the zone of Slot.Start. They are compared as they are: whoever fills them in
	// writes them in the one form of internal/recur.
	Recurrence []string `json:"recurrence,omitempty"`
}

// Canonical returns the content in the form in which it is compared: line ends unified, blanks at the ends of lines and of the text
// removed, runs of blank lines folded, attendees sorted and in lower case without names and answers. Providers change all of these on
// their own. Recurrence keeps its lines.
func (c Content) Canonical() Content {
	c.Title = strings.Join(strings.Fields(c.Title), " ")
	c.Location = strings.Join(strings.Fields(c.Location), " ")
	c.Description = canonicalText(c.Description)
	guests := make([]Attendee, 0, len(c.Attendees))
	for _, a := range c.Attendees {
		guests = append(guests, Attendee{Email: canonicalEmail(a.Email), Optional: a.Optional})
	}
	slices.SortFunc(guests, compareGuests)
	c.Attendees = slices.CompactFunc(guests, func(a, b Attendee) bool { return a.Email == b.Email })
	c.Slot.Start.Zone, c.Slot.End.Zone = "", ""
	if len(c.Recurrence) == 0 {
		c.Recurrence = nil
	}
	return c
}

// compareGuests puts a required guest before an optional one of the same address, so that whichever order they come in, the same one is kept.
func compareGuests(a, b Attendee) int {
	if c := cmp.Compare(a.Email, b.Email); c != 0 || a.Optional == b.Optional {
		return c
	}
	if b.Optional {
		return -1
	}
	return 1
}

func canonicalEmail(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func canonicalText(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u00a0", " ").Replace(s)
	var lines []string
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.TrimRight(line, " \t")
		if line == "" && (len(lines) == 0 || lines[len(lines)-1] == "") {
			continue
		}
		lines = append(lines, line)
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// Differences returns the fields of within in which the contents differ once canonical.
func (c Content) Differences(o Content, within Fields) Fields {
	a, b := c.Canonical(), o.Canonical()
	var d Fields
	add := func(f Field, differs bool) {
		if differs && within.Has(f) {
			d |= Fields(f)
		}
	}
	add(FieldTitle, a.Title != b.Title)
	add(FieldDescription, a.Description != b.Description)
	add(FieldLocation, a.Location != b.Location)
	add(FieldSlot, !a.Slot.Equal(b.Slot))
	add(FieldAttendees, !slices.Equal(a.Attendees, b.Attendees))
	add(FieldRecurrence, !slices.Equal(a.Recurrence, b.Recurrence))
	return d
}

// Overlay returns c with the fields in set taken from o.
func (c Content) Overlay(o Content, set Fields) Content {
	for _, f := range set.Each() {
		switch f {
		case FieldTitle:
			c.Title = o.Title
		case FieldDescription:
			c.Description = o.Description
		case FieldLocation:
			c.Location = o.Location
		case FieldSlot:
			c.Slot = o.Slot
		case FieldAttendees:
			c.Attendees = o.Attendees
		case FieldRecurrence:
			c.Recurrence = o.Recurrence
		}
	}
	return c
}

// HashVersion names the canonical form that Hash is made of. Hashes of different versions are never compared: they are worked out anew from
// the content that is kept sealed.
const HashVersion = "c1"

// Hash is a digest of the fields in within of the canonical content, led by HashVersion.
func (c Content) Hash(within Fields) string {
	c = Content{}.Overlay(c.Canonical(), within)
	h := sha256.New()
	put := func(parts ...string) {
		for _, s := range parts {
			writeSized(h, s)
		}
	}
	put(c.Title, c.Description, c.Location)
	for _, m := range []Moment{c.Slot.Start, c.Slot.End} {
		put(m.Date, strconv.FormatInt(m.Instant.Unix(), 10))
	}
	for _, a := range c.Attendees {
		put(a.Email, strconv.FormatBool(a.Optional))
	}
	for _, line := range c.Recurrence {
		put("", "recurrence "+line) // no guest's second part, so that neither can pass for the other
	}
	return HashVersion + ":" + hex.EncodeToString(h.Sum(nil))
}
