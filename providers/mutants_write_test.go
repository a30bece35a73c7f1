package providers_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/contracts/provider/providertest"
)

// reads changes every event that is read.
func reads(change func(e *cal.Event)) func(*wrong) {
	return func(w *wrong) {
		w.read = func(ctx context.Context, ref provider.EventRef) (cal.Event, error) {
			e, err := w.full.ReadEvent(ctx, ref)
			if err == nil {
				change(&e)
			}
			return e, err
		}
	}
}

// creates changes every request for an event.
func creates(change func(req *provider.CreateEvent)) func(*wrong) {
	return func(w *wrong) {
		w.create = func(ctx context.Context, req provider.CreateEvent) (provider.Created, error) {
			change(&req)
			return w.full.CreateEvent(ctx, req)
		}
	}
}

// created changes every answer to one.
func created(change func(req provider.CreateEvent, made *provider.Created)) func(*wrong) {
	return func(w *wrong) {
		w.create = func(ctx context.Context, req provider.CreateEvent) (provider.Created, error) {
			made, err := w.full.CreateEvent(ctx, req)
			if err == nil {
				change(req, &made)
			}
			return made, err
		}
	}
}

// updates changes every request for a change.
func updates(change func(req *provider.UpdateEvent)) func(*wrong) {
	return func(w *wrong) {
		w.update = func(ctx context.Context, req provider.UpdateEvent) (cal.Event, error) {
			change(&req)
			return w.full.UpdateEvent(ctx, req)
		}
	}
}

// removes puts something in place of every deletion.
func removes(instead func(ctx context.Context, w *wrong, req provider.DeleteEvent) error) func(*wrong) {
	return func(w *wrong) {
		w.remove = func(ctx context.Context, req provider.DeleteEvent) error { return instead(ctx, w, req) }
	}
}

func writeMutants() []mutant {
	return slices.Concat(createMutants(), []mutant{
		{name: "all fields written", by: "update/no more than asked", harm: updates(func(req *provider.UpdateEvent) { req.Fields = cal.AllFields })},
		{name: "title alone written", by: "update/no more than asked", harm: updates(func(req *provider.UpdateEvent) {
			req.Fields &= cal.Fields(cal.FieldTitle)
		})},
		{name: "texts never emptied", by: "update/no more than asked", harm: updates(func(req *provider.UpdateEvent) {
			if req.Content.Location == "" {
				req.Fields &^= cal.Fields(cal.FieldLocation)
			}
		})},
		{name: "the wish taken for the answer of an update", by: "update/no more than asked", harm: func(w *wrong) {
			w.update = func(ctx context.Context, req provider.UpdateEvent) (cal.Event, error) {
				e, err := w.full.UpdateEvent(ctx, req)
				e.Content = req.Content
				return e, err
			}
		}},
		{name: "etag ignored", by: "update/on an older state", harm: updates(func(req *provider.UpdateEvent) { req.ETag = "" })},
		{
			name: "etag ignored by a deletion", by: "update/on an older state",
			harm: removes(func(ctx context.Context, w *wrong, req provider.DeleteEvent) error {
				req.ETag = ""
				return w.full.DeleteEvent(ctx, req)
			}),
		},
		{name: "conflict called success", by: "update/on an older state", harm: func(w *wrong) {
			w.update = func(ctx context.Context, req provider.UpdateEvent) (cal.Event, error) {
				e, err := w.full.UpdateEvent(ctx, req)
				if fault.Is(err, fault.Conflict) {
					return w.full.ReadEvent(ctx, req.Ref)
				}
				return e, err
			}
		}},
		{
			name: "deletion pretended", by: "delete/once",
			harm: removes(func(context.Context, *wrong, provider.DeleteEvent) error { return nil }),
		},
		{
			name: "what is not there called deleted", by: "delete/once",
			harm: removes(func(ctx context.Context, w *wrong, req provider.DeleteEvent) error {
				if err := w.full.DeleteEvent(ctx, req); err != nil && !fault.Is(err, fault.Gone) {
					return err
				}
				return nil
			}),
		},
		{name: "deleted event read as standing", by: "delete/what a person deleted", harm: reads(func(e *cal.Event) { e.Status = cal.StatusConfirmed })},
		{name: "deleted event made anew by an update", by: "delete/what a person deleted", harm: func(w *wrong) {
			w.update = func(ctx context.Context, req provider.UpdateEvent) (cal.Event, error) {
				e, err := w.full.UpdateEvent(ctx, req)
				if err == nil || fault.Is(err, fault.Canceled) {
					return e, err
				}
				made, err := w.full.CreateEvent(ctx, provider.CreateEvent{
					Calendar: req.Ref.Calendar, Key: cal.NewKey("ten_1", "anew", "cal_1", "", 1), Content: req.Content, Fields: cal.AllFields,
				})
				return made.Event, err
			}
		}},
	})
}

