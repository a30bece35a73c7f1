package app_test

import (
	"database/sql"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
	"github.com/calweave/calweave/internal/sim/stage"
	"github.com/calweave/calweave/internal/store"
)

// An account that is disconnected is over at its provider, and its bookings are not: once it is connected again, the next version reaches the event
// that was there before.
func TestDisconnectAndReconnect(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	w.submit("b1", w.booking(1, "Intro call", wall), nil)
	w.settle()
	google, refresh := w.connectionAt(cal.Google), w.refreshToken(cal.Google)
	event, link := w.standing(sim.Google)[0], w.linkAt(cal.Google)

	if status := w.call(http.MethodDelete, "/v1/connections/"+string(google), "", nil); status != http.StatusAccepted {
		t.Fatalf("DELETE answered %d", status)
	}
	w.settle()
	w.checkEnded(google, refresh, message.Revoked)

	seen := w.requestsOf(sim.Google)
	w.submit("b1", w.booking(2, "Second call", wall), nil)
	w.settle()
	if got := w.requestsOf(sim.Google); got != seen {
		t.Errorf("Google was called %d times after the end", got-seen)
	}
	if now := w.standing(sim.Google); len(now) != 1 || now[0].ID != event.ID || now[0].Title != "Intro call" {
		t.Errorf("while nobody is connected Google shows %+v", now)
	}
	if now := w.standing(sim.Microsoft); len(now) != 1 || now[0].Title != "Second call" {
		t.Errorf("Microsoft shows %+v", now)
	}

	w.reconnect(google, ada)
	w.settle()
	if now := w.standing(sim.Google); len(now) != 1 || now[0].ID != event.ID || now[0].Title != "Second call" {
		t.Errorf("connected again Google shows %+v, want %s as it is", now, event.ID)
	}
	if now := w.linkAt(cal.Google); now.ID != link.ID || now.Generation != link.Generation || now.Synced != 2 {
		t.Errorf("the link was %+v and is %+v", link, now)
	}
	w.checkNothingStopped("nothing")
	_, err := w.sim.MoveEvent(sim.In{Provider: sim.Google, Email: ada}, event.ID, event.Start.Add(time.Hour))
	w.must(err)
	w.settle()
	if n := w.core.types()[message.BookingMoved]; n != 1 {
		t.Errorf("a person's move was told %d times", n)
	}
}

// TestKillAtEveryStatementOfADisconnect ends the process at each statement and call of a connection's end.
func TestKillAtEveryStatementOfADisconnect(t *testing.T) {
	t.Parallel()
	everyCall(t, "a disconnection", 1, func(t *testing.T, at int, after bool) int {
		t.Helper()
		w := sqliteWorld(t)
		w.submit("b1", w.booking(1, "Intro call", wall), nil)
		w.settle()
		google, refresh := w.connectionAt(cal.Google), w.refreshToken(cal.Google)
		w.killer.arm(at, after)
		armed := w.killer
		for {
			_, err := w.app.Store.Disconnect(w.ctx, w.tenant, google, "test")
			if err == nil {
				break
			}
			if !w.killer.isDead() {
				t.Fatal(err)
			}
			w.restart()
		}
		w.settle()
		calls := struck(t, armed, at)
		w.checkEnded(google, refresh, message.Revoked)
		return calls
	})
}

