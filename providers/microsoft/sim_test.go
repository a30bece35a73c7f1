package microsoft

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

const host = "host@contoso.example"

var byHand = sim.In{Provider: sim.Microsoft, Email: host}

// simulated is a client of the simulator for a host with a default calendar and one to read only.
func simulated(t *testing.T, switches ...func(*sim.Switches)) (*simtest.Sim, *Driver, provider.Client, provider.EventRef) {
	t.Helper()
	s := simtest.Start(t, sim.Config{})
	hard := func(s *sim.Switches) { s.Microsoft.SlashedIDs = true } // a driver escapes whatever an id holds
	for _, set := range append([]func(*sim.Switches){hard}, switches...) {
		if err := s.SetSwitches(set); err != nil {
			t.Fatal(err)
		}
	}
	person := s.Person(sim.Microsoft, host, sim.Calendar{Primary: true, Zone: "Europe/Berlin"}, sim.Calendar{Name: "Team", Role: sim.RoleReader})
	driver := New(Config{
		APIURL: s.MicrosoftURL + "/v1.0", AuthURL: s.MicrosoftURL + "/common/oauth2/v2.0/authorize", TokenURL: s.MicrosoftURL + "/common/oauth2/v2.0/token",
	})
	client, err := driver.Open(bearer(t, s))
	if err != nil {
		t.Fatal(err)
	}
	return s, driver, client, provider.EventRef{Calendar: cal.RemoteCalendarID(person.Calendars[0].ID)}
}

func bearer(t *testing.T, s *simtest.Sim) *http.Client {
	t.Helper()
	token, err := s.IssueToken(sim.Microsoft, host, "test", New(Config{}).OAuth().Scopes...)
	if err != nil {
		t.Fatal(err)
	}
	wire := simtest.HTTP(t).Transport
	return &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+token.Access)
		return wire.RoundTrip(r)
	})}
}

// TestSimLife takes one event through all that can be done with it, whether or not the provider honours If-Match.
func TestSimLife(t *testing.T) {
	t.Parallel()
	for _, honoured := range []bool{true, false} {
		t.Run(fmt.Sprintf("If-Match honoured %t", honoured), func(t *testing.T) {
			t.Parallel()
			s, _, client, ref := simulated(t, func(w *sim.Switches) {
				if !honoured {
					w.Microsoft.PatchIfMatch, w.Microsoft.DeleteIfMatch = sim.Ignored, sim.Ignored
				}
			})
			req := createIntro()
			req.Calendar = ref.Calendar
			made, err := client.CreateEvent(t.Context(), req)
			if err != nil || made.Event.Content.Differences(intro(), cal.AllFields) != 0 || made.Event.Stamp != testKey.String() || made.Event.Content.Slot.Start.Zone != "Europe/Berlin" {
				t.Fatalf("made %+v, %v", made, err)
			}
			ref.ID = made.Event.ID
			again, err := client.CreateEvent(t.Context(), req)
			if err != nil || again.Event.ID != made.Event.ID {
				t.Errorf("a second create: %+v, %v", again, err)
			}
			other := req
			other.Content.Title = "Another title"
			if again, err = client.CreateEvent(t.Context(), other); err != nil || !again.Adopted || again.Event.ID != made.Event.ID || again.Event.Content.Title != "Intro call" {
				t.Errorf("a second create of other content: %+v, %v", again, err)
			}
			if found, err := client.(provider.EventFinder).FindEvent(t.Context(), ref.Calendar, testKey); err != nil || found.ID != ref.ID || found.Stamp != testKey.String() {
				t.Errorf("found %+v, %v", found, err)
			}

			joined := []sim.Attendee{{Email: "guest@example.org"}, {Email: "friend@example.org"}}
			if _, err := s.EditEvent(byHand, string(ref.ID), sim.Edit{Attendees: &joined}); err != nil {
				t.Fatal(err)
			}
			update := provider.UpdateEvent{
				Ref: ref, ETag: made.Event.ETag, Content: cal.Content{Title: "", Description: "a <b> & c\nd", Location: ""},
				Fields: cal.Fields(cal.FieldTitle | cal.FieldDescription | cal.FieldLocation), Invite: []cal.Attendee{{Email: "new@example.org", Optional: true}},
			}
			if _, err := client.UpdateEvent(t.Context(), update); !fault.Is(err, fault.Conflict) {
				t.Errorf("a stale update with guests: %v", err)
			}
			now, err := client.ReadEvent(t.Context(), ref)
			if err != nil || now.Stamp != testKey.String() {
				t.Fatalf("read %+v, %v", now, err)
			}
			update.ETag = now.ETag
			changed, err := client.UpdateEvent(t.Context(), update)
			want := now.Content
			want.Title, want.Description, want.Location = "", "a <b> & c\nd", ""
			want.Attendees = append(want.Attendees, cal.Attendee{Email: "new@example.org", Optional: true})
			if err != nil || changed.Content.Differences(want, cal.AllFields) != 0 || len(changed.Content.Attendees) != 3 {
				t.Errorf("updated to %+v, want %+v, %v", changed.Content, want, err)
			}
			allDay := cal.Content{Slot: cal.Slot{Start: cal.Moment{Date: "2026-12-31"}, End: cal.Moment{Date: "2027-01-02"}}}
			for _, content := range []cal.Content{allDay, intro()} {
				changed, err = client.UpdateEvent(t.Context(), provider.UpdateEvent{Ref: ref, ETag: changed.ETag, Content: content, Fields: cal.Fields(cal.FieldSlot)})
				if err != nil || !changed.Content.Slot.Equal(content.Slot) {
					t.Fatalf("moved to %+v, %v", changed.Content.Slot, err)
				}
			}

			err = client.DeleteEvent(t.Context(), provider.DeleteEvent{Ref: ref, ETag: made.Event.ETag})
			if honoured != fault.Is(err, fault.Conflict) {
				t.Errorf("a stale delete: %v", err)
			}
			if honoured {
				if err := client.DeleteEvent(t.Context(), provider.DeleteEvent{Ref: ref, ETag: changed.ETag}); err != nil {
					t.Error(err)
				}
			}
			if err := client.DeleteEvent(t.Context(), provider.DeleteEvent{Ref: ref}); !fault.Is(err, fault.NotFound) {
				t.Errorf("a second delete: %v", err)
			}
			if e, err := client.ReadEvent(t.Context(), ref); !fault.Is(err, fault.NotFound) {
				t.Errorf("a read of what was deleted: %+v, %v", e, err)
			}
			if _, err := client.(provider.EventFinder).FindEvent(t.Context(), ref.Calendar, testKey); !fault.Is(err, fault.NotFound) {
				t.Errorf("finding what was deleted: %v", err)
			}
		})
	}
}