func createMutants() []mutant {
	return []mutant{
		{name: "another key with each try", by: "create/an answer is lost", harm: func(w *wrong) {
			n := 0
			creates(func(req *provider.CreateEvent) {
				n++
				req.Key = cal.NewKey("ten_1", "mutant", "cal_1", "", n)
			})(w)
		}},
		{name: "another key after a while", by: "create/an answer is lost for ten minutes", harm: func(w *wrong) {
			creates(func(req *provider.CreateEvent) {
				req.Key = cal.NewKey("ten_1", cal.BookingID(req.Key.String()), "cal_1", "", w.account.Now().Minute())
			})(w)
		}},
		{name: "another key every day", by: "create/an answer is lost for a day", harm: func(w *wrong) {
			creates(func(req *provider.CreateEvent) {
				req.Key = cal.NewKey("ten_1", cal.BookingID(req.Key.String()), "cal_1", "", w.account.Now().YearDay())
			})(w)
		}},
		{name: "every key the same", by: "create/once per key", harm: creates(func(req *provider.CreateEvent) { req.Key = cal.Key{} })},
		{name: "stamp left out", by: "create/what is stored", harm: created(func(_ provider.CreateEvent, made *provider.Created) { made.Event.Stamp = "" })},
		{name: "description left out", by: "create/what is stored", harm: creates(func(req *provider.CreateEvent) { req.Content.Description = "" })},
		{name: "the wish taken for the answer", by: "create/once per key", harm: created(func(req provider.CreateEvent, made *provider.Created) {
			made.Event.Content = req.Content
		})},
		{name: "adopted called new", by: "create/once per key", harm: created(func(_ provider.CreateEvent, made *provider.Created) { made.Adopted = false })},
		{name: "deleted event adopted as standing", by: "create/a person deleted it", harm: created(func(_ provider.CreateEvent, made *provider.Created) {
			made.Event.Status = cal.StatusConfirmed
		})},
		{
			name: "deleted event adopted as standing, unheard", by: "create/an answer is lost, and a person deleted it",
			harm: created(func(_ provider.CreateEvent, made *provider.Created) { made.Event.Status = cal.StatusConfirmed }),
		},
		{name: "transaction id left out", by: "create/an answer is lost", on: onMicrosoft, wrap: sent("POST", "/events", leaveOut("transactionId"))},
		{name: "stamp never found", by: "find/by key", on: onMicrosoft, harm: func(w *wrong) {
			w.finds = func(context.Context, cal.RemoteCalendarID, cal.Key) (cal.Event, error) {
				return cal.Event{}, fault.Newf(fault.NotFound, "find", "not there")
			}
		}},
		{name: "anything found", by: "find/by key", on: onMicrosoft, harm: func(w *wrong) {
			var last provider.CreateEvent
			creates(func(req *provider.CreateEvent) { last = *req })(w)
			find := w.finds
			w.finds = func(ctx context.Context, calendar cal.RemoteCalendarID, _ cal.Key) (cal.Event, error) {
				return find(ctx, calendar, last.Key)
			}
		}},
	}
}

