package app_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/api/gen"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/sim"
)

// The mailboxes that nobody signs in to, and the applications that act for them.
const (
	hugo     = "hugo@workspace.example"
	ines     = "ines@fabrikam.example"
	robot    = "robot@project.iam.gserviceaccount.com"
	graphApp = "11111111-2222-3333-4444-555555555555"
)

// serviceKey is the key of a service account, which takes a moment to make.
var serviceKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// keyFile is the service account's key file, its private key, and its public key as PEM.
func keyFile(tb testing.TB) (file, private, public string) {
	tb.Helper()
	key, err := serviceKey()
	if err != nil {
		tb.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	pkix, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		tb.Fatal(err)
	}
	private = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
	raw, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": robot, "private_key_id": "key-1", "private_key": private,
		"token_uri": "https://elsewhere.example/token", // goes unused: an assertion is sent to Google alone
	})
	if err != nil {
		tb.Fatal(err)
	}
	return string(raw), private, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkix}))
}

func delegation(public string, scopes ...string) sim.Application {
	for i := range scopes {
		scopes[i] = "https://www.googleapis.com/auth/" + scopes[i]
	}
	return sim.Application{Client: robot, Domain: "workspace.example", Permissions: scopes, PublicKey: public}
}

// delegated is a full delegation.
func delegated(public string) sim.Application {
	return delegation(public, "calendar.events", "calendar.calendarlist.readonly", "calendar.freebusy")
}

func permitted(permissions ...string) sim.Application {
	return sim.Application{Client: graphApp, Domain: "fabrikam.example", Permissions: permissions}
}

// applications are the two of the tests, as a tenant registers them.
func applications(tb testing.TB) map[cal.Provider]gen.NewApplication {
	tb.Helper()
	file, _, _ := keyFile(tb)
	in := "fabrikam.example"
	return map[cal.Provider]gen.NewApplication{
		cal.Google:    {Provider: "google", Kind: "app_only", Name: "Robot", ClientID: robot, Credential: file},
		cal.Microsoft: {Provider: "microsoft", Kind: "app_only", Name: "Daemon", ClientID: graphApp, Credential: "canary-secret-of-the-daemon", EntraTenant: &in},
	}
}

// robots is a world whose tenant has registered both applications, and nobody has opened a mailbox to them yet.
type robots struct {
	*world

	public string
	apps   map[cal.Provider]string
}

func newRobots(t *testing.T) *robots {
	t.Helper()
	r := &robots{world: sqliteWorld(t), apps: map[cal.Provider]string{}}
	_, _, r.public = keyFile(t)
	for _, host := range []sim.Person{{Provider: sim.Google, Email: hugo, Zone: zone}, {Provider: sim.Microsoft, Email: ines, Zone: zone}} {
		_, err := r.sim.Seed(host)
		r.must(err)
	}
	for p, wish := range applications(t) {
		raw, err := json.Marshal(wish)
		r.must(err)
		var made gen.Application
		if status := r.call(http.MethodPost, "/v1/applications", string(raw), &made); status != http.StatusCreated {
			t.Fatalf("registering at %s was answered with %d", p, status)
		}
		r.apps[p] = made.ID
	}
	return r
}

// ask asks for a mailbox to be connected.
func (r *robots) ask(p cal.Provider, mailbox string) (status int, answer string) {
	r.tb.Helper()
	raw, err := json.Marshal(map[string]string{"provider": string(p), "app_id": r.apps[p], "mailbox": mailbox})
	r.must(err)
	return r.send(http.MethodPost, "/v1/connections", string(raw))
}

// refused wants the provider's refusal, with its code, and nothing stored.
func (r *robots) refused(what string, p cal.Provider, mailbox, code string) {
	r.tb.Helper()
	before, err := r.app.Store.Connections(r.ctx, r.tenant, record.ConnectionFilter{}, "", 100)
	r.must(err)
	status, answer := r.ask(p, mailbox)
	if status != http.StatusUnprocessableEntity || !strings.Contains(answer, "#application-refused") || !strings.Contains(answer, code) {
		r.tb.Errorf("%s: %d %s, want application-refused with %s", what, status, answer, code)
	}
	after, err := r.app.Store.Connections(r.ctx, r.tenant, record.ConnectionFilter{}, "", 100)
	r.must(err)
	if len(after) != len(before) {
		r.tb.Errorf("%s: %d connections, and %d before", what, len(after), len(before))
	}
}