// TestSimZones writes slots in many zones, around changes of clocks, and compares what is stored and what is read.
func TestSimZones(t *testing.T) {
	t.Parallel()
	_, _, client, ref := simulated(t)
	n := 0
	for _, zone := range []string{
		"Europe/Berlin", "America/New_York", "Pacific/Tongatapu", "Pacific/Pago_Pago", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Casablanca", "Europe/Kyiv",
		"Asia/Kolkata", "Antarctica/Troll", "Etc/UTC", "",
	} {
		for _, at := range []string{"2026-03-29T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-07-01T10:00:00Z"} {
			start, err := time.Parse(time.RFC3339, at)
			if err != nil {
				t.Fatal(err)
			}
			slot := cal.Slot{Start: cal.Moment{Instant: start, Zone: zone}, End: cal.Moment{Instant: start.Add(25 * time.Hour), Zone: zone}}
			n++
			key := cal.NewKey("ten_1", "zones", "cal_1", zone, n)
			made, err := client.CreateEvent(t.Context(), provider.CreateEvent{Calendar: ref.Calendar, Key: key, Content: cal.Content{Slot: slot}, Fields: cal.Fields(cal.FieldSlot)})
			if err != nil || !made.Event.Content.Slot.Equal(slot) {
				t.Errorf("%s in %q: %+v, %v", at, zone, made.Event.Content.Slot, err)
			}
		}
	}
}

// TestSimDuplicates plays what is unknown about a used transactionId.
func TestSimDuplicates(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*sim.Switches){
		"409":      func(s *sim.Switches) { s.Microsoft.DuplicateTransaction = 409 },
		"calendar": func(s *sim.Switches) { s.Microsoft.TransactionScope = sim.ScopeCalendar },
		"remembered after deletion": func(s *sim.Switches) {
			s.Microsoft.DeletedTransaction = sim.Honoured
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _, client, ref := simulated(t, set)
			req := createIntro()
			req.Calendar = ref.Calendar
			if _, err := s.AddFault(sim.Fault{Provider: sim.Microsoft, Method: http.MethodPost, Path: "*/events", Count: 1, Action: sim.ActLostAnswer}); err != nil {
				t.Fatal(err)
			}
			if _, err := client.CreateEvent(t.Context(), req); !fault.Is(err, fault.Transient) {
				t.Errorf("got %v", err)
			}
			req.Content.Title = "Another title"
			made, err := client.CreateEvent(t.Context(), req)
			standing, _ := s.Standing(byHand)
			if err != nil || !made.Adopted || len(standing) != 1 {
				t.Fatalf("got %+v, %v; %d events stand", made, err, len(standing))
			}
			if err := s.DeleteEvent(byHand, string(made.Event.ID), false); err != nil {
				t.Fatal(err)
			}
			again, err := client.CreateEvent(t.Context(), req)
			if name == "remembered after deletion" {
				f, ok := fault.As(err)
				if !ok || f.Kind != fault.NotFound || f.Existing == "" {
					t.Errorf("after a deletion: %+v, %v", again, err)
				}
				return
			}
			if err != nil || again.Event.Gone() || again.Event.Stamp != testKey.String() {
				t.Errorf("after a deletion: %+v, %v", again, err)
			}
		})
	}
}

