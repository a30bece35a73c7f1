package app_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/stage"
)

// account is the kind of a host's address. Providers name calendars by it, so that it stands in the clear column that holds their names.
const account = "account"

// aviary is a calweave with canaries wherever it is given, or makes, a secret or a text of a person.
type aviary struct {
	*live
	canaries *canaries
	log      *journal
	queue    *queue
	guest    cal.Attendee
	answers  *overheard
}

func newAviary(t *testing.T, back backend) *aviary {
	t.Helper()
	a := &aviary{live: newLive(t, back), canaries: newCanaries()}
	for _, name := range []string{"GOOGLE", "MICROSOFT"} {
		a.settings["CALWEAVE_"+name+"_CLIENT_SECRET"] = a.canaries.add("client secret", "canary-client-secret-of-"+name)
	}
	var keys struct {
		Key []struct {
			KeyData struct {
				Value string `json:"value"`
			} `json:"keyData"`
		} `json:"key"`
	}
	a.must(json.Unmarshal([]byte(a.settings["CALWEAVE_SEAL_KEYS"]), &keys))
	a.canaries.add("seal key", keys.Key[0].KeyData.Value)
	a.canaries.add("API key", a.key)
	a.canaries.add("endpoint secret", coreSecret)
	a.canaries.add(account, ada)
	a.canaries.add(account, grace)
	a.guest = cal.Attendee{Email: a.canaries.add("guest", "canary-guest@example.com"), Name: a.canaries.add("guest", "Canary Guest")}
	a.idempotency = func() string { return a.canaries.add("idempotency key", "canary-key-"+rand.Text()) }
	a.settings["CALWEAVE_METRICS_LISTEN"] = "127.0.0.1:0"
	a.log = a.runLogged(app.Outside{WrapHTTP: func(next http.RoundTripper) http.RoundTripper { return tap{a.canaries, next} }})
	a.answers = &overheard{next: http.DefaultTransport}
	a.http = &http.Client{Transport: a.answers, Timeout: a.http.Timeout, CheckRedirect: a.http.CheckRedirect}
	a.queue = a.live.queue()
	a.canaries.add("signing key", a.queue.key.Secret)
	return a
}

// text is a canary of a person's.
func (a *aviary) text(words string) string { return a.canaries.add("text", "canary-"+words) }

// book is a booking that is full of canaries.
func (a *aviary) book(id string, version int64) cal.Booking {
	b := *a.queue.book(cal.BookingID(id), version, a.text(fmt.Sprintf("title-of-%s-%d", id, version))).Booking
	b.Description, b.Location = a.text(fmt.Sprintf("description-%d", version)), a.text("location")
	b.Attendees, b.Notify, b.Metadata = []cal.Attendee{a.guest}, cal.NotifyAll, map[string]string{"note": a.text("metadata")}
	if id == "b1" { // the creates of others are refused, and Google's driver then asks again without a conference
		b.Conference = cal.ConferenceRequested
	}
	return b
}

// course is a series whose texts are canaries, those of one occurrence of their own.
func (a *aviary) course(id string) cal.Booking {
	b := a.book(id, 1)
	title, location := a.text("title-of-an-occurrence"), a.text("location-of-an-occurrence")
	b.Notify, b.Recurrence, b.Expand = cal.NotifyNone, []string{"RRULE:FREQ=WEEKLY;COUNT=2"}, true
	b.Overrides = []cal.Override{{OriginalStart: b.Start, Title: &title, Location: &location}}
	return b
}

func (a *aviary) put(id string, version int64) {
	a.tb.Helper()
	var b gen.Booking
	a.call(http.MethodPut, "/v1/bookings/"+id, a.book(id, version), &b)
}

// failingEndpoints adds one that answers with an error and one that does not answer, both with a secret in their URL.
func (a *aviary) failingEndpoints() {
	a.tb.Helper()
	answers := serve(a.tb, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, a.text("endpoint-answer"), http.StatusInternalServerError)
	}))
	for _, base := range []string{answers, "http://127.0.0.1:1"} {
		var e gen.Endpoint
		path := a.canaries.add("endpoint URL", "canary-endpoint-path") + "?token=" + a.canaries.add("endpoint URL", "canary-endpoint-token")
		a.call(http.MethodPost, "/v1/endpoints", gen.NewEndpoint{URL: base + "/" + path}, &e)
		a.canaries.add("endpoint secret", e.Secret)
		a.canaries.add("endpoint secret", strings.TrimPrefix(e.Secret, "whsec_"))
	}
}