// An account that another tenant has connected too stays connected for it: only the last one to leave ends what the owner has allowed.
func TestDisconnectFromASharedAccount(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	google, first := w.connectionAt(cal.Google), w.refreshToken(cal.Google)
	second, err := w.app.CreateTenant(w.ctx, "second")
	w.must(err)
	link, err := w.app.BeginConnection(w.ctx, second, cal.Google)
	w.must(err)
	w.consent(link, ada)
	w.settle()
	_, err = w.app.Store.Disconnect(w.ctx, w.tenant, google, "test")
	w.must(err)
	w.settle()
	w.checkTold(message.RevocationShared)
	if status, body := w.refresh(first); status != http.StatusOK {
		t.Errorf("the first one's grant was ended: %d %s", status, body)
	}

	w.tenant, w.core.messages = second, nil
	google, last := w.connectionAt(cal.Google), w.refreshToken(cal.Google)
	_, err = w.app.Store.CreateEndpoint(w.ctx, second, record.Endpoint{URL: serve(w.tb, w.core), Secret: coreSecret}, "test")
	w.must(err)
	_, err = w.app.Store.Disconnect(w.ctx, second, google, "test")
	w.must(err)
	w.settle()
	w.checkTold(message.Revoked)
	for _, token := range []string{first, last} {
		if status, body := w.refresh(token); status != http.StatusBadRequest || !strings.Contains(body, "invalid_grant") {
			t.Errorf("once the last one has left: %d %s", status, body)
		}
	}
}

func (w *world) checkTold(want message.Revocation) {
	w.tb.Helper()
	if got := w.disconnected().Revocation; got != want {
		w.tb.Errorf("the core was told %q, want %q", got, want)
	}
}

// A provider that cannot be reached delays the end of the tokens for a day.
func TestDisconnectFromAProviderThatIsDown(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	w.submit("b1", w.booking(1, "Intro call", wall), nil)
	w.settle()
	google := w.connectionAt(cal.Google)
	for _, path := range []string{"/revoke", "*/channels/stop"} {
		_, err := w.sim.AddFault(sim.Fault{Provider: sim.Google, Path: path, Action: stage.ActStatus, Status: http.StatusServiceUnavailable})
		w.must(err)
	}
	began := w.clock.Now()
	if status := w.call(http.MethodDelete, "/v1/connections/"+string(google), "", nil); status != http.StatusAccepted {
		t.Fatalf("DELETE answered %d", status)
	}
	w.settle()
	if took := w.clock.Now().Sub(began); took < 24*time.Hour || took > 25*time.Hour {
		t.Errorf("it was given up after %s", took)
	}
	w.checkForgotten(google)
	told := w.disconnected()
	if told.Revocation != message.RevocationFailed || told.ChannelsLeft != 1 {
		t.Errorf("the core was told %+v", told)
	}
}

func (w *world) checkEnded(id cal.ConnectionID, refresh string, want message.Revocation) {
	w.tb.Helper()
	channels, err := w.sim.Channels(sim.Google, ada)
	w.must(err)
	others, err := w.sim.Channels(sim.Microsoft, grace)
	w.must(err)
	if len(channels) != 0 || len(others) != 1 {
		w.tb.Errorf("%d channels are open at Google, %d at Microsoft", len(channels), len(others))
	}
	if status, body := w.refresh(refresh); status != http.StatusBadRequest || !strings.Contains(body, "invalid_grant") {
		w.tb.Errorf("the refresh token is answered with %d %s", status, body)
	}
	w.checkForgotten(id)
	if told := w.disconnected(); told.Revocation != want || told.ChannelsLeft != 0 || told.ConnectionID != id {
		w.tb.Errorf("the core was told %+v", told)
	}
	if n := w.core.types()[message.ConnectionDisconnected]; n != 1 {
		w.tb.Errorf("the core was told %d times", n)
	}
	if events := w.standing(sim.Google); len(events) != 1 {
		w.tb.Errorf("Google shows %+v", events)
	}
}

// checkForgotten fails unless the database has no token of a connection any more, and all of the others.
func (w *world) checkForgotten(id cal.ConnectionID) {
	w.tb.Helper()
	c, err := w.app.Store.Connection(w.ctx, w.tenant, id)
	w.must(err)
	if c.State != cal.ConnectionDisconnected {
		w.tb.Errorf("the connection is %s", c.State)
	}
	conn, err := sql.Open("sqlite", strings.TrimPrefix(w.config.DatabaseURL.Reveal(), "sqlite:"))
	w.must(err)
	defer conn.Close() //nolint:errcheck // it was read only
	rows, err := conn.QueryContext(w.ctx, `SELECT connection_id, access_token IS NULL AND refresh_token IS NULL FROM grants`)
	w.must(err)
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var of string
		var forgotten bool
		w.must(rows.Scan(&of, &forgotten))
		if forgotten != (of == string(id)) {
			w.tb.Errorf("tokens of %s forgotten: %t", of, forgotten)
		}
	}
	w.must(rows.Err())
}

