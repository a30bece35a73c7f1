package providers_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/contracts/provider/providertest"
)

// mutant is a driver that does one thing wrong, and the case that has to notice.
type mutant struct {
	name, by string
	// harm makes the driver wrong.
	harm func(*wrong)
}

// wrong is Google's client with parts that a mutant replaces.
type wrong struct {
	full
	list   func(ctx context.Context, req provider.ListEvents) (cal.Page, error)
	read   func(ctx context.Context, ref provider.EventRef) (cal.Event, error)
	create func(ctx context.Context, req provider.CreateEvent) (provider.Created, error)
	update func(ctx context.Context, req provider.UpdateEvent) (cal.Event, error)
	remove func(ctx context.Context, req provider.DeleteEvent) error
}

// full is what Google's client can do.
type full interface {
	provider.Client
	provider.DeltaLister
	provider.ChannelKeeper
}

func (w *wrong) ListEvents(ctx context.Context, req provider.ListEvents) (cal.Page, error) {
	return w.list(ctx, req)
}

func (w *wrong) ReadEvent(ctx context.Context, ref provider.EventRef) (cal.Event, error) {
	return w.read(ctx, ref)
}

func (w *wrong) CreateEvent(ctx context.Context, req provider.CreateEvent) (provider.Created, error) {
	return w.create(ctx, req)
}

func (w *wrong) UpdateEvent(ctx context.Context, req provider.UpdateEvent) (cal.Event, error) {
	return w.update(ctx, req)
}

func (w *wrong) DeleteEvent(ctx context.Context, req provider.DeleteEvent) error {
	return w.remove(ctx, req)
}

func TestMutants(t *testing.T) {
	t.Parallel()
	cases := map[string]providertest.Case{}
	for _, c := range providertest.Cases() {
		cases[c.Name] = c
	}
	for _, m := range mutants() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			c, ok := cases[m.by]
			if !ok {
				t.Fatalf("there is no case %q", m.by)
			}
			failures, skipped := providertest.Record(t.Context(), func(r providertest.T) {
				c.Try(r, func(r providertest.T) *providertest.Account {
					a := onGoogle().Account(r)
					inner := a.Client.(full) //nolint:forcetypeassert // Google's
					w := &wrong{full: inner, list: inner.ListEvents, read: inner.ReadEvent, create: inner.CreateEvent, update: inner.UpdateEvent, remove: inner.DeleteEvent}
					m.harm(w)
					a.Client = w
					return a
				})
			})
			if len(failures) == 0 || skipped != "" {
				t.Errorf("it survived %q: %s", m.by, skipped)
			}
			t.Logf("%s", failures)
		})
	}
}

func mutants() []mutant {
	return slices.Concat(listingMutants(), writeMutants())
}