// refuse lets each provider refuse a write once, and break a connection once; what they say quotes what they were sent.
func (a *aviary) refuse(method, path string) {
	a.tb.Helper()
	for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
		for _, f := range []sim.Fault{
			{Action: stage.ActClosed},
			{Action: stage.ActStatus, Status: http.StatusServiceUnavailable, Message: a.text("quoted-by-the-provider")},
			{Action: stage.ActStatus, Status: http.StatusBadRequest, Message: a.text("quoted-by-the-provider"), Code: "canaryCode"},
		} {
			f.Provider, f.Method, f.Path, f.Count = p, method, path, 1
			_, err := a.sim.AddFault(f)
			a.must(err)
		}
	}
}

// strangers send what nobody should: wrong keys, forged pushes, a callback of nobody's, bodies that are refused.
func (a *aviary) strangers() {
	a.tb.Helper()
	for _, s := range []struct{ method, path, body string }{
		{http.MethodGet, "/v1/calendars", ""},
		{http.MethodPut, "/v1/bookings/b1", `{"title":"` + a.text("refused") + `"`},
		{http.MethodPost, "/hooks/google", ""},
		{http.MethodPost, "/hooks/microsoft", `{"value":[{"subscriptionId":"x","clientState":"` + a.canaries.add("channel secret", "canary-forged-state") + `"}]}`},
		{http.MethodGet, "/oauth/google/callback?state=" + a.canaries.add("state", "canary-forged-oauth") + "&code=" + a.canaries.add("code", "canary-forged-code"), ""},
		{http.MethodGet, "/connect/" + a.canaries.add("connect token", "canary-connect-token"), ""},
	} {
		for _, bearer := range []string{a.key, a.canaries.add("API key", "canary-of-nobody")} {
			req, err := http.NewRequestWithContext(a.ctx, s.method, a.url+s.path, strings.NewReader(s.body))
			a.must(err)
			req.Header.Set("Authorization", "Bearer "+bearer)
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Cookie", "calweave_connect="+a.canaries.add("cookie", "canary-cookie-of-43-characters-0123456789012"))
			req.Header.Set("X-Goog-Channel-Token", a.canaries.add("channel secret", "canary-forged-token"))
			req.Header.Set("X-Goog-Channel-Id", "canary")
			resp, err := a.http.Do(req)
			a.must(err)
			a.must(resp.Body.Close())
		}
	}
}

// tour does everything that has to do with a secret or a text.
func (a *aviary) tour() {
	a.tb.Helper()
	a.failingEndpoints()
	a.connect()
	a.learnFlows()
	a.strangers()
	a.put("b1", 1)
	a.watched()
	a.synced("b1", 1)
	a.must(a.core.wait(a.ctx, message.BookingConferenceReady, 1))
	for _, told := range a.core.conferences() {
		_, link, _ := strings.Cut(told, " https://")
		a.canaries.add("join link", link)
	}
	a.clear("after a booking", false)
	google := a.shows(sim.Google, "canary-title-of-b1-1")
	hand := a.text("edited-by-hand")
	_, err := a.sim.EditEvent(in(sim.Google), google.ID, sim.Edit{Title: &hand, Description: &hand})
	a.must(err)
	a.must(a.core.wait(a.ctx, message.BookingEdited, 1))
	a.clear("after a person's change", false)
	for _, p := range []sim.Provider{sim.Google, sim.Microsoft} {
		a.must(a.sim.ExpireAccess(p, in(p).Email))
	}
	a.put("b4", 1)
	a.synced("b4", 1)
	var course gen.Booking
	a.call(http.MethodPut, "/v1/bookings/b5", a.course("b5"), &course)
	a.must(a.core.wait(a.ctx, message.BookingSynced, 8))
	a.refuse(http.MethodPost, "*/events")
	b2 := a.book("b2", 1)
	a.queue.submit(task.SubmitBooking{BookingID: "b2", Booking: &b2})
	wrong := a.book("b3", 1)
	wrong.Start.TimeZone = a.text("zone")
	a.queue.submit(task.SubmitBooking{BookingID: "b3", Booking: &wrong})
	a.must(a.core.wait(a.ctx, message.BookingFailed, 2))
	a.rejected(1)
	a.queue.taken()
	a.queue.forgotten()
}

// learnFlows learns the secrets of the flows that have connected the hosts, and those of one that nobody has finished.
func (a *aviary) learnFlows() {
	a.tb.Helper()
	for _, r := range a.sim.Requests(0) {
		q, err := url.ParseQuery(r.Query)
		a.must(err)
		a.canaries.add("state", q.Get("state"))
	}
	var c gen.BegunConnection
	a.call(http.MethodPost, "/v1/connections", gen.NewConnection{Provider: "google"}, &c)
	a.canaries.add("connect token", c.ConnectURL[strings.LastIndex(c.ConnectURL, "/")+1:])
}