// disconnected is what the core was told about the end of a connection.
func (w *world) disconnected() message.Disconnected {
	w.tb.Helper()
	w.core.mu.Lock()
	defer w.core.mu.Unlock()
	at := slices.IndexFunc(w.core.messages, func(m message.Envelope) bool { return m.Type == message.ConnectionDisconnected })
	if at < 0 {
		w.tb.Fatal("the core was not told")
	}
	var out message.Disconnected
	w.must(json.Unmarshal(w.core.messages[at].Data, &out))
	return out
}

func (w *world) connectionAt(p cal.Provider) cal.ConnectionID {
	w.tb.Helper()
	all, err := w.app.Store.Connections(w.ctx, w.tenant, record.ConnectionFilter{Provider: p}, "", 10)
	w.must(err)
	return all[0].ID
}

func (w *world) refreshToken(p cal.Provider) string {
	w.tb.Helper()
	g, err := w.app.Store.Grant(w.ctx, w.tenant, w.connectionAt(p))
	w.must(err)
	return g.RefreshToken
}

func (w *world) linkAt(p cal.Provider) record.Link {
	w.tb.Helper()
	b, err := w.app.Store.Booking(w.ctx, w.tenant, "b1")
	w.must(err)
	return b.Links[slices.IndexFunc(b.Links, func(l record.Link) bool { return l.Provider == p })]
}

// requestsOf is how often calweave has called a provider.
func (w *world) requestsOf(p sim.Provider) int {
	n := 0
	for _, r := range w.sim.Requests(0) {
		if r.Provider == p {
			n++
		}
	}
	return n
}

// refresh asks Google's token endpoint for an access token.
func (w *world) refresh(token string) (status int, body string) {
	w.tb.Helper()
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {"client"}, "client_secret": {"secret"}}
	req, err := http.NewRequestWithContext(w.ctx, http.MethodPost, w.config.Google.TokenURL, strings.NewReader(form.Encode()))
	w.must(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.do(req)
}

func (w *world) do(req *http.Request) (status int, body string) {
	w.tb.Helper()
	resp, err := simtest.HTTP(w.tb).Do(req) //nolint:gosec // to the servers of the test
	w.must(err)
	defer resp.Body.Close() //nolint:errcheck // it was read
	raw, err := io.ReadAll(resp.Body)
	w.must(err)
	return resp.StatusCode, string(raw)
}

// send sends a request to the API as the tenant's core.
func (w *world) send(method, path, in string) (status int, answer string) {
	w.tb.Helper()
	w.wishes.puts(w.tenant, method, path, []byte(in))
	key, err := w.app.CreateKey(w.ctx, w.tenant, store.PurposeAPI, record.AllScopes())
	w.must(err)
	req, err := http.NewRequestWithContext(w.ctx, method, w.server.URL+path, strings.NewReader(in))
	w.must(err)
	req.Header.Set("Authorization", "Bearer "+key.Secret)
	req.Header.Set("Content-Type", "application/json")
	return w.do(req)
}

// call sends a request and reads what it was answered.
func (w *world) call(method, path, in string, out any) (status int) {
	w.tb.Helper()
	status, body := w.send(method, path, in)
	if out != nil {
		w.must(json.Unmarshal([]byte(body), out))
	}
	return status
}

// reconnect connects the account of a connection again.
func (w *world) reconnect(id cal.ConnectionID, email string) {
	w.tb.Helper()
	c, err := w.app.Store.Connection(w.ctx, w.tenant, id)
	w.must(err)
	var begun gen.BegunConnection
	w.call(http.MethodPost, "/v1/connections", `{"provider":"`+string(c.Provider)+`","connection_id":"`+string(id)+`"}`, &begun)
	w.consent(begun.ConnectURL, email)
}
