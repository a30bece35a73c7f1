package google

import (
	"errors"
	"net/http"
	"testing"

	"github.com/calweave/calweave/contracts/provider"
)

func TestDecodeNotification(t *testing.T) {
	t.Parallel()
	notice := func(kind provider.NoticeKind) provider.Notice {
		return provider.Notice{Kind: kind, Channel: "01234567-89ab-cdef-0123456789ab", Secret: "s3cret", Resource: "o3hgv1538sdjfh"}
	}
	for _, tt := range []struct {
		name    string
		change  map[string]string
		want    provider.Notice
		wantErr error
	}{
		{"exists", nil, notice(provider.NoticeChanged), nil},
		{"sync", map[string]string{"X-Goog-Resource-State": "sync", "X-Goog-Message-Number": "1"}, notice(provider.NoticeOpened), nil},
		{"not_exists", map[string]string{"X-Goog-Resource-State": "not_exists"}, notice(provider.NoticeChanged), nil},
		{"unknown state", map[string]string{"X-Goog-Resource-State": "mystery"}, notice(provider.NoticeChanged), nil},
		{"no channel", map[string]string{"X-Goog-Channel-ID": ""}, provider.Notice{}, ErrNoChannel},
		{"no token", map[string]string{"X-Goog-Channel-Token": ""}, provider.Notice{}, ErrNoToken},
		{"no state", map[string]string{"X-Goog-Resource-State": ""}, provider.Notice{}, ErrNoState},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{}
			for name, value := range map[string]string{
				"X-Goog-Channel-ID": "01234567-89ab-cdef-0123456789ab", "X-Goog-Channel-Token": "s3cret",
				"X-Goog-Channel-Expiration": "Tue, 19 Nov 2013 01:13:52 GMT", "X-Goog-Resource-ID": "o3hgv1538sdjfh",
				"X-Goog-Resource-URI":   "https://www.googleapis.com/calendar/v3/calendars/host%40example.com/events?alt=json",
				"X-Goog-Resource-State": "exists", "X-Goog-Message-Number": "10",
			} {
				header.Set(name, value)
			}
			for name, value := range tt.change {
				header.Set(name, value)
			}
			got, err := New(Config{}).DecodeNotification(provider.Push{Header: header})
			if !errors.Is(err, tt.wantErr) {
				t.Fatalf("error %v, want %v", err, tt.wantErr)
			}
			if err == nil && (len(got.Notices) != 1 || got.Notices[0] != tt.want || got.Handshake != "") {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

// FuzzDecodeNotification reads any headers: a notification has one notice that can be checked, and an error has none.
func FuzzDecodeNotification(f *testing.F) {
	f.Add("chn_1", "s3cret", "exists", "res1", []byte(nil))
	f.Add("", "", "", "", []byte("{}"))
	f.Fuzz(func(t *testing.T, channel, token, state, resource string, body []byte) {
		header := http.Header{}
		header.Set("X-Goog-Channel-ID", channel)
		header.Set("X-Goog-Channel-Token", token)
		header.Set("X-Goog-Resource-State", state)
		header.Set("X-Goog-Resource-ID", resource)
		got, err := New(Config{}).DecodeNotification(provider.Push{Header: header, Body: body})
		if (err == nil) != (len(got.Notices) == 1) {
			t.Fatalf("%d notices with error %v", len(got.Notices), err)
		}
		for _, n := range got.Notices {
			if n.Channel == "" || n.Secret == "" || n.Kind != provider.NoticeOpened && n.Kind != provider.NoticeChanged {
				t.Fatalf("got %+v", n)
			}
		}
	})
}