// connected wants an active connection, without a page for anybody to open.
func (r *robots) connected(p cal.Provider, mailbox string) cal.ConnectionID {
	r.tb.Helper()
	status, answer := r.ask(p, mailbox)
	var c gen.BegunConnection
	r.must(json.Unmarshal([]byte(answer), &c))
	if status != http.StatusCreated || c.State != "active" || c.ConnectURL != "" {
		r.tb.Fatalf("%s: %d %s", mailbox, status, answer)
	}
	return cal.ConnectionID(c.ID)
}

// open lets administrators open both mailboxes, connects them, and makes them the targets of bookings.
func (r *robots) open() map[cal.Provider]cal.ConnectionID {
	r.tb.Helper()
	r.must(r.sim.Authorise(sim.Google, delegated(r.public)))
	r.must(r.sim.Authorise(sim.Microsoft, permitted("Calendars.ReadWrite")))
	out := map[cal.Provider]cal.ConnectionID{cal.Google: r.connected(cal.Google, hugo), cal.Microsoft: r.connected(cal.Microsoft, ines)}
	r.settle()
	for p, id := range out {
		all, err := r.app.Store.Calendars(r.ctx, r.tenant, record.CalendarFilter{Connection: id}, "", 10)
		r.must(err)
		for _, c := range all {
			if c.Primary {
				r.targets[p] = c.ID
			}
		}
	}
	return out
}

// shown are the titles in both mailboxes' calendars.
func (r *robots) shown() (titles []string) {
	r.tb.Helper()
	for _, at := range []sim.In{{Provider: sim.Google, Email: hugo}, {Provider: sim.Microsoft, Email: ines}} {
		events, err := r.sim.Standing(at)
		r.must(err)
		for _, e := range events {
			titles = append(titles, e.Title)
		}
	}
	return titles
}

func (r *robots) shows(title string) {
	r.tb.Helper()
	if got := r.shown(); len(got) != 2 || got[0] != title || got[1] != title {
		r.tb.Errorf("the calendars show %q, want %q twice", got, title)
	}
}

// minted is how often a token endpoint was asked.
func (r *robots) minted(p sim.Provider) (n int) {
	for _, one := range r.sim.Requests(0) {
		if one.Provider == p && strings.HasSuffix(one.Path, "/token") {
			n++
		}
	}
	return n
}

// Bookings reach calendars whose owners never consented: at Google by domain-wide delegation, at Microsoft by client credentials. A token that ends
// is asked for once, and what a person changes is heard.
func TestBookingByApplicationsThatActAlone(t *testing.T) {
	t.Parallel()
	r := newRobots(t)
	r.open()
	r.submit("b1", r.booking(1, "Intro call", wall), nil)
	r.settle()
	r.shows("Intro call")

	before := map[sim.Provider]int{sim.Google: r.minted(sim.Google), sim.Microsoft: r.minted(sim.Microsoft)}
	r.clock.Advance(2 * time.Hour)
	r.submit("b1", r.booking(2, "Second call", wall), nil)
	r.settle()
	r.shows("Second call")
	for p, n := range before {
		if got := r.minted(p) - n; got != 1 {
			t.Errorf("%s was asked for %d tokens once the first had ended", p, got)
		}
	}

	for _, at := range []sim.In{{Provider: sim.Google, Email: hugo}, {Provider: sim.Microsoft, Email: ines}} {
		events, err := r.sim.Standing(at)
		r.must(err)
		title := "Changed by hand at " + string(at.Provider)
		_, err = r.sim.EditEvent(at, events[0].ID, sim.Edit{Title: &title})
		r.must(err)
	}
	r.settle()
	if n := r.core.types()[message.BookingEdited]; n != 2 {
		t.Errorf("the core heard of %d changes by hand", n)
	}
}

