package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
	"github.com/calweave/calweave/internal/sim/stage"
	"github.com/calweave/calweave/internal/store"
)

// reply is an answer to a request of the API.
type reply struct {
	status int
	after  string
	body   string
}

// post asks for a connection as a tenant would, and shows the whole answer.
func (r *robots) post(body map[string]string) reply {
	r.tb.Helper()
	raw, err := json.Marshal(body)
	r.must(err)
	key, err := r.app.CreateKey(r.ctx, r.tenant, store.PurposeAPI, record.AllScopes())
	r.must(err)
	req, err := http.NewRequestWithContext(r.ctx, http.MethodPost, r.server.URL+"/v1/connections", bytes.NewReader(raw))
	r.must(err)
	req.Header.Set("Authorization", "Bearer "+key.Secret)
	req.Header.Set("Content-Type", "application/json")
	resp, err := simtest.HTTP(r.tb).Do(req)
	r.must(err)
	defer resp.Body.Close() //nolint:errcheck // it was read
	answer, err := io.ReadAll(resp.Body)
	r.must(err)
	return reply{resp.StatusCode, resp.Header.Get("Retry-After"), string(answer)}
}

// calls are the requests that one provider got.
func (r *robots) calls(p sim.Provider) (n int) {
	for _, one := range r.sim.Requests(0) {
		if one.Provider == p {
			n++
		}
	}
	return n
}

// A provider that wants to be left alone while a mailbox is being connected is: the answer says for how long, and nobody calls before that. Of a
// connection that is there the whole fleet knows it from SQL.
func TestMailboxOfAProviderThatWantsToBeLeftAlone(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{"at the API": "*/calendarList", "at the token endpoint": "/token"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRobots(t)
			r.must(r.sim.Authorise(sim.Google, delegated(r.public)))
			wish := map[string]string{"provider": "google", "app_id": r.apps[cal.Google], "mailbox": hugo}
			limited := sim.Fault{Provider: sim.Google, Path: path, Count: 1, Action: stage.ActStatus, Status: http.StatusTooManyRequests, RetryAfter: "40"}
			leftAlone := func(what string, most int) {
				t.Helper()
				_, err := r.sim.AddFault(limited)
				r.must(err)
				r.waits(what, r.post(wish), "40")
				r.clock.Advance(10 * time.Second)
				before := r.calls(sim.Google)
				r.waits(what+", again", r.post(wish), "30")
				if n := r.calls(sim.Google) - before; n > most {
					t.Errorf("%s: called %d times meanwhile", what, n)
				}
				r.clock.Advance(30 * time.Second)
			}
			leftAlone("a new one", 1) // a token is asked for before it is known that the API is to be left alone
			wish["connection_id"] = string(r.connected(cal.Google, hugo))
			leftAlone("one that is there", 0)
			c, err := r.app.Store.Connection(r.ctx, r.tenant, cal.ConnectionID(wish["connection_id"]))
			r.must(err)
			if !c.Penalty.Equal(r.clock.Now()) {
				t.Errorf("the fleet stays away until %s, want %s", c.Penalty, r.clock.Now())
			}
			if got := r.post(wish); got.status != http.StatusCreated {
				t.Errorf("afterwards: %+v", got)
			}
		})
	}
}

// waits wants the problem of a provider that cannot be asked now.
func (r *robots) waits(what string, got reply, after string) {
	r.tb.Helper()
	if got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, "#provider-unavailable") || got.after != after {
		r.tb.Errorf("%s: %+v, want provider-unavailable after %s s", what, got, after)
	}
}

// Of a token endpoint that is down one connection learns from another: the calls of a hundred rows are a few, and once it is back everything is done.
func TestTokenEndpointThatIsDown(t *testing.T) {
	t.Parallel()
	r := newRobots(t)
	r.must(r.sim.Authorise(sim.Google, delegated(r.public)))
	const mailboxes = 40
	for i := range mailboxes {
		who := fmt.Sprintf("person%d@workspace.example", i)
		_, err := r.sim.Seed(sim.Person{Provider: sim.Google, Email: who, Zone: zone})
		r.must(err)
		r.connected(cal.Google, who)
	}
	r.settle()
	r.clock.Advance(8 * 24 * time.Hour) // nobody calls these accounts: their grants are kept alive once a week
	down, err := r.sim.AddFault(sim.Fault{Provider: sim.Google, Path: "/token", Action: stage.ActStatus, Status: http.StatusServiceUnavailable})
	r.must(err)
	before := r.minted(sim.Google)
	for range 3 {
		_, err := r.step()
		r.must(err)
	}
	const most = 20 // the breaker trips after ten in a row
	if n := r.minted(sim.Google) - before; n == 0 || n > most {
		t.Errorf("asked %d times for %d tokens while it is down, want at most %d", n, mailboxes, most)
	}
	r.sim.RemoveFault(down)
	r.clock.Advance(2 * time.Minute)
	before = r.minted(sim.Google)
	r.settle()
	if n := r.minted(sim.Google) - before; n < mailboxes {
		t.Errorf("asked for %d tokens once it is back, want %d", n, mailboxes)
	}
}
