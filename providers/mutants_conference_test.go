package providers_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/drivertest"
	"github.com/calweave/calweave/internal/sim"
)

// onGoogleWithoutMeet is Google where no calendar allows a conference.
func onGoogleWithoutMeet() drivertest.Provider {
	p := onGoogle()
	p.Switches = func(s *sim.Switches) { s.Google.Conferences = sim.ConferenceRefused }
	return p
}

func conferenceMutants() []mutant {
	const atOnce, later = "conference/with a new event", "conference/asked for later"
	return []mutant{
		{name: "no conference asked for", by: atOnce, harm: creates(func(req *provider.CreateEvent) { req.Conference = "" })},
		{name: "no conference asked for later", by: later, harm: updates(func(req *provider.UpdateEvent) { req.Conference = "" })},
		{name: "no Teams meeting asked for", by: atOnce, on: onMicrosoft, harm: creates(func(req *provider.CreateEvent) { req.Conference = "" })},
		{name: "a conference with every event", by: later, harm: creates(func(req *provider.CreateEvent) { req.Conference = "unasked" })},
		{name: "another conference with every wish", by: later, harm: func(w *wrong) {
			n := 0
			updates(func(req *provider.UpdateEvent) { n++; req.Conference = fmt.Sprint("wish-", n) })(w)
		}},
		{name: "conferences not kept", by: atOnce, wrap: sent(http.MethodPatch, "/events/", func(body map[string]any) { body["conferenceData"] = nil })},
		{name: "version of conferences forgotten", by: atOnce, wrap: asked(func(r *http.Request) {
			q := r.URL.Query()
			q.Del("conferenceDataVersion")
			r.URL.RawQuery = q.Encode()
		})},
		{name: "Teams' part lost", by: atOnce, on: onMicrosoft, wrap: sent(http.MethodPatch, "/events/", func(body map[string]any) {
			if _, ok := body["body"]; ok {
				body["body"] = map[string]any{"contentType": "text", "content": "Other words"}
			}
		})},
		{name: "Teams' part taken for the text", by: atOnce, on: onMicrosoft, harm: reads(func(e *cal.Event) {
			e.Content.Description += "\n" + e.Conference.URL
		})},
		{name: "refused as a whole", by: atOnce, on: onGoogleWithoutMeet, harm: func(w *wrong) {
			w.create = func(ctx context.Context, req provider.CreateEvent) (provider.Created, error) {
				made, err := w.full.CreateEvent(ctx, req)
				if made.Event.Conference.State == cal.ConferenceRefused {
					return provider.Created{}, fault.Newf(fault.Invalid, "create", "the conference was refused")
				}
				return made, err
			}
		}},
		{name: "refused without a word", by: later, on: onGoogleWithoutMeet, harm: func(w *wrong) {
			w.update = func(ctx context.Context, req provider.UpdateEvent) (cal.Event, error) {
				e, err := w.full.UpdateEvent(ctx, req)
				e.Conference = cal.Conference{}
				return e, err
			}
		}},
		{name: "pending for good", by: atOnce, harm: func(w *wrong) {
			w.read = func(ctx context.Context, ref provider.EventRef) (cal.Event, error) {
				e, err := w.full.ReadEvent(ctx, ref)
				e.Conference = cal.Conference{State: cal.ConferencePending}
				return e, err
			}
		}},
	}
}
