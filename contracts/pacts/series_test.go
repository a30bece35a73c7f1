//go:build pact

package pacts_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
)

const (
	uidWord    = "uid-of-the-series@google.com"
	secondWord = "id-of-the-second-occurrence"
	line       = "RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=3"
)

// The states of series.
const (
	aSeries = "a series of ours"
	lacking = "a series of ours that lacks its second occurrence"
)

// weekly is the series that begins with the event of the other scenes, and second the place of its next occurrence.
func weekly() cal.Content {
	c := content
	c.Recurrence = []string{line}
	return c
}

func second() cal.Moment {
	return cal.Moment{Instant: slot.Start.Instant.AddDate(0, 0, 7), Zone: slot.Start.Zone}
}

// createsSeries makes the series as calweave does.
func createsSeries(calendar cal.RemoteCalendarID) func(context.Context, provider.Client) error {
	return func(ctx context.Context, c provider.Client) error {
		got, err := c.CreateEvent(ctx, provider.CreateEvent{
			Calendar: calendar, Key: key, Content: weekly(), Fields: cal.AllFields &^ cal.Fields(cal.FieldAttendees), Notify: cal.NotifyNone,
		})
		return wants(err, got.Event.Kind == cal.KindSeries && slices.Equal(got.Event.Content.Recurrence, []string{line}), got)
	}
}

// readsSecond reads the second occurrence, which follows its series.
func readsSecond(series provider.EventRef) func(context.Context, provider.Client) error {
	return func(ctx context.Context, c provider.Client) error {
		keeper, _ := c.(provider.SeriesKeeper)
		got, err := keeper.ReadOccurrence(ctx, series, second())
		return wants(err, got.Series == series.ID && got.OriginalStart.Instant.Equal(second().Instant) && !got.Gone() && got.ID == secondWord, got)
	}
}

// lacksSecond asks what differs, which is that the second occurrence was cancelled.
func lacksSecond(series provider.EventRef) func(context.Context, provider.Client) error {
	return func(ctx context.Context, c provider.Client) error {
		keeper, _ := c.(provider.SeriesKeeper)
		got, err := keeper.ListExceptions(ctx, series)
		return wants(err, len(got) == 1 && got[0].Gone() && got[0].OriginalStart.Instant.Equal(second().Instant), got)
	}
}

// googleSeries are what calweave asks Google about series (https://developers.google.com/workspace/calendar/api/guides/recurringevents).
func googleSeries() []scene {
	at := provider.EventRef{Calendar: ana, ID: eventID}
	repeats := object{"recurrence": []any{exactly(line)}, "iCalUID": matching(filled, uidWord)}
	occurrence := object{
		"id": matching(filled, secondWord), "recurringEventId": matching(filled, string(eventID)),
		"originalStartTime": object{"dateTime": matching(rfc3339, "2026-09-15T10:00:00+02:00"), "timeZone": exactly("Europe/Berlin")},
		"start":             object{"dateTime": matching(rfc3339, "2026-09-15T10:00:00+02:00"), "timeZone": exactly("Europe/Berlin")},
		"end":               object{"dateTime": matching(rfc3339, "2026-09-15T10:30:00+02:00"), "timeZone": exactly("Europe/Berlin")},
	}
	cancelled := object{
		"id": matching(filled, secondWord), "status": exactly("cancelled"), "recurringEventId": matching(filled, string(eventID)),
		"originalStartTime": occurrence["originalStartTime"],
	}
	return []scene{
		one("a new series", given("an account"), reply{status: 200, body: like(googleEvent(repeats))}, asGoogle(createsSeries(ana))),
		one("an occurrence of a series", given(aSeries), reply{status: 200, body: object{"items": some(like(googleEvent(occurrence)))}}, asGoogle(readsSecond(at))),
		{act: asGoogle(lacksSecond(at)), steps: []step{
			{"a series that lacks an occurrence", given(lacking), reply{status: 200, body: like(googleEvent(repeats))}},
			{"all that belongs to a series", given(lacking), reply{status: 200, body: object{"items": []any{like(googleEvent(repeats)), cancelled}}}},
		}},
	}
}

