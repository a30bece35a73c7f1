package microsoft

import (
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
)

func TestHandshake(t *testing.T) {
	t.Parallel()
	// The query of a real handshake is escaped; the text to send back is not.
	query, err := url.ParseQuery("c=42&validationToken=Validation%3a+Testing+client+application+reachability+for+subscription+Request-Id%3a+522a8e7e")
	if err != nil {
		t.Fatal(err)
	}
	got, err := New(Config{}).DecodeNotification(provider.Push{Query: query, Body: []byte("ignored")})
	if err != nil || got.Handshake != "Validation: Testing client application reachability for subscription Request-Id: 522a8e7e" || got.Notices != nil {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = New(Config{}).DecodeNotification(provider.Push{Query: url.Values{"validationToken": {strings.Repeat("x", maxToken+1)}}})
	if !errors.Is(err, ErrLongToken) {
		t.Errorf("got %v", err)
	}
}

// TestDocumentedNotifications reads the documented bodies, with our own form of clientState in them.
func TestDocumentedNotifications(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/notifications.json")
	if err != nil {
		t.Fatal(err)
	}
	var bodies map[string]json.RawMessage
	if err := json.Unmarshal(raw, &bodies); err != nil {
		t.Fatal(err)
	}
	notice := func(kind provider.NoticeKind, channel cal.ChannelID, secret, remote string) provider.Notice {
		return provider.Notice{Kind: kind, Channel: channel, Secret: secret, Remote: remote}
	}
	for name, want := range map[string][]provider.Notice{
		"changes": {
			notice(provider.NoticeChanged, "chn_1", "s3cret", "c6126aa3-0ed8-412f-a988-71e6cee627c4"),
			notice(provider.NoticeChanged, "chn_2", "other", "5522bd62-7c96-4530-85b0-00b916f6151a"),
		},
		"lifecycle": {
			notice(provider.NoticeExpiring, "chn_1", "s3cret", "e3898f08-5cd0-4a6a-80fc-6addbfb73b7b"),
			notice(provider.NoticeDropped, "chn_1", "s3cret", "5522bd62-7c96-4530-85b0-00b916f6151a"),
			notice(provider.NoticeChanged, "chn_1", "s3cret", "c6126aa3-0ed8-412f-a988-71e6cee627c4"),
		},
	} {
		got, err := New(Config{}).DecodeNotification(provider.Push{Body: bodies[name]})
		if err != nil || !slices.Equal(got.Notices, want) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

// TestItemsAreIndependent checks that one odd item harms no other.
func TestItemsAreIndependent(t *testing.T) {
	t.Parallel()
	body := `{"value":[null,7,"x",[],{},{"clientState":7},{"clientState":"nodot"},{"clientState":"chn_1."},{"clientState":".s"},
		{"clientState":"chn_1.s","subscriptionId":{}},{"clientState":"chn_2.s","lifecycleEvent":"somethingNew"},{"clientState":"chn_3.s"}]}`
	got, err := New(Config{}).DecodeNotification(provider.Push{Body: []byte(body)})
	want := []provider.Notice{{Kind: provider.NoticeChanged, Channel: "chn_2", Secret: "s"}, {Kind: provider.NoticeChanged, Channel: "chn_3", Secret: "s"}}
	if err != nil || !slices.Equal(got.Notices, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestNoNotification(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "x", "{}", "[]", `{"value":7}`, `{"value":null}`, `{"value":[{"clientState":"chn_1.s"}`} {
		if got, err := New(Config{}).DecodeNotification(provider.Push{Body: []byte(body)}); !errors.Is(err, ErrNoNotification) {
			t.Errorf("%q: %+v, %v", body, got, err)
		}
	}
	if got, err := New(Config{}).DecodeNotification(provider.Push{Body: []byte(`{"value":[]}`)}); err != nil || got.Notices != nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

// FuzzDecodeNotification reads any query and body: an error comes with nothing, and every notice can be checked.
func FuzzDecodeNotification(f *testing.F) {
	f.Add("validationToken=abc", []byte(nil))
	f.Add("", []byte(`{"value":[{"clientState":"chn_1.s","subscriptionId":"x","lifecycleEvent":"missed"}]}`))
	f.Add("validationToken=", []byte(`{"value":[null]}`))
	f.Fuzz(func(t *testing.T, rawQuery string, body []byte) {
		query, _ := url.ParseQuery(rawQuery)
		got, err := New(Config{}).DecodeNotification(provider.Push{Query: query, Body: body})
		if err != nil && (got.Handshake != "" || got.Notices != nil) || got.Handshake != "" && got.Handshake != query.Get("validationToken") {
			t.Fatalf("got %+v, %v", got, err)
		}
		for _, n := range got.Notices {
			if n.Channel == "" || n.Secret == "" || n.Kind == "" || strings.Contains(n.Secret, ".") {
				t.Fatalf("got %+v", n)
			}
		}
	})
}
