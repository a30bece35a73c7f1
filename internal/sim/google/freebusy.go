package google

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxExpansion is how many calendars one query can ask about
// (https://developers.google.com/workspace/calendar/api/v3/reference/freebusy/query).
const maxExpansion = 50

// span is a time in which someone is busy.
type span struct{ from, to time.Time }

// busyWish is what a query asks for.
type busyWish struct {
	TimeMin  string `json:"timeMin"`
	TimeMax  string `json:"timeMax"`
	TimeZone string `json:"timeZone"`
	Most     int    `json:"calendarExpansionMax"`
	Items    []struct {
		ID string `json:"id"`
	} `json:"items"`
}

// check holds the query to the bounds of the reference. Not documented: the words of the refusals.
func (wish busyWish) check() error {
	if wish.Most < 0 || wish.Most > maxExpansion {
		return invalid("Invalid value for: calendarExpansionMax")
	}
	for _, item := range wish.Items {
		if item.ID == "" {
			return required("Missing calendar id.")
		}
	}
	return nil
}

// freeBusy serves https://developers.google.com/workspace/calendar/api/v3/reference/freebusy/query. What is wrong with one calendar stands
// beside it, in an answer that is 200.
func (s *Server) freeBusy(c *call) (answer, error) {
	var wish busyWish
	if err := c.decode(&wish); err != nil {
		return answer{}, err
	}
	if err := wish.check(); err != nil {
		return answer{}, err
	}
	within, err := s.busyWindow(wish)
	if err != nil {
		return answer{}, err
	}
	in := time.UTC
	if wish.TimeZone != "" {
		if in, err = s.world.Zones.Load(wish.TimeZone); err != nil {
			return answer{}, invalid("Invalid time zone definition.")
		}
	}
	most := maxExpansion
	if wish.Most > 0 {
		most = wish.Most
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	a := s.accounts[strings.ToLower(c.access.Account)]
	calendars := map[string]any{}
	for i, item := range wish.Items {
		var e *listEntry
		if a != nil {
			e = s.sees(a, item.ID)
		}
		switch {
		case i >= most:
			calendars[item.ID] = busyError("tooManyCalendarsRequested")
		case e == nil:
			calendars[item.ID] = busyError("notFound")
		default:
			calendars[item.ID] = map[string]any{"busy": shownSpans(s.busySpans(e.calendar, within), in)}
		}
	}
	return answer{body: map[string]any{
		"kind": "calendar#freeBusy", "timeMin": millis(within.from), "timeMax": millis(within.to), "calendars": calendars,
	}}, nil
}

func busyError(reason string) map[string]any {
	return map[string]any{"errors": []any{map[string]string{"domain": domainOf(reason), "reason": reason}}, "busy": []any{}}
}

// busyWindow reads the window of a query.
func (s *Server) busyWindow(wish busyWish) (span, error) {
	var w span
	for _, bound := range []struct {
		name, text string
		into       *time.Time
	}{{"timeMin", wish.TimeMin, &w.from}, {"timeMax", wish.TimeMax, &w.to}} {
		if bound.text == "" {
			return w, required("Missing " + bound.name + " parameter.")
		}
		at, err := timeOf(bound.text)
		if err != nil {
			return w, failed(http.StatusBadRequest, "badRequest", "Bad Request")
		}
		*bound.into = at
	}
	if !w.from.Before(w.to) {
		return w, failed(http.StatusBadRequest, "timeRangeEmpty", "The specified time range is empty.").in("calendar").at("parameter", "timeMax")
	}
	if days := s.world.Switches().Google.FreeBusyDays; days > 0 && w.to.Sub(w.from) > time.Duration(days)*24*time.Hour {
		return w, failed(http.StatusBadRequest, "timeRangeTooLong", "The requested time range is too long.").in("calendar").at("parameter", "timeMax")
	}
	return w, nil
}

// busySpans are the times in the window in which the calendar's owner is busy, in order and without overlap. s.mu is held.
func (s *Server) busySpans(cal *calendar, within span) []span {
	var all []span
	declinedIsBusy := s.world.Switches().Google.DeclinedIsBusy
	for _, id := range cal.journal.From(0) {
		for _, e := range cal.busyEvents(cal.events[id], within) {
			if !e.frees(cal) && (declinedIsBusy || !e.declinedBy(cal.id)) {
				all = append(all, span{latest(e.start.instant(cal.loc), within.from), earliest(e.end.instant(cal.loc), within.to)})
			}
		}
	}
	slices.SortFunc(all, func(a, b span) int { return a.from.Compare(b.from) })
	var merged []span
	for _, one := range all {
		if n := len(merged); n > 0 && !one.from.After(merged[n-1].to) {
			merged[n-1].to = latest(merged[n-1].to, one.to)
			continue
		}
		merged = append(merged, one)
	}
	return merged
}

// busyEvents are the event, or its occurrences, in the window.
func (c *calendar) busyEvents(e *event, within span) []*event {
	if e.series() && !e.gone() {
		all, _ := c.expand(e, within.from, within.to)
		return all
	}
	if e.within(c, within.from, within.to) {
		return []*event{e}
	}
	return nil
}

// frees reports whether the event blocks no time.
func (e *event) frees(cal *calendar) bool {
	return e.gone() || e.text("transparency") == "transparent" || !e.end.instant(cal.loc).After(e.start.instant(cal.loc))
}

func (e *event) declinedBy(email string) bool {
	i := guestIndex(e.attendees, email)
	return i >= 0 && e.attendees[i].ResponseStatus == "declined"
}

func shownSpans(all []span, in *time.Location) []any {
	out := make([]any, 0, len(all))
	for _, one := range all {
		out = append(out, map[string]string{"start": one.from.In(in).Format(time.RFC3339), "end": one.to.In(in).Format(time.RFC3339)})
	}
	return out
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
