package google

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

const address = "https://hub.example.com/hooks/google"

// unused is a client that must not be used.
func unused() *http.Client {
	return &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { panic("a call was made") })}
}

func TestOpenChannel(t *testing.T) {
	t.Parallel()
	client := script(t,
		exchange{
			want:   "POST " + eventsURL + "/watch",
			body:   `{"id":"chn_1","type":"web_hook","address":"` + address + `","token":"s3cret","expiration":"1790683200000"}`,
			answer: `{"kind":"api#channel","id":"chn_1","resourceId":"o3hgv1538sdjfh","resourceUri":"https://x","token":"s3cret","expiration":"1790596800000"}`,
		},
		exchange{
			want: "POST " + eventsURL + "/watch", body: `{"id":"chn_2","type":"web_hook","address":"` + address + `","token":"s3cret"}`,
			answer: `{"id":"chn_2","resourceId":"r"}`,
		},
	)
	req := provider.OpenChannel{ID: "chn_1", Calendar: ref.Calendar, Address: address, Secret: "s3cret", Expires: time.UnixMilli(1790683200000)}
	got, err := client.(provider.ChannelKeeper).OpenChannel(t.Context(), req)
	want := cal.Channel{ID: "chn_1", Resource: "o3hgv1538sdjfh", Expires: time.UnixMilli(1790596800000).UTC()}
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	req.ID, req.Expires = "chn_2", time.Time{}
	got, err = client.(provider.ChannelKeeper).OpenChannel(t.Context(), req)
	if err != nil || got.Expires != noon.Add(604_800*time.Second) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestOpenChannelRefused(t *testing.T) {
	t.Parallel()
	client := script(t)
	for _, req := range []provider.OpenChannel{
		{Calendar: "c", Secret: "s"},
		{Calendar: "c", ID: "i"},
		{ID: "i", Secret: "s"},
		{Calendar: "c", ID: cal.ChannelID(strings.Repeat("i", 65)), Secret: "s"},
		{Calendar: "c", ID: "i", Secret: strings.Repeat("s", 257)},
	} {
		if _, err := client.(provider.ChannelKeeper).OpenChannel(t.Context(), req); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", req, err)
		}
	}
}

func TestCloseChannel(t *testing.T) {
	t.Parallel()
	stop := exchange{want: "POST /calendar/v3/channels/stop", body: `{"id":"chn_1","resourceId":"r"}`}
	ok, unknown := stop, stop
	ok.status = 204
	unknown.status, unknown.answer = 404, `{"error":{"code":404,"message":"m","errors":[{"reason":"notFound"}]}}`
	client := script(t, ok, unknown)
	ch := cal.Channel{ID: "chn_1", Resource: "r"}
	if err := client.(provider.ChannelKeeper).CloseChannel(t.Context(), ch); err != nil {
		t.Error(err)
	}
	if err := client.(provider.ChannelKeeper).CloseChannel(t.Context(), ch); !fault.Is(err, fault.NotFound) {
		t.Errorf("unknown: %v", err)
	}
	if err := client.(provider.ChannelKeeper).CloseChannel(t.Context(), cal.Channel{ID: "chn_1"}); !fault.Is(err, fault.NotFound) {
		t.Errorf("never answered: %v", err)
	}
}
