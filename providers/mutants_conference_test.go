package providers_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
)

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
		{name: "pending for good", by: atOnce, harm: func(w *wrong) {
			w.read = func(ctx context.Context, ref provider.EventRef) (cal.Event, error) {
				e, err := w.full.ReadEvent(ctx, ref)
				e.Conference = cal.Conference{State: cal.ConferencePending}
				return e, err
			}
		}},
	}
}
