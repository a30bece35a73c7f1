package dev

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/browser"
	"github.com/calweave/calweave/internal/store"
)

// The two hosts of the tour, and the guest of its booking.
const (
	googleHost    = "ada@example.com"
	microsoftHost = "grace@contoso.example"
	guest         = "guest@example.net"
	zone          = "Europe/Berlin"
	bookingID     = "intro-call-1"
)

func (t *tour) start(ctx context.Context, dir string) (*stack, error) {
	var s *stack
	err := t.hop("start", func() (string, error) {
		var err error
		if s, err = start(ctx, dir, t.options); err != nil {
			return "", err
		}
		return "calweave, embedded Redis, two simulated providers, a sample booking core", nil
	})
	return s, err
}

// walk is the tour itself.
func (t *tour) walk(ctx context.Context, s *stack) error {
	w := &walker{tour: t, stack: s, api: client{base: s.url, http: &http.Client{}}}
	for _, step := range []func(context.Context) error{
		w.tenant, w.endpoint, w.connectGoogle, w.connectMicrosoft, w.calendars, w.book, w.shown, w.agreed, w.watched, w.move, w.told,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// walker goes from step to step.
type walker struct {
	*tour
	*stack
	api     client
	targets []cal.Target
	booking gen.Booking
	events  map[sim.Provider]sim.Event
	before  int
	moved   time.Time
}

func (w *walker) tenant(ctx context.Context) error {
	return w.hop("tenant and keys", func() (string, error) {
		id, err := w.app.CreateTenant(ctx, "dev")
		if err != nil {
			return "", err
		}
		k, err := w.app.CreateKey(ctx, id, store.PurposeAPI, record.AllScopes())
		if err != nil {
			return "", err
		}
		w.api.key, w.stack.key = k.Secret, k.Secret
		w.signing, err = w.app.CreateKey(ctx, id, store.PurposeSigning, "")
		return string(id), err
	})
}

func (w *walker) endpoint(ctx context.Context) error {
	return w.hop("endpoint of the booking core", func() (string, error) {
		var e gen.Endpoint
		if err := w.api.call(ctx, http.MethodPost, "/v1/endpoints", gen.NewEndpoint{URL: w.coreURL + "/calweave"}, &e); err != nil {
			return "", err
		}
		return "POST /v1/endpoints", w.core.trust(e.Secret)
	})
}

func (w *walker) connectGoogle(ctx context.Context) error {
	return w.connect(ctx, sim.Google, googleHost)
}

func (w *walker) connectMicrosoft(ctx context.Context) error {
	return w.connect(ctx, sim.Microsoft, microsoftHost)
}

// connect lets the host consent in a browser of their own.
func (w *walker) connect(ctx context.Context, p sim.Provider, email string) error {
	return w.hop("connect "+string(p), func() (string, error) {
		if _, err := w.sim.Seed(sim.Person{Provider: p, Email: email, Zone: zone}); err != nil {
			return "", err
		}
		n := w.core.count()
		var c gen.BegunConnection
		if err := w.api.call(ctx, http.MethodPost, "/v1/connections", gen.NewConnection{Provider: gen.Provider(p)}, &c); err != nil {
			return "", err
		}
		jar, err := cookiejar.New(nil)
		if err != nil {
			return "", err
		}
		page, err := browser.Consent(ctx, &http.Client{Jar: jar}, c.ConnectURL, browser.Choice{Account: email})
		if err != nil {
			return "", err
		}
		if page.Status != http.StatusOK {
			return "", fmt.Errorf("the callback page answered %d", page.Status)
		}
		_, err = w.core.wait(ctx, message.ConnectionActivated, n)
		return email + " consented (code grant, PKCE)", err
	})
}

// calendars waits until both hosts' calendars are listed and aims at their primary ones.
func (w *walker) calendars(ctx context.Context) error {
	return w.hop("calendars listed", func() (string, error) {
		return "GET /v1/calendars", until(ctx, func() (bool, error) {
			var page gen.CalendarPage
			err := w.api.call(ctx, http.MethodGet, "/v1/calendars", nil, &page)
			w.targets = nil
			for _, c := range page.Calendars {
				if c.Primary && c.Provider == gen.ProviderGoogle {
					w.calendar = cal.CalendarID(c.ID)
				}
				if c.Primary {
					w.targets = append(w.targets, cal.Target{CalendarID: cal.CalendarID(c.ID), Authoritative: c.Provider == gen.ProviderGoogle})
				}
			}
			return len(w.targets) == 2, err
		})
	})
}

// until asks again and again, as a core does, until the answer is yes.
func until(ctx context.Context, ask func() (bool, error)) error {
	const often = 20 * time.Millisecond
	tick := time.NewTicker(often)
	defer tick.Stop()
	for {
		if yes, err := ask(); yes || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (w *walker) book(ctx context.Context) error {
	return w.hop("booking accepted", func() (string, error) {
		day := w.clock.Now().AddDate(0, 0, 7).Format(cal.DateLayout)
		spec := cal.Booking{
			Version: 1, Title: "Intro call", Description: "Booked online", Location: "Room 4",
			Start:   cal.When{DateTime: day + "T10:00:00", TimeZone: zone},
			End:     cal.When{DateTime: day + "T10:30:00", TimeZone: zone},
			Targets: w.targets, Attendees: []cal.Attendee{{Email: guest}}, // whom nobody mails, since nothing asks for it
		}
		if err := w.api.call(ctx, http.MethodPut, "/v1/bookings/"+bookingID, spec, &w.booking); err != nil {
			return "", err
		}
		_, err := w.core.wait(ctx, message.BookingAccepted, 0)
		return "PUT /v1/bookings/" + bookingID, err
	})
}

// shown waits until the event stands in both calendars.
func (w *walker) shown(ctx context.Context) error {
	w.events = map[sim.Provider]sim.Event{}
	for _, in := range []sim.In{{Provider: sim.Google, Email: googleHost}, {Provider: sim.Microsoft, Email: microsoftHost}} {
		err := w.hop("event in "+string(in.Provider)+" calendar", func() (string, error) {
			err := w.sim.Wait(ctx, func() bool {
				events, err := w.sim.Standing(in)
				if err != nil || len(events) != 1 {
					return false
				}
				w.events[in.Provider] = events[0]
				return true
			})
			e := w.events[in.Provider]
			return fmt.Sprintf("%q at %s", e.Title, e.Start.Format(time.RFC3339)), err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// agreed waits until the booking is in agreement in both calendars, before a person touches it.
func (w *walker) agreed(ctx context.Context) error {
	return w.hop("both calendars agree", func() (string, error) {
		path := "/v1/reservations/" + w.booking.ReservationToken
		err := until(ctx, func() (bool, error) {
			var r gen.Reservation
			err := w.api.call(ctx, http.MethodGet, path, nil, &r)
			waits := func(t gen.ReservationTarget) bool { return t.Status != gen.ReservationTargetStatusSynced }
			return len(r.Targets) == 2 && !slices.ContainsFunc(r.Targets, waits), err
		})
		if err != nil {
			return "", err
		}
		_, err = w.core.wait(ctx, message.BookingSynced, 0)
		return "GET " + path, err
	})
}

// watched waits until the provider pushes changes of the calendar that is about to change.
func (w *walker) watched(ctx context.Context) error {
	return w.hop("push channel open", func() (string, error) {
		address := w.url + "/hooks/google"
		err := w.sim.Wait(ctx, func() bool {
			channels, err := w.sim.Channels(sim.Google, googleHost)
			return err == nil && slices.ContainsFunc(channels, func(c sim.Channel) bool { return c.Address == address })
		})
		return "Google pushes to " + address, err
	})
}

func (w *walker) move(context.Context) error {
	return w.hop("moved by hand in google calendar", func() (string, error) {
		w.before = w.core.count()
		e := w.events[sim.Google]
		w.moved, w.event = e.Start.Add(time.Hour), e.ID
		_, err := w.sim.MoveEvent(sim.In{Provider: sim.Google, Email: googleHost}, e.ID, w.moved)
		return "one hour later", err
	})
}

var errOtherTime = errors.New("the message tells another time")

// told waits for the signed message about the move.
func (w *walker) told(ctx context.Context) error {
	return w.hop("signed webhook at the core", func() (string, error) {
		e, err := w.core.wait(ctx, message.BookingMoved, w.before)
		if err != nil {
			return "", err
		}
		var changed message.Changed
		if err := json.Unmarshal(e.Data, &changed); err != nil {
			return "", err
		}
		at, err := time.Parse(time.RFC3339, changed.Event.Start.DateTime)
		if err != nil || !at.Equal(w.moved) {
			return "", errOtherTime
		}
		return fmt.Sprintf("%s %s: %s now begins at %s", e.Type, e.ID, changed.BookingID, changed.Event.Start.DateTime), nil
	})
}

// export writes what a shell needs to go on. It holds a key, so nobody else may read it.
func (t *tour) export(s *stack) error {
	var text strings.Builder
	for _, v := range [][2]string{
		{"URL", s.url},
		{"KEY", s.key},
		{"CALENDAR", string(t.calendar)},
		{"CORE", s.coreURL},
		{"SIM", s.adminURL + "/sim/v1"},
		{"REDIS", s.redis.Addr()},
		{"SIGNING_KEY", s.signing.ID},
		{"SIGNING_SECRET", s.signing.Secret},
	} {
		text.WriteString(v[0] + "=" + v[1] + "\n")
	}
	return os.WriteFile(t.options.Env, []byte(text.String()), 0o600)
}

// stay prints how to go on.
func (t *tour) stay(s *stack) {
	t.say(`
Everything stays up until Ctrl-C. Go on with:

  export KEY=%s
  curl -s -H "Authorization: Bearer $KEY" %s/v1/bookings/%s
  curl -s -H "Authorization: Bearer $KEY" %s/v1/calendars
  curl -s %s/sim/v1/people/google/%s/calendars/primary/events
  curl -s -X PATCH %s/sim/v1/people/google/%s/calendars/primary/events/%s -d '{"title":"Edited by hand"}'
  curl -s %s/messages

  calweave   %s
  Google     %s (simulated)
  Microsoft  %s (simulated)
  simulators %s/sim/v1 (act as a person, set faults)
`, s.key, s.url, bookingID, s.url, s.adminURL, googleHost, s.adminURL, googleHost, t.event, s.coreURL, s.url, s.googleURL, s.graphURL, s.adminURL)
}