// clear wants no canary in the log, in metrics, in Redis and in SQL, and no secret in what the API answers and the core is told: texts belong there, and
// what is issued is shown once.
func (a *aviary) clear(when string, intake bool) {
	a.tb.Helper()
	for _, leak := range a.canaries.in([]byte(a.log.String())) {
		a.tb.Errorf("%s the log shows: %s", when, leak)
	}
	for _, leak := range a.canaries.in(a.scrape(a.log).raw) {
		a.tb.Errorf("%s a metric shows: %s", when, leak)
	}
	for _, leak := range a.canaries.in(a.redisDump(intake)) {
		a.tb.Errorf("%s Redis shows: %s", when, leak)
	}
	for _, leak := range a.canaries.in(a.sqlDump(), account) {
		a.tb.Errorf("%s SQL shows: %s", when, leak)
	}
	told, err := json.Marshal(a.core.all())
	a.must(err)
	for _, leak := range a.canaries.in(told, account, "text", "guest", "join link") {
		a.tb.Errorf("%s the core is told: %s", when, leak)
	}
	for _, leak := range a.canaries.in(a.answers.raw(), account, "text", "guest", "join link", "endpoint URL", "endpoint secret", "connect token", "API key", "signing key") {
		a.tb.Errorf("%s the API answers: %s", when, leak)
	}
}

// No secret and no text of a person is in clear anywhere: not in the log at its most talkative, not in metrics, not in
// Redis, not in SQL.
func TestCanaries(t *testing.T) {
	t.Parallel()
	for name, prepare := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAviary(t, prepare(t))
			a.tour()
			a.clear("at the end", true)
			kinds := a.canaries.kinds()
			for what, least := range map[string]int{
				"access token": 4, "refresh token": 2, "code": 3, "verifier": 2, "client secret": 2, "channel secret": 4, "state": 3, "connect token": 2, "API key": 2,
				"signing key": 1, "seal key": 1, "endpoint secret": 3, "endpoint URL": 2, "idempotency key": 5, "guest": 2, "text": 10, "join link": 1, account: 2,
			} {
				if kinds[what] < least {
					t.Errorf("%d canaries of the kind %q: this test proves nothing about them", kinds[what], what)
				}
			}
			if answers := a.canaries.in(a.answers.raw()); len(answers) == 0 || len(a.core.all()) == 0 {
				t.Error("no answer shows what was issued, or the core heard nothing: this test proves nothing about them")
			}
			if log := a.log.String(); !strings.Contains(log, `"level":"ERROR"`) || !strings.Contains(log, "delivery:send") {
				t.Errorf("the log does not tell of the failures: %s", log)
			}
		})
	}
}

// What is planted is found, wherever it is and however it is written.
func TestPlantedCanaries(t *testing.T) {
	t.Parallel()
	for name, prepare := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAviary(t, prepare(t))
			a.clear("before", true)
			log := slog.New(slog.NewJSONHandler(a.log, nil))
			for i, written := range []func(string) string{
				func(s string) string { return s }, func(s string) string { return hex.EncodeToString([]byte("x" + s)) },
				func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
				func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("xy" + s)) },
			} {
				here := func(place string) string {
					return "<" + written(a.canaries.add(fmt.Sprintf("planted %s %d", place, i), fmt.Sprintf("canary in %s as %d", place, i))) + ">"
				}
				log.DebugContext(a.ctx, "planted", slog.String("at", here("nowhere")))
				log.InfoContext(a.ctx, "planted", slog.String("at", here("log")))
				r := a.redis()
				key := time.Duration(i).String()
				a.must(r.HSet(a.ctx, "hash"+key, "field", here("hash")).Err())
				a.must(r.Set(a.ctx, here("key"), "x", 0).Err())
				a.must(r.LPush(a.ctx, "list"+key, here("list")).Err())
				_, err := a.admin.CreateTenant(a.ctx, here("SQL"))
				a.must(err)
				for place, raw := range map[string][]byte{"log": []byte(a.log.String()), "hash": a.redisDump(true), "key": a.redisDump(true), "list": a.redisDump(true), "SQL": a.sqlDump()} {
					if found := strings.Join(a.canaries.in(raw), "\n"); !strings.Contains(found, fmt.Sprintf("planted %s %d", place, i)) {
						t.Errorf("what stands in %s is not found as %d: %s", place, i, found)
					}
				}
			}
			if found := strings.Join(a.canaries.in([]byte(a.log.String())), "\n"); strings.Contains(found, "nowhere") {
				t.Errorf("what was not written is found: %s", found)
			}
		})
	}
}
