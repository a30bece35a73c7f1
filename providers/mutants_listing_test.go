package providers_test

import (
	"context"
	"slices"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

// page changes every page that is listed.
func page(change func(req provider.ListEvents, p *cal.Page)) func(*wrong) {
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

// rows changes every row that is listed.
func rows(change func(e *cal.Event)) func(*wrong) {
	return page(func(_ provider.ListEvents, p *cal.Page) {
		for i := range p.Items {
			change(&p.Items[i].Event)
		}
	})
}

// without leaves out rows.
func without(left func(e cal.Event) bool) func(*wrong) {
	return page(func(_ provider.ListEvents, p *cal.Page) {
		p.Items = slices.DeleteFunc(p.Items, func(i cal.Item) bool { return left(i.Event) })
	})
}

// instead puts something in place of a listing's failure of one kind.
func instead(kind fault.Kind, of func(w *wrong, req provider.ListEvents) (cal.Page, error)) func(*wrong) {
	return func(w *wrong) {
		w.list = func(ctx context.Context, req provider.ListEvents) (cal.Page, error) {
			p, err := w.full.ListEvents(ctx, req)
			if fault.Is(err, kind) {
				return of(w, req)
			}
			return p, err
		}
	}
}

func ended() cal.Cursor { return cal.Cursor{Token: "t", Scope: "s"} }

func listingMutants() []mutant {
	return []mutant{
		{name: "cursor on every page", by: "listing/pages", harm: page(func(_ provider.ListEvents, p *cal.Page) { p.Cursor = ended() })},
		{name: "page dropped", by: "listing/pages", harm: page(func(req provider.ListEvents, p *cal.Page) {
			if req.Page != "" && p.Next != "" {
				p.Items = nil
			}
		})},
		{name: "last page forgotten", by: "listing/pages", harm: page(func(_ provider.ListEvents, p *cal.Page) {
			if p.Next != "" {
				p.Next, p.Cursor = "", ended()
			}
		})},
		{name: "no cursor", by: "listing/pages", harm: page(func(_ provider.ListEvents, p *cal.Page) { p.Cursor = cal.Cursor{} })},
		{name: "endless", by: "listing/pages", harm: page(func(req provider.ListEvents, p *cal.Page) {
			p.Next, p.Cursor = req.Page+"x", cal.Cursor{}
		})},
		{name: "snapshot called delta", by: "listing/pages", harm: page(func(_ provider.ListEvents, p *cal.Page) { p.Kind = cal.Delta })},
		{name: "snapshot of less", by: "listing/pages", harm: page(func(_ provider.ListEvents, p *cal.Page) {
			p.Coverage.From = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
		})},
		{name: "empty page taken for the end", by: "listing/empty pages", harm: page(func(_ provider.ListEvents, p *cal.Page) {
			if len(p.Items) == 0 && p.Next != "" {
				p.Next, p.Cursor = "", ended()
			}
		})},
		{name: "a row that cannot be read stops the listing", by: "listing/a row that cannot be read", harm: page(func(_ provider.ListEvents, p *cal.Page) {
			for i, row := range p.Items {
				if row.Withheld != "" {
					p.Items = p.Items[:i]
					return
				}
			}
		})},
		{name: "a row that cannot be read is dropped", by: "listing/a row that cannot be read", harm: page(func(_ provider.ListEvents, p *cal.Page) {
			p.Items = slices.DeleteFunc(p.Items, func(i cal.Item) bool { return i.Withheld != "" })
		})},
		{name: "a row that cannot be read is a tombstone", by: "listing/a row that cannot be read", harm: page(func(_ provider.ListEvents, p *cal.Page) {
			for i, row := range p.Items {
				if row.Withheld != "" {
					p.Items[i].Event.Status = cal.StatusCancelled
				}
			}
		})},
		{
			name: "failure called the end", by: "listing/a page in the middle fails",
			harm: instead(fault.Transient, func(*wrong, provider.ListEvents) (cal.Page, error) {
				return cal.Page{Kind: cal.Snapshot, Cursor: ended()}, nil
			}),
		},
		{
			name: "rows beside a failure", by: "listing/a page in the middle fails",
			harm: instead(fault.Transient, func(*wrong, provider.ListEvents) (cal.Page, error) {
				return cal.Page{Next: "2"}, fault.Newf(fault.Transient, "list", "no answer")
			}),
		},
		{name: "tombstones dropped", by: "listing/what changed", harm: without(cal.Event.Gone)},
		{name: "tombstones alive", by: "listing/what changed", harm: rows(func(e *cal.Event) { e.Status = cal.StatusConfirmed })},
		{name: "rows withheld", by: "listing/what changed", harm: page(func(_ provider.ListEvents, p *cal.Page) {
			for i := range p.Items {
				p.Items[i].Withheld = "too hard"
			}
		})},
		{name: "delta called snapshot", by: "listing/quiet", harm: page(func(_ provider.ListEvents, p *cal.Page) { p.Kind = cal.Snapshot })},
		{name: "every listing from the beginning", by: "listing/quiet", harm: func(w *wrong) {
			w.list = func(ctx context.Context, req provider.ListEvents) (cal.Page, error) {
				req.Cursor = cal.Cursor{}
				return w.full.ListEvents(ctx, req)
			}
		}},
		{name: "cursor good for one use", by: "listing/an answer is lost", harm: func(w *wrong) {
			used := map[string]bool{}
			w.list = func(ctx context.Context, req provider.ListEvents) (cal.Page, error) {
				p, err := w.full.ListEvents(ctx, req)
				if key := req.Cursor.Token + req.Page; req.Cursor.Token != "" && used[key] {
					p.Items = nil
				} else {
					used[key] = true
				}
				return p, err
			}
		}},
		{name: "our own writes left out", by: "listing/our own writes", harm: without(func(e cal.Event) bool { return e.Stamp != "" })},
		{name: "a time for an ETag", by: "listing/our own writes", harm: rows(func(e *cal.Event) { e.ETag = e.Updated.String() })},
		{
			name: "lost cursor called quiet", by: "listing/a cursor is lost",
			harm: instead(fault.CursorLost, func(_ *wrong, req provider.ListEvents) (cal.Page, error) {
				return cal.Page{Kind: cal.Delta, Cursor: req.Cursor}, nil
			}),
		},
		{
			name: "lost cursor called transient", by: "listing/a cursor is lost",
			harm: instead(fault.CursorLost, func(*wrong, provider.ListEvents) (cal.Page, error) {
				return cal.Page{}, fault.Newf(fault.Transient, "list", "try again")
			}),
		},
		{
			name: "lost cursor called invalid on later pages", by: "listing/a cursor is lost on any page",
			harm: instead(fault.CursorLost, func(_ *wrong, req provider.ListEvents) (cal.Page, error) {
				kind := fault.CursorLost
				if req.Page != "" {
					kind = fault.Invalid
				}
				return cal.Page{}, fault.Newf(kind, "list", "no such page")
			}),
		},
		{
			name: "lost cursor started over in silence", by: "listing/a cursor is lost on any page",
			harm: func(w *wrong) {
				w.list = func(ctx context.Context, req provider.ListEvents) (cal.Page, error) {
					p, err := w.full.ListEvents(ctx, req)
					if fault.Is(err, fault.CursorLost) {
						return w.full.ListEvents(ctx, provider.ListEvents{Calendar: req.Calendar, Window: req.Window, PageSize: req.PageSize})
					}
					return p, err
				}
			},
		},
		{name: "scope ignored", by: "listing/a cursor of other parameters", harm: func(w *wrong) {
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
	}
}

// seriesMutants have two ways to be asked: rows and reads are wrong alike.
func seriesMutants() []mutant {
	seen := func(change func(e *cal.Event)) func(*wrong) {
		return func(w *wrong) {
			rows(change)(w)
			reads(change)(w)
		}
	}
	return []mutant{
		{name: "exception's deletion taken for the series'", by: "series/what changed", harm: page(func(_ provider.ListEvents, p *cal.Page) {
			for _, i := range p.Items {
				if i.Event.Gone() && i.Event.Series != "" {
					p.Items = append(p.Items, cal.Item{Event: cal.Event{ID: i.Event.Series, Status: cal.StatusCancelled}})
				}
			}
		})},
		{name: "exception of no series", by: "series/listed", harm: seen(func(e *cal.Event) { e.Series = "" })},
		{name: "exceptions dropped", by: "series/listed", harm: without(func(e cal.Event) bool { return e.Kind == cal.KindException })},
		{name: "cancelled occurrence stands", by: "series/listed", harm: rows(func(e *cal.Event) {
			if e.Series != "" {
				e.Status = cal.StatusConfirmed
			}
		})},
		{name: "original start moves along", by: "series/read", harm: seen(func(e *cal.Event) { e.OriginalStart = e.Content.Slot.Start })},
		{name: "series called single", by: "series/read", harm: seen(func(e *cal.Event) {
			if e.Kind == cal.KindSeries {
				e.Kind = cal.KindSingle
			}
		})},
		{name: "exception at its original time", by: "series/read", harm: seen(func(e *cal.Event) {
			if e.Kind == cal.KindException {
				e.Content.Slot.Start = e.OriginalStart
			}
		})},
		{name: "every event a series", by: "series/a single event is none", harm: reads(func(e *cal.Event) { e.Kind = cal.KindSeries })},
		{name: "deleted series left out", by: "series/deleted", harm: without(cal.Event.Gone)},
	}
}
