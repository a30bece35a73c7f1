package microsoft

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/sim/stage"
)

const (
	hostOfBounds = "host@contoso.example"
	// few is what the servers of these tests remember at most.
	few = 1000
)

func bounded(t *testing.T) (*Server, func(method, path, body string) *httptest.ResponseRecorder) {
	t.Helper()
	w, err := stage.New(stage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	s := New(w, nil)
	s.most = few
	if _, err := s.Seed(stage.Person{Email: hostOfBounds}); err != nil {
		t.Fatal(err)
	}
	token, err := s.IssueToken(hostOfBounds, "app")
	if err != nil {
		t.Fatal(err)
	}
	return s, func(method, path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token.Access)
		r.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		s.Handler().ServeHTTP(rec, r)
		return rec
	}
}

// Chains that nobody goes on with are forgotten in the end, and their links are dead then; one in use is not.
func TestChainsAreBounded(t *testing.T) {
	t.Parallel()
	s, do := bounded(t)
	const listing = "/v1.0/me/calendarView/delta?startDateTime=2026-04-01T00:00:00Z&endDateTime=2026-05-01T00:00:00Z"
	link := func(rec *httptest.ResponseRecorder) string {
		_, rest, _ := strings.Cut(rec.Body.String(), `"@odata.deltaLink":"`)
		text, _, _ := strings.Cut(rest, `"`)
		return strings.ReplaceAll(text, `\u0026`, "&")
	}
	first := link(do(http.MethodGet, listing, ""))
	for i := range few - 1 {
		s.links++
		s.chains[fmt.Sprint("c", i)] = &chain{used: s.links}
	}
	latest := link(do(http.MethodGet, listing, ""))
	if len(s.chains) > few {
		t.Errorf("%d chains are remembered", len(s.chains))
	}
	if rec := do(http.MethodGet, first, ""); rec.Code != http.StatusGone {
		t.Errorf("the oldest link: %d %s", rec.Code, rec.Body)
	}
	if rec := do(http.MethodGet, latest, ""); rec.Code != http.StatusOK {
		t.Errorf("the latest link: %d %s", rec.Code, rec.Body)
	}
}

func TestTransactionsAreBounded(t *testing.T) {
	t.Parallel()
	s, do := bounded(t)
	m := s.mailboxes[hostOfBounds]
	now := s.world.Now()
	for i := range few {
		m.transactions[fmt.Sprint(i)] = transaction{used: now.Add(time.Duration(i-few) * time.Second)}
	}
	body := `{"subject":"x","transactionId":"T","start":{"dateTime":"2026-04-15T10:00:00","timeZone":"UTC"},"end":{"dateTime":"2026-04-15T11:00:00","timeZone":"UTC"}}`
	made, again := do(http.MethodPost, "/v1.0/me/events", body), do(http.MethodPost, "/v1.0/me/events", body)
	if made.Code != http.StatusCreated || again.Code != http.StatusCreated || len(m.events) != 1 {
		t.Errorf("made: %d, again: %d, %d events", made.Code, again.Code, len(m.events))
	}
	if _, kept := m.transactions["0"]; kept || len(m.transactions) > few {
		t.Errorf("%d are remembered, the oldest: %v", len(m.transactions), kept)
	}
}

// What is counted of applications is bounded, but what is being served is never forgotten.
func TestUsesAreBounded(t *testing.T) {
	t.Parallel()
	s, do := bounded(t)
	now := s.world.Now()
	for i := range maxUses {
		s.limits.uses[limitKey{fmt.Sprint(i), hostOfBounds}] = &use{since: now.Add(-time.Duration(maxUses-i) * time.Second)}
	}
	busy := limitKey{"0", hostOfBounds}
	s.limits.uses[busy].now = 1
	if rec := do(http.MethodGet, "/v1.0/me", ""); rec.Code != http.StatusOK {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	if _, kept := s.limits.uses[limitKey{"1", hostOfBounds}]; kept || len(s.limits.uses) > maxUses || s.limits.uses[busy] == nil {
		t.Errorf("%d are counted, an old one: %v, the busy one: %v", len(s.limits.uses), kept, s.limits.uses[busy])
	}
}

func TestReceiversAreBounded(t *testing.T) {
	t.Parallel()
	h := &health{hosts: map[string]*receiver{}}
	now := time.Date(2026, 4, 15, 10, 0, 0, 0, time.UTC)
	for i := range maxReceivers + 5 {
		h.took(fmt.Sprint(i), now.Add(time.Duration(i)*time.Second), time.Millisecond, 100)
	}
	if len(h.hosts) > maxReceivers || h.hosts["0"] != nil || h.hosts[fmt.Sprint(maxReceivers+4)] == nil {
		t.Errorf("%d are remembered, the first: %v", len(h.hosts), h.hosts["0"])
	}
}

// A mailbox takes 1,000 subscriptions of all applications together; one that has ended makes room.
func TestSubscriptionsPerMailbox(t *testing.T) {
	t.Parallel()
	s, do := bounded(t)
	m := s.mailboxes[hostOfBounds]
	until := s.world.Now().Add(time.Hour)
	for i := range maxSubscriptions {
		id := fmt.Sprint(i)
		s.subscriptions[id] = &subscription{id: id, mailbox: m, calendar: m.calendar("").id, client: "app " + id, expires: until, authorised: s.world.Now()}
	}
	body := fmt.Sprintf(`{"changeType":"created","notificationUrl":"http://127.0.0.1:1/","resource":"me/events","expirationDateTime":%q}`, until.Format(time.RFC3339))
	if rec := do(http.MethodPost, "/v1.0/subscriptions", body); rec.Code != http.StatusForbidden {
		t.Errorf("one too many: %d %s", rec.Code, rec.Body)
	}
	s.mu.Lock()
	s.subscriptions["0"].expires = s.world.Now()
	s.mu.Unlock()
	if rec := do(http.MethodPost, "/v1.0/subscriptions", body); rec.Code != http.StatusBadRequest { // nobody answers the handshake
		t.Errorf("once there is room: %d %s", rec.Code, rec.Body)
	}
}