// Until an administrator has opened the mailbox nothing is connected, and the answer says why.
func TestMailboxThatIsNotOpened(t *testing.T) {
	t.Parallel()
	r := newRobots(t)
	r.refused("a service account that nobody knows", cal.Google, hugo, "invalid_grant")
	r.must(r.sim.Authorise(sim.Google, delegation(r.public, "calendar.events")))
	r.refused("too few scopes", cal.Google, hugo, "unauthorized_client")
	r.must(r.sim.Authorise(sim.Google, delegated(r.public)))
	r.refused("another domain", cal.Google, ada, "unauthorized_client")
	r.refused("nobody", cal.Google, "nobody@workspace.example", "invalid_grant")
	r.connected(cal.Google, hugo)

	r.must(r.sim.Authorise(sim.Microsoft, sim.Application{Client: graphApp, Domain: "contoso.example", Permissions: []string{"Calendars.ReadWrite"}}))
	r.refused("another Entra tenant", cal.Microsoft, ines, "AADSTS700016")
	r.must(r.sim.Authorise(sim.Microsoft, sim.Application{Client: graphApp, Domain: "fabrikam.example", Permissions: []string{}}))
	r.refused("no permission", cal.Microsoft, ines, "403")
	r.must(r.sim.Authorise(sim.Microsoft, permitted("Calendars.ReadWrite")))
	r.refused("a mailbox of another Entra tenant", cal.Microsoft, grace, "404")
	r.connected(cal.Microsoft, ines)
}

// What an administrator closes waits, and goes on by itself once it is open again: no grant has died, and nobody has to connect anything.
func TestMailboxThatIsClosedAndOpenedAgain(t *testing.T) {
	t.Parallel()
	r := newRobots(t)
	ids := r.open()
	r.clock.Advance(2 * time.Hour)
	r.must(r.sim.Authorise(sim.Google, delegation(r.public)))
	r.must(r.sim.Authorise(sim.Microsoft, sim.Application{Client: graphApp, Domain: "fabrikam.example"}))
	r.submit("b1", r.booking(1, "Intro call", wall), nil)
	for range 3 {
		_, err := r.step()
		r.must(err)
	}
	if got := r.shown(); len(got) != 0 {
		t.Errorf("while they are closed the calendars show %q", got)
	}
	for p, id := range ids {
		c, err := r.app.Store.Connection(r.ctx, r.tenant, id)
		r.must(err)
		if c.State != cal.ConnectionActive {
			t.Errorf("the connection at %s is %s", p, c.State)
		}
	}
	r.must(r.sim.Authorise(sim.Google, delegated(r.public)))
	r.must(r.sim.Authorise(sim.Microsoft, permitted("Calendars.ReadWrite")))
	r.settle()
	r.shows("Intro call")
}

// An application stays as long as something is connected by it. Its connections end like all others, but for what an administrator has opened.
func TestApplicationsEnd(t *testing.T) {
	t.Parallel()
	r := newRobots(t)
	ids := r.open()
	for p, id := range ids {
		path := "/v1/applications/" + r.apps[p]
		if status, answer := r.send(http.MethodDelete, path, ""); status != http.StatusConflict || !strings.Contains(answer, "#application-in-use") {
			t.Errorf("%s while it is used: %d %s", path, status, answer)
		}
		if status, answer := r.send(http.MethodDelete, "/v1/connections/"+string(id), ""); status != http.StatusAccepted {
			t.Errorf("%s: %d %s", id, status, answer)
		}
		r.settle()
		if told := r.disconnected(); told.Revocation != message.RevocationUnsupported || told.ChannelsLeft != 0 {
			t.Errorf("the core was told %+v", told)
		}
		r.core.mu.Lock()
		r.core.messages = nil
		r.core.mu.Unlock()
		var begun gen.BegunConnection
		status := r.call(http.MethodPost, "/v1/connections", `{"provider":"`+string(p)+`","connection_id":"`+string(id)+`"}`, &begun)
		if status != http.StatusCreated || begun.State != "active" || begun.ID != string(id) {
			t.Errorf("connected anew: %d %+v", status, begun)
		}
		r.send(http.MethodDelete, "/v1/connections/"+string(id), "")
		r.settle()
		if status, answer := r.send(http.MethodDelete, path, ""); status != http.StatusNoContent {
			t.Errorf("%s once nothing is connected by it: %d %s", path, status, answer)
		}
		r.core.mu.Lock()
		r.core.messages = nil
		r.core.mu.Unlock()
	}
}