func listingMutants() []mutant {
	page := func(change func(req provider.ListEvents, p *cal.Page)) func(*wrong) {
		return func(w *wrong) {
			w.list = func(ctx context.Context, req provider.ListEvents) (cal.Page, error) {
				p, err := w.full.ListEvents(ctx, req)
				if err == nil {
					change(req, &p)
				}
				return p, err
			}
		}
	}
	return []mutant{
		{"cursor on every page", "listing/pages", page(func(_ provider.ListEvents, p *cal.Page) {
			p.Cursor = cal.Cursor{Token: "early", Scope: "s"}
		})},
		{"page dropped", "listing/pages", page(func(req provider.ListEvents, p *cal.Page) {
			if req.Page != "" && p.Next != "" {
				p.Items = nil
			}
		})},
		{"last page forgotten", "listing/pages", page(func(_ provider.ListEvents, p *cal.Page) {
			if p.Next != "" {
				p.Next, p.Cursor = "", cal.Cursor{Token: "t", Scope: "s"}
			}
		})},
		{"no cursor", "listing/pages", page(func(_ provider.ListEvents, p *cal.Page) { p.Cursor = cal.Cursor{} })},
		{"endless", "listing/pages", page(func(req provider.ListEvents, p *cal.Page) { p.Next, p.Cursor = req.Page+"x", cal.Cursor{} })},
		{"snapshot called delta", "listing/pages", page(func(_ provider.ListEvents, p *cal.Page) { p.Kind = cal.Delta })},
		{"snapshot of less", "listing/pages", page(func(_ provider.ListEvents, p *cal.Page) {
			p.Coverage.From = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
		})},
		{"failure called the end", "listing/a page in the middle fails", func(w *wrong) {
			w.list = func(ctx context.Context, req provider.ListEvents) (cal.Page, error) {
				p, err := w.full.ListEvents(ctx, req)
				if fault.Is(err, fault.Transient) {
					return cal.Page{Kind: cal.Snapshot, Cursor: cal.Cursor{Token: "t", Scope: "s"}}, nil
				}
				return p, err
			}
		}},
		{"tombstones dropped", "listing/what changed", page(func(_ provider.ListEvents, p *cal.Page) {
			p.Items = slices.DeleteFunc(p.Items, func(i cal.Item) bool { return i.Event.Gone() })
		})},
		{"tombstones alive", "listing/what changed", page(func(_ provider.ListEvents, p *cal.Page) {
			for i := range p.Items {
				p.Items[i].Event.Status = cal.StatusConfirmed
			}
		})},
		{"delta called snapshot", "listing/quiet", page(func(_ provider.ListEvents, p *cal.Page) { p.Kind = cal.Snapshot })},
		{"every listing from the beginning", "listing/quiet", func(w *wrong) {
			w.list = func(ctx context.Context, req provider.ListEvents) (cal.Page, error) {
				req.Cursor = cal.Cursor{}
				return w.full.ListEvents(ctx, req)
			}
		}},
		{"lost cursor called quiet", "listing/a cursor is lost", func(w *wrong) {
			w.list = func(ctx context.Context, req provider.ListEvents) (cal.Page, error) {
				p, err := w.full.ListEvents(ctx, req)
				if fault.Is(err, fault.CursorLost) {
					return cal.Page{Kind: cal.Delta, Cursor: req.Cursor}, nil
				}
				return p, err
			}
		}},
		{"lost cursor called transient", "listing/a cursor is lost", func(w *wrong) {
			w.list = func(ctx context.Context, req provider.ListEvents) (cal.Page, error) {
				p, err := w.full.ListEvents(ctx, req)
				if fault.Is(err, fault.CursorLost) {
					return p, fault.New(fault.Transient, "list", err)
				}
				return p, err
			}
		}},
		{"scope ignored", "listing/a cursor of other parameters", func(w *wrong) {
			scope := ""
			w.list = func(ctx context.Context, req provider.ListEvents) (cal.Page, error) {
				if req.Cursor.Token != "" && scope != "" {
					req.Cursor.Scope = scope
				}
				p, err := w.full.ListEvents(ctx, req)
				if p.Cursor.Scope != "" {
					scope = p.Cursor.Scope
				}
				return p, err
			}
		}},
		{"rows withheld", "listing/what changed", page(func(_ provider.ListEvents, p *cal.Page) {
			for i := range p.Items {
				p.Items[i].Withheld = "too hard"
			}
		})},
	}
}

