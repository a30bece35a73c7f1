package google

import (
	"context"
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

const host = "host@example.com"

// simulated is a client of the simulator for a host with a primary and a second calendar.
func simulated(t *testing.T, switches ...func(*sim.Switches)) (*simtest.Sim, *Driver, provider.Client, provider.EventRef) {
	t.Helper()
	s := simtest.Start(t, sim.Config{})
	for _, set := range switches {
		if err := s.SetSwitches(set); err != nil {
			t.Fatal(err)
		}
	}
	s.Person(sim.Google, host, sim.Calendar{Primary: true, Zone: "Europe/Berlin"}, sim.Calendar{ID: "team@group.calendar.google.com", Name: "Team", Role: sim.RoleReader})
	driver := New(Config{APIURL: s.GoogleURL + "/calendar/v3/", AuthURL: s.GoogleURL + "/o/oauth2/v2/auth", TokenURL: s.GoogleURL + "/token"})
	client, err := driver.Open(bearer(t, s))
	if err != nil {
		t.Fatal(err)
	}
	return s, driver, client, provider.EventRef{Calendar: host}
}

func bearer(t *testing.T, s *simtest.Sim) *http.Client {
	t.Helper()
	token, err := s.IssueToken(sim.Google, host, "test", New(Config{}).OAuth().Scopes...)
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

func book(t *testing.T, c provider.Client, notify cal.Notify) cal.Event {
	t.Helper()
	req := createIntro()
	req.Calendar, req.Notify = host, notify
	made, err := c.CreateEvent(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return made.Event
}

// TestSimLife takes one event through all that can be done with it.
func TestSimLife(t *testing.T) {
	t.Parallel()
	s, _, client, ref := simulated(t)
	made := book(t, client, cal.NotifyNone)
	if d := made.Content.Differences(intro(), cal.AllFields); d != 0 || made.Stamp != testKey.String() || made.Content.Slot.Start.Zone != "Europe/Berlin" {
		t.Errorf("made %+v, differs in %v", made, d.Names())
	}
	ref.ID = made.ID
	req := createIntro()
	req.Calendar = host
	again, err := client.CreateEvent(t.Context(), req)
	if err != nil || !again.Adopted || again.Event.ID != made.ID || again.Event.ETag != made.ETag {
		t.Errorf("a second create: %+v, %v", again, err)
	}

	// A person changes what is not ours to know, and a guest answers: our next write must take nothing of it back.
	answered := []sim.Attendee{{Email: "guest@example.org", Response: "accepted"}, {Email: "friend@example.org"}}
	if _, err := s.EditEvent(sim.In{Provider: sim.Google, Email: host}, string(made.ID), sim.Edit{Attendees: &answered}); err != nil {
		t.Fatal(err)
	}
	update := provider.UpdateEvent{
		Ref: ref, ETag: made.ETag, Content: cal.Content{Title: "", Description: "a <b> & c", Location: ""},
		Fields: cal.Fields(cal.FieldTitle | cal.FieldDescription | cal.FieldLocation), Invite: []cal.Attendee{{Email: "new@example.org", Optional: true}},
	}
	if _, err := client.UpdateEvent(t.Context(), update); !fault.Is(err, fault.Conflict) {
		t.Errorf("a stale update with guests: %v", err)
	}
	stale := update
	stale.Invite = nil
	if _, err := client.UpdateEvent(t.Context(), stale); !fault.Is(err, fault.Conflict) {
		t.Errorf("a stale update: %v", err)
	}
	now, err := client.ReadEvent(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	update.ETag = now.ETag
	changed, err := client.UpdateEvent(t.Context(), update)
	want := now.Content
	want.Title, want.Description, want.Location = "", "a <b> & c", ""
	want.Attendees = append(want.Attendees, cal.Attendee{Email: "new@example.org", Optional: true})
	if err != nil || changed.Content.Differences(want, cal.AllFields) != 0 || changed.Content.Attendees[0].Response != cal.ResponseAccepted {
		t.Errorf("updated to %+v, %v", changed, err)
	}
	allDay := cal.Content{Slot: cal.Slot{Start: cal.Moment{Date: "2026-12-31"}, End: cal.Moment{Date: "2027-01-02"}}}
	for _, content := range []cal.Content{allDay, intro()} {
		changed, err = client.UpdateEvent(t.Context(), provider.UpdateEvent{Ref: ref, ETag: changed.ETag, Content: content, Fields: cal.Fields(cal.FieldSlot)})
		if err != nil || !changed.Content.Slot.Equal(content.Slot) {
			t.Fatalf("moved to %+v, %v", changed.Content.Slot, err)
		}
	}

	if err := client.DeleteEvent(t.Context(), provider.DeleteEvent{Ref: ref, ETag: made.ETag}); !fault.Is(err, fault.Conflict) {
		t.Errorf("a stale delete: %v", err)
	}
	if err := client.DeleteEvent(t.Context(), provider.DeleteEvent{Ref: ref, ETag: changed.ETag}); err != nil {
		t.Error(err)
	}
	if err := client.DeleteEvent(t.Context(), provider.DeleteEvent{Ref: ref}); !fault.Is(err, fault.Gone) {
		t.Errorf("a second delete: %v", err)
	}
	if e, err := client.ReadEvent(t.Context(), ref); err != nil || !e.Gone() {
		t.Errorf("a read of what was deleted: %+v, %v", e, err)
	}
	if again, err = client.CreateEvent(t.Context(), req); err != nil || !again.Adopted || !again.Event.Gone() || again.Event.Stamp != testKey.String() {
		t.Errorf("a create after the delete: %+v, %v", again, err)
	}
	if mails := s.Mails(0); len(mails) != 0 {
		t.Errorf("quiet writes mailed %+v", mails)
	}
}

// TestSimLostAnswer loses the answer to a create that was stored: the next one adopts it.
func TestSimLostAnswer(t *testing.T) {
	t.Parallel()
	s, _, client, _ := simulated(t)
	if _, err := s.AddFault(sim.Fault{Provider: sim.Google, Method: http.MethodPost, Path: "*/events", Count: 1, Action: sim.ActLostAnswer}); err != nil {
		t.Fatal(err)
	}
	req := createIntro()
	req.Calendar = host
	if _, err := client.CreateEvent(t.Context(), req); !fault.Is(err, fault.Transient) {
		t.Errorf("got %v", err)
	}
	made, err := client.CreateEvent(t.Context(), req)
	standing, _ := s.Standing(sim.In{Provider: sim.Google, Email: host})
	if err != nil || !made.Adopted || len(standing) != 1 {
		t.Errorf("got %+v, %v; %d events stand", made, err, len(standing))
	}
}

// TestSimListing pages through a snapshot and a delta, under every switch that changes pages and tombstones.
func TestSimListing(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*sim.Switches){
		"default": func(*sim.Switches) {}, "small pages": func(s *sim.Switches) { s.PageCap = 1 }, "empty first": func(s *sim.Switches) { s.EmptyFirstPage = true },
		"details": func(s *sim.Switches) { s.Google.CancelledDetails = true }, "400": func(s *sim.Switches) { s.Google.UnreadableCursor = 400 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _, client, ref := simulated(t, set)
			in := sim.In{Provider: sim.Google, Email: host}
			var made []cal.EventID
			for i := range 5 {
				e, err := s.CreateEvent(in, sim.Draft{Title: "x", Start: noon.Add(time.Duration(i) * time.Hour), End: noon.Add(time.Duration(i+1) * time.Hour)})
				if err != nil {
					t.Fatal(err)
				}
				made = append(made, cal.EventID(e.ID))
			}
			req := provider.ListEvents{Calendar: ref.Calendar, Window: window, PageSize: 2}
			all, last, err := walk(t, client, req)
			slices.Sort(all)
			if sorted := slices.Sorted(slices.Values(made)); err != nil || !slices.Equal(all, sorted) {
				t.Fatalf("snapshot of %v: %v, %v", sorted, all, err)
			}
			if err := s.DeleteEvent(in, string(made[0]), false); err != nil {
				t.Fatal(err)
			}
			if _, err := s.MoveEvent(in, string(made[1]), noon.AddDate(5, 0, 0)); err != nil {
				t.Fatal(err)
			}
			req.Cursor = last.Cursor
			all, next, err := walk(t, client, req)
			if err != nil || len(all) != 2 || !slices.Contains(all, made[0]) || !slices.Contains(all, made[1]) {
				t.Errorf("delta: %v, %v", all, err)
			}
			req.Cursor = next.Cursor
			if quiet, _, err := walk(t, client, req); err != nil || len(quiet) != 0 {
				t.Errorf("quiet delta: %v, %v", quiet, err)
			}
			if err := s.ExpireCursors(sim.In{Provider: sim.Google, Email: host}); err != nil {
				t.Fatal(err)
			}
			if _, _, err := walk(t, client, req); !fault.Is(err, fault.CursorLost) {
				t.Errorf("expired: %v", err)
			}
			req.Cursor.Token = "bogus"
			if _, _, err := walk(t, client, req); !fault.Is(err, fault.CursorLost) {
				t.Errorf("bogus: %v", err)
			}
		})
	}
}

// TestSimChannel opens a channel, decodes what comes, and closes it twice.
func TestSimChannel(t *testing.T) {
	t.Parallel()
	s, driver, client, ref := simulated(t)
	receiver := simtest.NewReceiver(t)
	req := provider.OpenChannel{ID: "chn_1", Calendar: ref.Calendar, Address: receiver.URL + "/hooks/google", Secret: "s3cret", Expires: time.Now().Add(24 * time.Hour)}
	ch, err := client.(provider.ChannelKeeper).OpenChannel(t.Context(), req)
	if err != nil || ch.Resource == "" || ch.Expires.IsZero() {
		t.Fatalf("got %+v, %v", ch, err)
	}
	if _, err := client.(provider.ChannelKeeper).OpenChannel(t.Context(), req); !fault.Is(err, fault.Duplicate) {
		t.Errorf("the same id again: %v", err)
	}
	if _, err := s.CreateEvent(sim.In{Provider: sim.Google, Email: host}, sim.Draft{Title: "x", Start: noon, End: noon.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	var kinds []provider.NoticeKind
	for _, push := range receiver.Wait(2)[:2] {
		got, err := driver.DecodeNotification(provider.Push{Header: push.Header, Body: []byte(push.Body)})
		if err != nil || len(got.Notices) != 1 || got.Notices[0].Channel != "chn_1" || got.Notices[0].Secret != "s3cret" || got.Notices[0].Resource != ch.Resource {
			t.Errorf("got %+v, %v", got, err)
			continue
		}
		kinds = append(kinds, got.Notices[0].Kind)
	}
	if !slices.Equal(kinds, []provider.NoticeKind{provider.NoticeOpened, provider.NoticeChanged}) {
		t.Errorf("got %v", kinds)
	}
	if err := client.(provider.ChannelKeeper).CloseChannel(t.Context(), ch); err != nil {
		t.Error(err)
	}
	if err := client.(provider.ChannelKeeper).CloseChannel(t.Context(), ch); !fault.Is(err, fault.NotFound) {
		t.Errorf("closed twice: %v", err)
	}
}

func TestSimCalendars(t *testing.T) {
	t.Parallel()
	_, _, client, _ := simulated(t)
	got, err := client.Calendars(t.Context())
	if err != nil || len(got) != 2 || !got[0].Primary || got[0].Owner != host || !got[0].Writable || got[0].Zone != "Europe/Berlin" || got[1].Writable {
		t.Errorf("got %+v, %v", got, err)
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
		{sim.Fault{Action: sim.ActStatus, Status: 403, Code: "rateLimitExceeded"}, fault.RateLimited, 0},
		{sim.Fault{Action: sim.ActStatus, Status: 403, Code: "quotaExceeded"}, fault.QuotaExhausted, quotaPause},
		{sim.Fault{Action: sim.ActStatus, Status: 403, Code: "forbiddenForNonOrganizer"}, fault.Forbidden, 0},
		{sim.Fault{Action: sim.ActStatus, Status: 401}, fault.Unauthorized, 0},
		{sim.Fault{Action: sim.ActStatus, Status: 503}, fault.Transient, 0},
		{sim.Fault{Action: sim.ActHTML}, fault.Transient, 0},
		{sim.Fault{Action: sim.ActClosed}, fault.Transient, 0},
	} {
		s, _, client, _ := simulated(t)
		if _, err := s.AddFault(tt.fault); err != nil {
			t.Fatal(err)
		}
		before := len(s.Requests(0))
		_, err := client.ReadEvent(t.Context(), provider.EventRef{Calendar: host, ID: "abcde"})
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
	token, err := s.IssueToken(sim.Google, host, "test")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.RevokeGrants(sim.Google, host); err != nil {
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