// Another tenant learns nothing of an application, and connects nothing by it.
func TestApplicationOfAnotherTenant(t *testing.T) {
	t.Parallel()
	r := newRobots(t)
	r.open()
	second, err := r.app.CreateTenant(r.ctx, "second")
	r.must(err)
	r.tenant = second
	for p, mailbox := range map[cal.Provider]string{cal.Google: hugo, cal.Microsoft: ines} {
		asked := r.minted(sim.Provider(p))
		status, answer := r.ask(p, mailbox)
		r.apps[p] = r.apps[p][:len(r.apps[p])-1] + "x"
		nobodys, same := r.ask(p, mailbox)
		if status != http.StatusUnprocessableEntity || nobodys != status || withoutIDs(t, answer) != withoutIDs(t, same) {
			t.Errorf("another tenant's: %d %s, nobody's: %d %s", status, answer, nobodys, same)
		}
		if got := r.minted(sim.Provider(p)); got != asked {
			t.Errorf("%s was asked %d times", p, got-asked)
		}
	}
}

// withoutIDs is a problem without what is another one in each answer.
func withoutIDs(tb testing.TB, answer string) string {
	tb.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(answer), &doc); err != nil {
		tb.Fatal(err)
	}
	delete(doc, "request_id")
	delete(doc, "trace_id")
	raw, err := json.Marshal(doc)
	if err != nil {
		tb.Fatal(err)
	}
	return string(raw)
}

// The secrets of applications that act by themselves, what they sign with them, and the tokens that they get are in clear nowhere: not in the log at
// its most talkative, not in Redis, not in SQL; neither when they are used nor when they are refused.
func TestCanariesOfApplications(t *testing.T) {
	t.Parallel()
	for name, prepare := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAviary(t, prepare(t))
			_, private, public := keyFile(t)
			for line := range strings.SplitSeq(private, "\n") {
				if !strings.HasPrefix(line, "-----") {
					a.canaries.add("private key", line)
				}
			}
			for _, address := range []string{hugo, ines} {
				a.canaries.add(account, address)
			}
			for _, host := range []sim.Person{{Provider: sim.Google, Email: hugo, Zone: zone}, {Provider: sim.Microsoft, Email: ines, Zone: zone}} {
				_, err := a.sim.Seed(host)
				a.must(err)
			}
			a.targets = nil
			for p, mailbox := range map[cal.Provider]string{cal.Google: hugo, cal.Microsoft: ines} {
				wish := applications(t)[p]
				if p == cal.Microsoft {
					a.canaries.add("client secret", wish.Credential)
				}
				var made gen.Application
				a.call(http.MethodPost, "/v1/applications", wish, &made)
				in := gen.NewConnection{Provider: gen.Provider(p), AppID: &made.ID, Mailbox: &mailbox}
				a.must(a.sim.Authorise(sim.Microsoft, sim.Application{Client: graphApp, Domain: "elsewhere.example"}))
				if status, body := a.try(http.MethodPost, "/v1/connections", in); status != http.StatusUnprocessableEntity {
					t.Fatalf("before it is opened: %d %s", status, body)
				}
				opened := delegated(public)
				if p == cal.Microsoft {
					opened = permitted("Calendars.ReadWrite")
				}
				a.must(a.sim.Authorise(sim.Provider(p), opened))
				a.call(http.MethodPost, "/v1/connections", in, &gen.BegunConnection{})
			}
			a.until("both calendars are listed", func() bool {
				var page gen.CalendarPage
				a.call(http.MethodGet, "/v1/calendars", nil, &page)
				a.targets = nil
				for _, c := range page.Calendars {
					if c.Primary {
						a.targets = append(a.targets, cal.Target{CalendarID: cal.CalendarID(c.ID), Authoritative: c.Provider == "google"})
					}
				}
				return len(a.targets) == 2
			})
			a.put("b1", 1)
			a.synced("b1", 1)
			a.clear("at the end", true)
			kinds := a.canaries.kinds()
			for what, least := range map[string]int{"private key": 20, "assertion": 1, "access token": 2, "client secret": 3} {
				if kinds[what] < least {
					t.Errorf("%d canaries of the kind %q: this test proves nothing about them", kinds[what], what)
				}
			}
		})
	}
}
