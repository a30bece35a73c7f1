package inbound_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/providers/google"
	"github.com/calweave/calweave/providers/microsoft"
	"github.com/calweave/calweave/webhooks/inbound"
)

// Whatever comes in is answered in one of a few ways, and nothing is committed without the channel's secret.
func FuzzReceiver(f *testing.F) {
	f.Add("", []byte(`{"value":[{"clientState":"chn_0190.forged"}]}`), "chn_0190", "forged", "exists")
	f.Add("validationToken=t", []byte(""), "", "", "")
	f.Add("", []byte(`{"value":[{"clientState":"chn_0190.`+secret+`"}]}`), channelID, secret, "sync")
	f.Add("validationToken=%ff%00", []byte("{"), closedID, secret, "exists")
	f.Fuzz(func(t *testing.T, query string, body []byte, id, token, state string) {
		for p, decoder := range map[cal.Provider]provider.NotificationDecoder{
			cal.Google: google.New(google.Config{}), cal.Microsoft: microsoft.New(microsoft.Config{}),
		} {
			store := newChannels()
			h := &inbound.Receiver{Provider: p, Decoder: decoder, Batch: newBatcher(t, store, inbound.DefaultLimits()), Trace: traced, Log: slog.New(slog.DiscardHandler)}
			req := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
			req.URL = &url.URL{Path: "/hooks/" + string(p), RawQuery: query}
			for name, value := range map[string]string{"X-Goog-Channel-Id": id, "X-Goog-Channel-Token": token, "X-Goog-Resource-State": state} {
				req.Header[name] = []string{value}
			}
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, req)
			if !slices.Contains([]int{200, 202, 400, 413}, rec.Code) {
				t.Fatalf("%s answers %d", p, rec.Code)
			}
			proved := bytes.Contains(body, []byte(secret)) || bytes.Contains(body, []byte(foreign)) || token == secret || token == foreign || bytes.Contains(body, []byte(`\u`))
			if store.commits > 0 && !proved {
				t.Fatalf("%s committed %+v", p, store.received)
			}
			if rec.Code == http.StatusOK && rec.Body.String() != req.URL.Query().Get("validationToken") {
				t.Fatalf("%s reflects %q", p, rec.Body)
			}
		}
	})
}