func guestMutants() []mutant {
	return []mutant{
		{name: "guest taken off", by: "update/guests stay", harm: updates(func(req *provider.UpdateEvent) {
			req.Uninvite = append(slices.Clone(req.Uninvite), providertest.Guest)
		})},
		{name: "nobody taken off", by: "update/guests stay", harm: updates(func(req *provider.UpdateEvent) { req.Uninvite = nil })},
		{name: "nobody invited", by: "update/guests stay", harm: updates(func(req *provider.UpdateEvent) { req.Invite = nil })},
		{name: "guests' list replaced", by: "update/guests stay", wrap: sent("PATCH", "/events/", func(body map[string]any) {
			if _, ok := body["attendees"]; ok {
				body["attendees"] = []any{map[string]any{"email": "new@elsewhere.example"}}
			}
		})},
		{name: "answers sent back as none", by: "update/guests stay", wrap: sent("PATCH", "/events/", func(body map[string]any) {
			all, _ := body["attendees"].([]any)
			for _, one := range all {
				if guest, ok := one.(map[string]any); ok {
					guest["responseStatus"] = "needsAction"
				}
			}
		})},
		{name: "everybody is mailed", by: "mail/nobody is mailed", harm: creates(func(req *provider.CreateEvent) { req.Notify = cal.NotifyAll })},
		{name: "everybody is mailed about an update", by: "mail/nobody is mailed", harm: updates(func(req *provider.UpdateEvent) { req.Notify = cal.NotifyAll })},
		{
			name: "everybody is mailed about a deletion", by: "mail/nobody is mailed",
			harm: removes(func(ctx context.Context, w *wrong, req provider.DeleteEvent) error {
				req.Notify = cal.NotifyAll
				return w.full.DeleteEvent(ctx, req)
			}),
		},
		{name: "nobody is ever mailed", by: "mail/who is to be mailed is", harm: creates(func(req *provider.CreateEvent) { req.Notify = cal.NotifyNone })},
		{name: "reminders written back", by: "update/what calweave does not write stays", wrap: sent("PATCH", "/events/", func(body map[string]any) {
			if _, ours := body["colorId"]; !ours {
				body["reminders"] = map[string]any{"useDefault": true}
			}
		})},
		{name: "meeting written over", by: "update/what calweave does not write stays", wrap: sent("PATCH", "/events/", func(body map[string]any) {
			body["conferenceData"] = nil
		})},
		{
			name: "Teams' part of the text written over", by: "update/what calweave does not write stays", on: onMicrosoft,
			wrap: sent("PATCH", "/events/", func(body map[string]any) {
				if _, ok := body["body"]; ok {
					body["body"] = map[string]any{"contentType": "text", "content": "Other words"}
				}
			}),
		},
	}
}

func timeMutants() []mutant {
	slots := func(change func(m cal.Moment) cal.Moment) func(*wrong) {
		return creates(func(req *provider.CreateEvent) {
			req.Content.Slot.Start, req.Content.Slot.End = change(req.Content.Slot.Start), change(req.Content.Slot.End)
		})
	}
	return []mutant{
		{name: "offset of today", by: "time/zones", harm: slots(today)},
		{name: "length on the wall", by: "time/zones", harm: creates(func(req *provider.CreateEvent) {
			s := &req.Content.Slot
			if l, err := time.LoadLocation(s.Start.Zone); err == nil {
				wall := s.Start.Instant.In(l)
				length := s.End.Instant.Sub(s.Start.Instant)
				s.End.Instant = time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute()+int(length.Minutes()), 0, 0, l)
			}
		})},
		{name: "zones of whole hours", by: "time/zones", harm: slots(func(m cal.Moment) cal.Moment {
			if l, err := time.LoadLocation(m.Zone); err == nil {
				_, offset := m.Instant.In(l).Zone()
				m.Instant = m.Instant.Add(time.Duration(offset%3600) * time.Second)
			}
			return m
		})},
		{name: "all day as midnights", by: "time/all day", harm: reads(func(e *cal.Event) {
			if at, err := time.Parse(cal.DateLayout, e.Content.Slot.Start.Date); err == nil {
				e.Content.Slot.Start = cal.Moment{Instant: at}
			}
		})},
		{name: "last day left out", by: "time/all day", harm: reads(func(e *cal.Event) {
			if at, err := time.Parse(cal.DateLayout, e.Content.Slot.End.Date); err == nil {
				e.Content.Slot.End.Date = at.AddDate(0, 0, -1).Format(cal.DateLayout)
			}
		})},
		{name: "other names taken for UTC", by: "time/other names of zones", on: onMicrosoft, wrap: answered(func(resp *http.Response) error {
			return edit(resp, func(body map[string]any) {
				if name, _ := body["originalStartTimeZone"].(string); strings.Contains(name, " ") {
					body["originalStartTimeZone"], body["originalEndTimeZone"] = "UTC", "UTC"
				}
			})
		})},
		{name: "wall time taken for UTC", by: "time/read as a person made it", harm: reads(func(e *cal.Event) {
			if l, err := time.LoadLocation(e.Content.Slot.Start.Zone); err == nil {
				_, offset := e.Content.Slot.Start.Instant.In(l).Zone()
				e.Content.Slot.Start.Instant = e.Content.Slot.Start.Instant.Add(time.Duration(offset) * time.Second)
			}
		})},
	}
}

// today is the moment as its wall time would be under the offset of another day.
func today(m cal.Moment) cal.Moment {
	l, err := time.LoadLocation(m.Zone)
	if err != nil {
		return m
	}
	_, now := time.Date(2026, 9, 1, 0, 0, 0, 0, l).Zone()
	_, then := m.Instant.In(l).Zone()
	m.Instant = m.Instant.Add(time.Duration(then-now) * time.Second)
	return m
}

