package providers_test

import (
	"context"
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

// occurs changes every occurrence that is read.
func occurs(change func(e *cal.Event)) func(*wrong) {
	return func(w *wrong) {
		w.occurrence = func(ctx context.Context, series provider.EventRef, original cal.Moment) (cal.Event, error) {
			e, err := w.full.ReadOccurrence(ctx, series, original)
			if err == nil {
				change(&e)
			}
			return e, err
		}
	}
}

// excepts changes every list of exceptions.
func excepts(change func(all []cal.Event) []cal.Event) func(*wrong) {
	return func(w *wrong) {
		w.exceptions = func(ctx context.Context, series provider.EventRef) ([]cal.Event, error) {
			all, err := w.full.ListExceptions(ctx, series)
			if err == nil {
				all = change(all)
			}
			return all, err
		}
	}
}

func recurMutants() []mutant {
	return []mutant{
		{name: "no recurrence is written", by: "recurrence/what is stored", harm: creates(func(req *provider.CreateEvent) { req.Fields &^= cal.Fields(cal.FieldRecurrence) })},
		{name: "no recurrence is read", by: "recurrence/what is stored", harm: reads(func(e *cal.Event) { e.Content.Recurrence = nil })},
		{name: "no recurrence in listings", by: "recurrence/what is stored", harm: rows(func(e *cal.Event) { e.Content.Recurrence = nil })},
		{name: "rule as the provider has it", by: "recurrence/all rules that map", on: onMicrosoft, harm: reads(func(e *cal.Event) {
			for i := range e.Content.Recurrence {
				e.Content.Recurrence[i] += ";WKST=MO"
			}
		})},
		{name: "the end of a rule is lost", by: "recurrence/all rules that map", on: onMicrosoft, harm: creates(func(req *provider.CreateEvent) {
			if slices.Contains(req.Content.Recurrence, "RRULE:FREQ=MONTHLY;BYDAY=3SU;COUNT=4") {
				req.Content.Recurrence = []string{"RRULE:FREQ=MONTHLY;BYDAY=3SU"}
			}
		})},
		{name: "a series is made twice", by: "recurrence/once per key", harm: func(w *wrong) {
			made := byte(0)
			w.create = func(ctx context.Context, req provider.CreateEvent) (provider.Created, error) {
				made++
				req.Key[0] ^= made
				return w.full.CreateEvent(ctx, req)
			}
		}},
		{name: "occurrence of no series", by: "recurrence/an occurrence", harm: occurs(func(e *cal.Event) { e.Series = "" })},
		{name: "the series for its occurrence", by: "recurrence/an occurrence", harm: occurs(func(e *cal.Event) { e.ID = e.Series })},
		{name: "clocks that never change", by: "recurrence/an occurrence", harm: func(w *wrong) {
			w.occurrence = func(ctx context.Context, series provider.EventRef, original cal.Moment) (cal.Event, error) {
				weeks := original.Instant.Sub(time.Date(2026, 9, 20, 12, 0, 0, 0, time.UTC)).Round(7 * 24 * time.Hour)
				e, err := w.full.ReadOccurrence(ctx, series, original)
				e.Content.Slot.Start.Instant = time.Date(2026, 9, 20, 12, 0, 0, 0, time.UTC).Add(weeks)
				return e, err
			}
		}},
		{name: "the nearest occurrence", by: "recurrence/an occurrence", harm: func(w *wrong) {
			w.occurrence = func(ctx context.Context, series provider.EventRef, original cal.Moment) (cal.Event, error) {
				e, err := w.full.ReadOccurrence(ctx, series, original)
				if fault.Is(err, fault.NotFound) {
					return cal.Event{ID: "near", Series: series.ID, Kind: cal.KindOccurrence, OriginalStart: original}, nil
				}
				return e, err
			}
		}},
		{name: "a deleted series goes on", by: "recurrence/an occurrence", harm: func(w *wrong) {
			w.exceptions = func(ctx context.Context, series provider.EventRef) ([]cal.Event, error) {
				all, err := w.full.ListExceptions(ctx, series)
				if fault.Is(err, fault.Gone) || fault.Is(err, fault.NotFound) {
					return nil, nil
				}
				return all, err
			}
		}},
		{name: "a day as an instant", by: "recurrence/an occurrence of days", harm: occurs(func(e *cal.Event) {
			if e.OriginalStart.Date != "" {
				e.OriginalStart = cal.Moment{Instant: time.Date(2026, 10, 26, 0, 0, 0, 0, time.UTC)}
			}
		})},
		{name: "cancelled days left out", by: "recurrence/an occurrence of days", on: onMicrosoft, harm: excepts(func([]cal.Event) []cal.Event { return nil })},
		{name: "exception at its place", by: "recurrence/what a person did to occurrences", harm: occurs(func(e *cal.Event) { e.Content.Slot.Start = e.OriginalStart })},
		{name: "cancelled occurrence takes place", by: "recurrence/what a person did to occurrences", harm: occurs(func(e *cal.Event) { e.Status = cal.StatusConfirmed })},
		{name: "exceptions without the cancelled", by: "recurrence/what a person did to occurrences", harm: excepts(func(all []cal.Event) []cal.Event {
			return slices.DeleteFunc(all, cal.Event.Gone)
		})},
		{name: "only cancelled exceptions", by: "recurrence/what a person did to occurrences", on: onMicrosoft, harm: excepts(func(all []cal.Event) []cal.Event {
			return slices.DeleteFunc(all, func(e cal.Event) bool { return !e.Gone() })
		})},
		{name: "exceptions in any order", by: "recurrence/what a person did to occurrences", harm: excepts(func(all []cal.Event) []cal.Event {
			slices.Reverse(all)
			return all
		})},
		{name: "the series instead of one occurrence", by: "recurrence/an occurrence is written", harm: func(w *wrong) {
			w.update = func(ctx context.Context, req provider.UpdateEvent) (cal.Event, error) {
				e, err := w.full.ReadEvent(ctx, req.Ref)
				if err == nil && e.Series != "" {
					req.Ref.ID, req.ETag = e.Series, ""
				}
				return w.full.UpdateEvent(ctx, req)
			}
		}},
		{name: "an occurrence that is deleted takes its series along", by: "recurrence/an occurrence is written", on: onMicrosoft, harm: func(w *wrong) {
			w.remove = func(ctx context.Context, req provider.DeleteEvent) error {
				e, err := w.full.ReadEvent(ctx, req.Ref)
				if err == nil && e.Series != "" {
					req.Ref.ID, req.ETag = e.Series, ""
				}
				return w.full.DeleteEvent(ctx, req)
			}
		}},
		{name: "a rule is written once", by: "recurrence/another rule", harm: updates(func(req *provider.UpdateEvent) { req.Fields &^= cal.Fields(cal.FieldRecurrence) })},
		{name: "what the series dropped is an exception", by: "recurrence/another rule", harm: excepts(func(all []cal.Event) []cal.Event {
			return append(all, cal.Event{Status: cal.StatusCancelled})
		})},
		{name: "a title ends the series", by: "recurrence/other fields leave it alone", harm: updates(func(req *provider.UpdateEvent) { req.Fields |= cal.Fields(cal.FieldRecurrence) })},
		{name: "once a series, always one", by: "recurrence/a series no more", on: onMicrosoft, harm: updates(func(req *provider.UpdateEvent) {
			if len(req.Content.Recurrence) == 0 {
				req.Fields &^= cal.Fields(cal.FieldRecurrence)
			}
		})},
		{name: "once single, always so", by: "recurrence/a single event is none", on: onMicrosoft, harm: updates(func(req *provider.UpdateEvent) {
			req.Fields &^= cal.Fields(cal.FieldRecurrence)
		})},
	}
}