// TestSimListing pages through a snapshot and a delta, under switches that change pages and generations.
func TestSimListing(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*sim.Switches){
		"default": func(*sim.Switches) {}, "small pages": func(s *sim.Switches) { s.PageCap = 1 }, "empty first": func(s *sim.Switches) { s.EmptyFirstPage = true },
		"one generation": func(s *sim.Switches) { s.Microsoft.Generations = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _, client, ref := simulated(t, set)
			var made []cal.EventID
			for i := range 5 {
				e, err := s.CreateEvent(byHand, sim.Draft{Title: "x", Start: noon.Add(time.Duration(i) * time.Hour), End: noon.Add(time.Duration(i+1) * time.Hour)})
				if err != nil {
					t.Fatal(err)
				}
				made = append(made, cal.EventID(e.ID))
			}
			if _, err := s.CreateEvent(byHand, sim.Draft{Title: "outside", Start: noon.AddDate(3, 0, 0), End: noon.AddDate(3, 0, 1)}); err != nil {
				t.Fatal(err)
			}
			req := provider.ListEvents{Calendar: ref.Calendar, Window: window, PageSize: 2}
			all, last, err := walk(t, client, req)
			if sorted := slices.Sorted(slices.Values(made)); err != nil || !slices.Equal(slices.Sorted(slices.Values(all)), sorted) {
				t.Fatalf("snapshot of %v: %v, %v", sorted, all, err)
			}
			if err := s.DeleteEvent(byHand, string(made[0]), false); err != nil {
				t.Fatal(err)
			}
			if _, err := s.MoveEvent(byHand, string(made[1]), noon.AddDate(5, 0, 0)); err != nil { // out of the window
				t.Fatal(err)
			}
			if _, err := s.MoveEvent(byHand, string(made[2]), noon.AddDate(0, 0, 5)); err != nil {
				t.Fatal(err)
			}
			req.Cursor = last.Cursor
			all, next, err := walk(t, client, req)
			for _, id := range made[:3] {
				if err != nil || !slices.Contains(all, id) {
					t.Errorf("delta: %v has no %s, %v", all, id, err)
				}
			}
			req.Cursor = next.Cursor
			if quiet, _, err := walk(t, client, req); err != nil || len(quiet) != 0 {
				t.Errorf("quiet delta: %v, %v", quiet, err)
			}
			if err := s.ExpireCursors(sim.In{Provider: sim.Microsoft, Email: host, Calendar: string(ref.Calendar)}); err != nil {
				t.Fatal(err)
			}
			if _, _, err := walk(t, client, req); !fault.Is(err, fault.CursorLost) {
				t.Errorf("expired: %v", err)
			}
			req.Cursor.Token = strings.Replace(req.Cursor.Token, "deltatoken=", "deltatoken=bogus", 1)
			if _, _, err := walk(t, client, req); !fault.Is(err, fault.CursorLost) {
				t.Errorf("bogus: %v", err)
			}
		})
	}
}