// graphSeries are what calweave asks Graph about series (https://learn.microsoft.com/en-us/graph/api/resources/patternedrecurrence).
func graphSeries() []scene {
	at := provider.EventRef{Calendar: calendarWord, ID: eventWord}
	repeats := object{"type": exactly("seriesMaster"), "recurrence": object{
		"pattern": object{"type": exactly("weekly"), "interval": exactly(1), "daysOfWeek": []any{exactly("tuesday")}},
		"range": object{
			"type": exactly("numbered"), "startDate": exactly("2026-09-08"), "numberOfOccurrences": exactly(3), "recurrenceTimeZone": matching(filled, "W. Europe Standard Time"),
		},
	}}
	// Only what was selected is there.
	master := func(more object) object {
		e := object{
			"id": matching(filled, eventWord), "type": exactly("seriesMaster"), "isAllDay": exactly(false), "isCancelled": exactly(false), "originalStartTimeZone": exactly("W. Europe Standard Time"),
			"start": object{"dateTime": matching(wallTime, "2026-09-08T08:00:00.0000000"), "timeZone": exactly("UTC")},
			"end":   object{"dateTime": matching(wallTime, "2026-09-08T08:30:00.0000000"), "timeZone": exactly("UTC")}, "recurrence": repeats["recurrence"],
		}
		for name, value := range more {
			e[name] = value
		}
		return e
	}
	occurrence := graphEvent(object{
		"id": matching(filled, secondWord), "type": exactly("occurrence"), "seriesMasterId": matching(filled, eventWord),
		"start": object{"dateTime": matching(wallTime, "2026-09-15T08:00:00.0000000"), "timeZone": exactly("UTC")},
		"end":   object{"dateTime": matching(wallTime, "2026-09-15T08:30:00.0000000"), "timeZone": exactly("UTC")},
	})
	return []scene{
		one("a new series", given("an account"), reply{status: 201, body: like(graphEvent(repeats))}, asGraph(createsSeries(calendarWord))),
		{act: asGraph(readsSecond(at)), steps: []step{
			{"a series with what differs from it", given(aSeries), reply{status: 200, body: like(master(nil))}},
			{"the instances of a series", given(aSeries), reply{status: 200, body: object{"value": some(like(occurrence))}}},
		}},
		one("a series that lacks an occurrence", given(lacking), reply{status: 200, body: like(master(object{
			"cancelledOccurrences": some(matching(`OID\..+\.2026-09-15`, "OID."+eventWord+".2026-09-15")),
		}))}, asGraph(lacksSecond(at))),
	}
}

func (s *simulated) googleRepeats() error {
	e := googleBooking()
	e["recurrence"] = []string{line}
	doc, err := s.ask(http.MethodPost, googleEvents, e)
	if err != nil {
		return err
	}
	s.words[etagWord], _ = doc["etag"].(string)
	s.words[uidWord], _ = doc["iCalUID"].(string)
	return s.instanceOf(googleEvents+"/"+string(eventID)+"/instances?originalStart=2026-09-15T08:00:00Z", "items")
}

func (s *simulated) graphRepeats() error {
	e := s.graphBooking("Interview")
	e["recurrence"] = object{
		"pattern": object{"type": "weekly", "interval": 1, "daysOfWeek": []string{"tuesday"}},
		"range":   object{"type": "numbered", "startDate": "2026-09-08", "numberOfOccurrences": 3, "recurrenceTimeZone": "W. Europe Standard Time"},
	}
	doc, err := s.ask(http.MethodPost, graphEvents, e)
	if err != nil {
		return err
	}
	s.words[etagWord], _ = doc["@odata.etag"].(string)
	s.words[eventWord], _ = doc["id"].(string)
	window := url.Values{"startDateTime": {"2026-09-15T00:00:00Z"}, "endDateTime": {"2026-09-16T00:00:00Z"}}
	return s.instanceOf(graphEvents+"/"+url.PathEscape(s.words[eventWord])+"/instances?"+window.Encode(), "value")
}

// instanceOf notes the id of the one instance that is listed.
func (s *simulated) instanceOf(path, list string) error {
	doc, err := s.ask(http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	all, _ := doc[list].([]any)
	if len(all) != 1 {
		return fmt.Errorf("%s lists %d instances", path, len(all))
	}
	e, _ := all[0].(map[string]any)
	s.words[secondWord], _ = e["id"].(string)
	return nil
}

// loses deletes the second occurrence.
func (s *simulated) loses(events string) func() error {
	return func() error {
		_, err := s.ask(http.MethodDelete, events+"/"+url.PathEscape(s.words[secondWord]), nil)
		return err
	}
}
