package microsoft

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

const address = "https://hub.example.com/hooks/microsoft"

// unused is a client that must not be used.
func unused() *http.Client {
	return &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { panic("a call was made") })}
}

const subscribed = `{"id":"5522bd62-7c96-4530-85b0-00b916f6151a","resource":"me/events","expirationDateTime":"2026-09-26T18:00:00Z","clientState":"x"}`

func openRequest() provider.OpenChannel {
	return provider.OpenChannel{ID: "chn_0123456789abcdef0123456789abcdef", Calendar: ref.Calendar, Address: address, Secret: strings.Repeat("s", 43)}
}

func TestOpenChannel(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		expires time.Time
		want    string
	}{
		{"as wished", noon.AddDate(0, 0, 3), "2026-09-23T12:00:00Z"},
		{"no longer than allowed", noon.AddDate(0, 0, 30), "2026-09-27T11:50:00Z"},
		{"no wish", time.Time{}, "2026-09-27T11:50:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := openRequest()
			req.Expires = tt.expires
			client := script(t, exchange{
				want: "POST /v1.0/subscriptions", header: map[string]string{"Prefer": plainPrefer}, status: 201, answer: subscribed,
				body: `{"changeType":"created,updated,deleted","notificationUrl":"` + address + `","lifecycleNotificationUrl":"` + address + `",
					"resource":"me/calendars/AAMkCal%2F1=/events","expirationDateTime":"` + tt.want + `","clientState":"` + string(req.ID) + "." + req.Secret + `",
					"latestSupportedTlsVersion":"v1_2"}`,
			})
			got, err := client.(provider.ChannelKeeper).OpenChannel(t.Context(), req)
			want := cal.Channel{
				ID: req.ID, Remote: "5522bd62-7c96-4530-85b0-00b916f6151a", Resource: "me/calendars/AAMkCal%2F1=/events",
				Expires: time.Date(2026, 9, 26, 18, 0, 0, 0, time.UTC),
			}
			if err != nil || got != want {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestOpenChannelRefused(t *testing.T) {
	t.Parallel()
	for _, change := range []func(*provider.OpenChannel){
		func(r *provider.OpenChannel) { r.ID = "" },
		func(r *provider.OpenChannel) { r.Secret = "" },
		func(r *provider.OpenChannel) { r.Secret = "a.b" },
		func(r *provider.OpenChannel) { r.Secret = strings.Repeat("s", 92) },
		func(r *provider.OpenChannel) { r.Calendar = "" },
	} {
		req := openRequest()
		change(&req)
		if _, err := script(t).(provider.ChannelKeeper).OpenChannel(t.Context(), req); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", req, err)
		}
	}
	for _, tt := range []struct {
		status int
		code   string
		want   fault.Kind
	}{
		{400, "ValidationError", fault.Transient},
		{403, "ExtensionError", fault.Unsupported},
		{403, "ErrorAccessDenied", fault.Forbidden},
		{404, "ErrorItemNotFound", fault.NotFound},
		{400, "InvalidRequest", fault.Invalid},
	} {
		client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(tt.status)
			_, _ = w.Write([]byte(`{"error":{"code":"` + tt.code + `","message":"m"}}`))
		}))
		if _, err := client.(provider.ChannelKeeper).OpenChannel(t.Context(), openRequest()); !fault.Is(err, tt.want) {
			t.Errorf("%d %s: %v, want %s", tt.status, tt.code, err, tt.want)
		}
	}
}