// TestSimChannel opens a subscription, with its handshake, decodes what comes, renews and closes it.
func TestSimChannel(t *testing.T) {
	t.Parallel()
	s, driver, client, ref := simulated(t)
	receiver := simtest.NewReceiver(t)
	req := openRequest()
	req.Calendar, req.Address, req.Expires = ref.Calendar, receiver.URL+"/hooks/microsoft?x=1", time.Now().Add(24*time.Hour)
	ch, err := client.(provider.ChannelKeeper).OpenChannel(t.Context(), req)
	if err != nil || ch.Remote == "" || ch.Expires.IsZero() {
		t.Fatalf("got %+v, %v", ch, err)
	}
	if _, err := client.(provider.ChannelKeeper).OpenChannel(t.Context(), req); !fault.Is(err, fault.Duplicate) {
		t.Errorf("the same again: %v", err)
	}
	if _, err := s.CreateEvent(byHand, sim.Draft{Title: "x", Start: noon, End: noon.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Lifecycle(host, ch.Remote, "reauthorizationRequired"); err != nil {
		t.Fatal(err)
	}
	seen := map[provider.NoticeKind]bool{}
	for n := 1; !seen[provider.NoticeChanged] || !seen[provider.NoticeExpiring]; n++ {
		push := receiver.Wait(n)[n-1]
		got, err := driver.DecodeNotification(provider.Push{Header: push.Header, Query: url.Values{"x": {"1"}}, Body: []byte(push.Body)})
		if err != nil || len(got.Notices) == 0 || got.Notices[0].Channel != req.ID || got.Notices[0].Secret != req.Secret || got.Notices[0].Remote != ch.Remote {
			t.Fatalf("got %+v, %v", got, err)
		}
		seen[got.Notices[0].Kind] = true
	}
	renewed, err := client.(provider.ChannelRenewer).RenewChannel(t.Context(), ch, time.Now().AddDate(0, 0, 30))
	if err != nil || !renewed.Expires.After(ch.Expires) || renewed.Remote != ch.Remote {
		t.Errorf("renewed to %+v, %v", renewed, err)
	}
	if err := client.(provider.ChannelKeeper).CloseChannel(t.Context(), ch); err != nil {
		t.Error(err)
	}
	if err := client.(provider.ChannelKeeper).CloseChannel(t.Context(), ch); !fault.Is(err, fault.NotFound) {
		t.Errorf("closed twice: %v", err)
	}
	if _, err := client.(provider.ChannelRenewer).RenewChannel(t.Context(), ch, time.Now().AddDate(0, 0, 1)); !fault.Is(err, fault.NotFound) {
		t.Errorf("renewed what is closed: %v", err)
	}
	receiver.Refuse()
	if _, err := client.(provider.ChannelKeeper).OpenChannel(t.Context(), req); !fault.Is(err, fault.Transient) {
		t.Errorf("a handshake that fails: %v", err)
	}
}

func TestSimCalendars(t *testing.T) {
	t.Parallel()
	_, _, client, _ := simulated(t)
	got, err := client.Calendars(t.Context())
	if err != nil || len(got) != 2 || !got[0].Primary || got[0].Owner != host || !got[0].Writable || got[1].Writable {
		t.Fatalf("got %+v, %v", got, err)
	}
	_, err = client.CreateEvent(t.Context(), provider.CreateEvent{Calendar: got[1].ID, Key: testKey, Content: intro(), Fields: cal.AllFields})
	if !fault.Is(err, fault.Forbidden) {
		t.Errorf("a create where only reading is allowed: %v", err)
	}
}

// TestSimFaults checks what the simulator's refusals become, and that each call is one attempt.
func TestSimFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fault sim.Fault
		want  fault.Kind
		after time.Duration
	}{
		{sim.Fault{Action: sim.ActStatus, Status: 429, RetryAfter: "7"}, fault.RateLimited, 7 * time.Second},
		{sim.Fault{Action: sim.ActStatus, Status: 503, Code: "ApplicationThrottled", RetryAfter: "300"}, fault.RateLimited, 5 * time.Minute},
		{sim.Fault{Action: sim.ActStatus, Status: 401}, fault.Unauthorized, 0},
		{sim.Fault{Action: sim.ActStatus, Status: 403}, fault.Forbidden, 0},
		{sim.Fault{Action: sim.ActStatus, Status: 504}, fault.Transient, 0},
		{sim.Fault{Action: sim.ActHTML}, fault.Transient, 0},
		{sim.Fault{Action: sim.ActClosed}, fault.Transient, 0},
	} {
		s, _, client, ref := simulated(t)
		if _, err := s.AddFault(tt.fault); err != nil {
			t.Fatal(err)
		}
		before := len(s.Requests(0))
		ref.ID = "abcde"
		_, err := client.ReadEvent(t.Context(), ref)
		s.Until("the request is logged", func() bool { return len(s.Requests(0)) > before })
		if !fault.Is(err, tt.want) || fault.RetryAfter(err) != tt.after || len(s.Requests(0)) != before+1 {
			t.Errorf("%+v: %v, want %s after %s; %d requests", tt.fault, err, tt.want, tt.after, len(s.Requests(0))-before)
		}
	}
}

// TestSimRevoked asks the token endpoint for a dead grant's verdict.
func TestSimRevoked(t *testing.T) {
	t.Parallel()
	s, driver, client, _ := simulated(t)
	token, err := s.IssueToken(sim.Microsoft, host, "test")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.RevokeGrants(sim.Microsoft, host); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Calendars(t.Context()); !fault.Is(err, fault.Unauthorized) {
		t.Errorf("the API says %v", err)
	}
	status, header, body := redeem(t.Context(), t, driver.OAuth().TokenURL, url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {token.Refresh}, "client_id": {"test"}, "client_secret": {"x"},
	})
	if f := driver.TokenFault(status, header, body); f.Kind != fault.NeedsReauth {
		t.Errorf("%d %s: %v", status, body, f)
	}
}

func redeem(ctx context.Context, t *testing.T, endpoint string, form url.Values) (int, http.Header, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := simtest.HTTP(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, body
}