func writeMutants() []mutant {
	n := 0
	return []mutant{
		{"another key with each try", "create/an answer is lost", func(w *wrong) {
			w.create = func(ctx context.Context, req provider.CreateEvent) (provider.Created, error) {
				n++
				req.Key = cal.NewKey("ten_1", "mutant", "cal_1", "", n)
				return w.full.CreateEvent(ctx, req)
			}
		}},
		{"stamp left out", "create/what is stored", func(w *wrong) {
			w.create = func(ctx context.Context, req provider.CreateEvent) (provider.Created, error) {
				made, err := w.full.CreateEvent(ctx, req)
				made.Event.Stamp = ""
				return made, err
			}
		}},
		{"the wish taken for the answer", "create/once per key", func(w *wrong) {
			w.create = func(ctx context.Context, req provider.CreateEvent) (provider.Created, error) {
				made, err := w.full.CreateEvent(ctx, req)
				made.Event.Content = req.Content
				return made, err
			}
		}},
		{"adopted called new", "create/once per key", func(w *wrong) {
			w.create = func(ctx context.Context, req provider.CreateEvent) (provider.Created, error) {
				made, err := w.full.CreateEvent(ctx, req)
				made.Adopted = false
				return made, err
			}
		}},
		{"all fields written", "update/no more than asked", func(w *wrong) {
			w.update = func(ctx context.Context, req provider.UpdateEvent) (cal.Event, error) {
				req.Fields = cal.Fields(cal.FieldTitle | cal.FieldDescription | cal.FieldLocation)
				return w.full.UpdateEvent(ctx, req)
			}
		}},
		{"etag ignored", "update/on an older state", func(w *wrong) {
			w.update = func(ctx context.Context, req provider.UpdateEvent) (cal.Event, error) {
				req.ETag = ""
				return w.full.UpdateEvent(ctx, req)
			}
		}},
		{"etag ignored by a deletion", "update/on an older state", func(w *wrong) {
			w.remove = func(ctx context.Context, req provider.DeleteEvent) error {
				req.ETag = ""
				return w.full.DeleteEvent(ctx, req)
			}
		}},
		{"guests replaced", "update/guests stay", func(w *wrong) {
			w.update = func(ctx context.Context, req provider.UpdateEvent) (cal.Event, error) {
				req.Uninvite = append(slices.Clone(req.Uninvite), providertest.Guest)
				return w.full.UpdateEvent(ctx, req)
			}
		}},
		{"everybody is mailed", "mail/nobody is mailed", func(w *wrong) {
			w.create = func(ctx context.Context, req provider.CreateEvent) (provider.Created, error) {
				req.Notify = cal.NotifyAll
				return w.full.CreateEvent(ctx, req)
			}
		}},
		{"deletion pretended", "delete/once", func(w *wrong) { w.remove = func(context.Context, provider.DeleteEvent) error { return nil } }},
		{"offset of today", "time/zones", func(w *wrong) {
			w.create = func(ctx context.Context, req provider.CreateEvent) (provider.Created, error) {
				req.Content.Slot.Start, req.Content.Slot.End = today(req.Content.Slot.Start), today(req.Content.Slot.End)
				return w.full.CreateEvent(ctx, req)
			}
		}},
		{"all day as midnights", "time/all day", func(w *wrong) {
			w.read = func(ctx context.Context, ref provider.EventRef) (cal.Event, error) {
				e, err := w.full.ReadEvent(ctx, ref)
				if at, bad := time.Parse(cal.DateLayout, e.Content.Slot.Start.Date); bad == nil {
					e.Content.Slot.Start = cal.Moment{Instant: at}
				}
				return e, err
			}
		}},
		{"tries again by itself", "wire/every failure of every call", func(w *wrong) {
			w.read = func(ctx context.Context, ref provider.EventRef) (cal.Event, error) {
				e, err := w.full.ReadEvent(ctx, ref)
				if err != nil {
					return w.full.ReadEvent(ctx, ref)
				}
				return e, err
			}
		}},
		{"title in an error", "wire/every failure of every call", func(w *wrong) {
			w.create = func(ctx context.Context, req provider.CreateEvent) (provider.Created, error) {
				made, err := w.full.CreateEvent(ctx, req)
				if err != nil {
					err = fault.New(fault.KindOf(err), "create", fmt.Errorf("%s CANARY: %w", req.Content.Title, err))
				}
				return made, err
			}
		}},
		{"deaf to its context", "wire/the context ends", func(w *wrong) {
			w.remove = func(ctx context.Context, req provider.DeleteEvent) error {
				deaf, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
				defer cancel()
				return w.full.DeleteEvent(deaf, req)
			}
		}},
		{"a refusal taken for a missing event", "wire/every failure of every call", func(w *wrong) {
			w.read = func(ctx context.Context, ref provider.EventRef) (cal.Event, error) {
				e, err := w.full.ReadEvent(ctx, ref)
				if err != nil && strings.Contains(err.Error(), "401") {
					err = fault.New(fault.NotFound, "read", err)
				}
				return e, err
			}
		}},
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