// A subscription whose answer was lost stands in the way of the next one: it is named if it tells our address about this calendar.
func TestOpenChannelInTheWay(t *testing.T) {
	t.Parallel()
	const resource = `me/calendars/AAMkCal%2F1=/events`
	entry := func(id, address, resource string) string {
		return `{"id":"` + id + `","notificationUrl":"` + address + `","resource":"` + resource + `"}`
	}
	for _, tt := range []struct{ name, first, second, want string }{
		{"ours", entry("other", address, "me/events") + "," + entry("stray", address, strings.ToUpper(resource)), "", "stray"},
		{"ours on the second page", entry("other", address, "me/events"), entry("stray", address, resource), "stray"},
		{"another installation's", entry("other", "https://elsewhere.example/hook", resource), "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				switch {
				case r.Method == http.MethodPost:
					w.WriteHeader(http.StatusConflict)
					_, _ = w.Write([]byte(`{"error":{"code":"Conflict","message":"m"}}`))
				case r.URL.Query().Get("$skiptoken") == "" && tt.second != "":
					next := url.URL{Scheme: "http", Host: r.Host, Path: "/v1.0/subscriptions", RawQuery: "$skiptoken=2"}
					page := map[string]any{"value": json.RawMessage("[" + tt.first + "]"), "@odata.nextLink": next.String()}
					_ = json.NewEncoder(w).Encode(page)
				case tt.second != "":
					_, _ = w.Write([]byte(`{"value":[` + tt.second + `]}`))
				default:
					_, _ = w.Write([]byte(`{"value":[` + tt.first + `]}`))
				}
			}))
			_, err := client.(provider.ChannelKeeper).OpenChannel(t.Context(), openRequest())
			f, ok := fault.As(err)
			if !ok || f.Kind != fault.Duplicate || f.Existing != tt.want {
				t.Errorf("%v, want a duplicate of %q", err, tt.want)
			}
		})
	}
}

func TestRenewAndCloseChannel(t *testing.T) {
	t.Parallel()
	const notFound = `{"error":{"code":"ResourceNotFound","message":"The object was not found."}}`
	path := "/v1.0/subscriptions/sub%2F1"
	renew := exchange{want: "PATCH " + path, body: `{"expirationDateTime":"2026-09-27T11:50:00Z"}`, answer: subscribed}
	gone := renew
	gone.status, gone.answer = 404, notFound
	client := script(t, renew, gone, exchange{want: "DELETE " + path, status: 204}, exchange{want: "DELETE " + path, status: 404, answer: notFound})
	ch := cal.Channel{ID: "chn_1", Remote: "sub/1", Resource: "r"}
	got, err := client.(provider.ChannelRenewer).RenewChannel(t.Context(), ch, noon.AddDate(1, 0, 0))
	if err != nil || got.ID != "chn_1" || got.Resource != "r" || got.Expires != time.Date(2026, 9, 26, 18, 0, 0, 0, time.UTC) {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := client.(provider.ChannelRenewer).RenewChannel(t.Context(), ch, noon.AddDate(1, 0, 0)); !fault.Is(err, fault.NotFound) {
		t.Errorf("renewing what is gone: %v", err)
	}
	if err := client.(provider.ChannelKeeper).CloseChannel(t.Context(), ch); err != nil {
		t.Error(err)
	}
	if err := client.(provider.ChannelKeeper).CloseChannel(t.Context(), ch); !fault.Is(err, fault.NotFound) {
		t.Errorf("closing what is gone: %v", err)
	}
	for _, unnamed := range []cal.Channel{{ID: "chn_1"}, {ID: "chn_1", Remote: ".."}} {
		if err := client.(provider.ChannelKeeper).CloseChannel(t.Context(), unnamed); !fault.Is(err, fault.NotFound) {
			t.Errorf("never answered: %v", err)
		}
		if _, err := client.(provider.ChannelRenewer).RenewChannel(t.Context(), unnamed, noon); !fault.Is(err, fault.NotFound) {
			t.Errorf("never answered: %v", err)
		}
	}
}

func TestClientState(t *testing.T) {
	t.Parallel()
	state, ok := clientState("a.b", "secret")
	if id, secret, found := splitClientState(state); !ok || !found || id != "a.b" || secret != "secret" {
		t.Errorf("%q came back as %q, %q", state, id, secret)
	}
	for _, bad := range []string{"", ".", "a.", ".b", "a", strings.Repeat("a", 128) + ".b"} {
		if id, secret, ok := splitClientState(bad); ok {
			t.Errorf("%q is %q and %q", bad, id, secret)
		}
	}
}