// callMutants do wrong whatever is called.
func callMutants() []mutant {
	return []mutant{
		{name: "tries again by itself", by: "wire/every failure of every call", harm: func(w *wrong) {
			w.read = func(ctx context.Context, ref provider.EventRef) (cal.Event, error) {
				e, err := w.full.ReadEvent(ctx, ref)
				if err != nil {
					return w.full.ReadEvent(ctx, ref)
				}
				return e, err
			}
		}},
		{name: "title in an error", by: "wire/every failure of every call", harm: func(w *wrong) {
			w.create = func(ctx context.Context, req provider.CreateEvent) (provider.Created, error) {
				made, err := w.full.CreateEvent(ctx, req)
				if err != nil {
					err = fault.New(fault.KindOf(err), "create", fmt.Errorf("%s: %w", req.Content.Title, err))
				}
				return made, err
			}
		}},
		{name: "token in an error", by: "wire/every failure of every call", harm: func(w *wrong) {
			w.read = func(ctx context.Context, ref provider.EventRef) (cal.Event, error) {
				e, err := w.full.ReadEvent(ctx, ref)
				if err != nil {
					err = fault.New(fault.KindOf(err), "read", fmt.Errorf("Bearer %s: %w", w.account.Secrets()[0], err))
				}
				return e, err
			}
		}},
		{name: "secret of a channel in an error", by: "wire/every failure of every call", harm: func(w *wrong) {
			w.open = func(ctx context.Context, req provider.OpenChannel) (cal.Channel, error) {
				ch, err := w.full.OpenChannel(ctx, req)
				if err != nil {
					err = fault.New(fault.KindOf(err), "open", fmt.Errorf("%+v: %w", req, err))
				}
				return ch, err
			}
		}},
		{name: "a refusal taken for a missing event", by: "wire/every failure of every call", harm: func(w *wrong) {
			w.read = func(ctx context.Context, ref provider.EventRef) (cal.Event, error) {
				e, err := w.full.ReadEvent(ctx, ref)
				if err != nil && strings.Contains(err.Error(), "401") {
					err = fault.New(fault.NotFound, "read", err)
				}
				return e, err
			}
		}},
		{name: "deaf to its context", by: "wire/the context ends", harm: removes(func(ctx context.Context, w *wrong, req provider.DeleteEvent) error {
			deaf, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			return w.full.DeleteEvent(deaf, req)
		})},
		{name: "an end taken for a failure", by: "wire/the context ends", harm: func(w *wrong) {
			w.calendars = func(ctx context.Context) ([]cal.Calendar, error) {
				all, err := w.full.Calendars(ctx)
				if err != nil {
					err = fault.Newf(fault.Transient, "calendars", "no answer")
				}
				return all, err
			}
		}},
		{name: "primary calendar like any other", by: "calendars/what the account sees", harm: listed(func(all []cal.Calendar) []cal.Calendar {
			all[0].Primary = false
			return all
		})},
		{name: "calendar listed twice", by: "calendars/what the account sees", harm: listed(func(all []cal.Calendar) []cal.Calendar {
			return append(all, all[0])
		})},
		{name: "a breaker taken for a failure", by: "wire/what the transport says", harm: func(w *wrong) {
			w.create = func(ctx context.Context, req provider.CreateEvent) (provider.Created, error) {
				made, err := w.full.CreateEvent(ctx, req)
				if fault.Is(err, fault.Busy) {
					err = fault.New(fault.Transient, "create", err)
				}
				return made, err
			}
		}},
		{name: "a dead grant taken for a refusal", by: "wire/what the transport says", harm: func(w *wrong) {
			w.list = func(ctx context.Context, req provider.ListEvents) (cal.Page, error) {
				p, err := w.full.ListEvents(ctx, req)
				if fault.Is(err, fault.NeedsReauth) {
					err = fault.New(fault.Unauthorized, "list", err)
				}
				return p, err
			}
		}},
		{name: "ids made clean", by: "wire/ids that are no ids", harm: func(w *wrong) {
			w.read = func(ctx context.Context, ref provider.EventRef) (cal.Event, error) {
				ref.ID = ref.ID[strings.LastIndex(string(ref.ID), "/")+1:]
				return w.full.ReadEvent(ctx, ref)
			}
		}},
	}
}

func listed(change func([]cal.Calendar) []cal.Calendar) func(*wrong) {
	return func(w *wrong) {
		w.calendars = func(ctx context.Context) ([]cal.Calendar, error) {
			all, err := w.full.Calendars(ctx)
			if err == nil {
				all = change(all)
			}
			return all, err
		}
	}
}
