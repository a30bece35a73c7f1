package google

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/calweave/calweave/internal/sim/stage"
)

// SplitSeries changes an occurrence and all that follow as the person would in the web calendar ("this and following events"): the series
// ends before it, and a new one begins whose id is the old one with the day and time behind "_R". No page documents that id; clients report
// it.
func (s *Server) SplitSeries(email, calendar, occurrence string, edit stage.Edit) (stage.Event, error) {
	return s.byHand(email, calendar, edit.Notify, func(w writing) (*event, error) {
		o := w.cal.resolve(occurrence)
		if o == nil || o.master == "" || w.cal.events[o.master] == nil {
			return nil, fmt.Errorf("%w: %q is no occurrence", stage.ErrUnknownEvent, occurrence)
		}
		master := w.cal.events[o.master]
		if !o.original.at.After(master.start.at) || master.foreign(w.cal) {
			return nil, fmt.Errorf("%w: %q does not split its series", stage.ErrInvalid, occurrence)
		}
		return s.split(w, master, o.original, edit)
	})
}

// split makes two series of one. s.mu is held.
func (s *Server) split(w writing, master *event, at moment, edit stage.Edit) (*event, error) {
	var first, second []string
	for _, line := range master.recurrence {
		before, after := master.cutLine(line, at)
		first, second = append(first, before), append(second, after)
	}
	next := master.occurrence(at.at)
	next.id = strings.SplitN(master.id, "_R", 2)[0] + "_R" + at.at.Format("20060102T150405")
	if at.allDay {
		next.id = strings.SplitN(master.id, "_R", 2)[0] + "_R" + at.at.Format(dayLayout)
	}
	if w.cal.events[next.id] != nil {
		return nil, errors.Join(stage.ErrInvalid, errors.New("the series was split there before"))
	}
	doc, err := next.document()
	if err != nil {
		return nil, err
	}
	doc = merge(doc, editDocument(edit, draftDocument(edit.Apply(next.view()), w.cal)))
	if doc["recurrence"], err = json.Marshal(second); err != nil {
		return nil, err
	}
	e, err := s.build(w, doc, next.id+"@google.com")
	if err != nil {
		return nil, err
	}
	e.id = next.id
	shorter, err := json.Marshal(first)
	if err != nil {
		return nil, err
	}
	if _, err := s.patch(w, master, map[string]json.RawMessage{"recurrence": shorter}); err != nil {
		return nil, err
	}
	s.commit(w, nil, e)
	return e, nil
}

// cutLine makes of a recurrence line one that ends before the moment and one for what follows.
func (e *event) cutLine(line string, at moment) (before, after string) {
	name, value, _ := strings.Cut(line, ":")
	if !strings.EqualFold(name, "RRULE") {
		return line, line
	}
	until := at.at.Add(-time.Second).Format(stampLayout)
	if at.allDay {
		until = at.at.AddDate(0, 0, -1).Format(dayLayout)
	}
	parts := strings.Split(value, ";")
	ended := slices.DeleteFunc(slices.Clone(parts), func(part string) bool {
		return strings.HasPrefix(part, "COUNT=") || strings.HasPrefix(part, "UNTIL=")
	})
	for i, part := range parts {
		if count, ok := strings.CutPrefix(part, "COUNT="); ok {
			n, _ := strconv.Atoi(count) // it was read as a number before
			parts[i] = "COUNT=" + strconv.Itoa(max(1, n-e.countBefore(at.at)))
		}
	}
	return name + ":" + strings.Join(append(ended, "UNTIL="+until), ";"), name + ":" + strings.Join(parts, ";")
}

// countBefore is how often the first rule has come true before the instant; what was left out counts.
func (e *event) countBefore(at time.Time) int {
	n, steps := 0, maxRuleSteps
	walk(e.rules.include[0], e.start.at, at.Add(-time.Second), maxRuleSteps, &steps, func(time.Time) { n++ })
	return n
}
