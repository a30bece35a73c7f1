package store_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/seal"
	"github.com/calweave/calweave/internal/store"
)

// canary is in every secret and in every text of a booking or event that the trials hand to the store. After each trial nothing of the
// database shows it.
const canary = "canary"

func canaryTrials() []trial {
	return []trial{
		{"canary: is found wherever it is in clear", canaryControl},
		{"canary: every sealed column was written", canaryWritten},
		{"seal: no value opens at another tenant's", sealedMoved},
		{"seal: no value opens in another row or column", sealedSwapped},
	}
}

// disguises are the forms in which the canary may leak.
var disguises = sync.OnceValue(func() []string {
	const text = canary
	forms := []string{text, strings.ToUpper(text), hex.EncodeToString([]byte(text)), strings.ToUpper(hex.EncodeToString([]byte(text)))}
	for shift := range 3 {
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + text + "xx"))
		from := (shift*8 + 5) / 6
		forms = append(forms, encoded[from:from+(len(text)*8-5)/6])
	}
	return forms
})

// leaks says in which form raw bytes show the canary; empty when they do not.
func leaks(raw []byte) string {
	for _, form := range disguises() {
		if bytes.Contains(raw, []byte(form)) {
			return form
		}
	}
	return ""
}

// leaksOf are the places of the database that show the canary.
func (h *harness) leaksOf() []string {
	h.Helper()
	var found []string
	for _, table := range h.tables() {
		for _, row := range h.query(`SELECT * FROM ` + table) {
			for column, value := range row {
				if form := leaks([]byte(value)); form != "" {
					found = append(found, fmt.Sprintf("%s.%s shows %s: %q", table, column, form, value))
				}
			}
		}
	}
	if path, ok := strings.CutPrefix(h.place.url, "sqlite:"); ok {
		found = append(found, fileLeaks(path)...)
	}
	return found
}

// fileLeaks looks through the files of an SQLite database, which also hold what was deleted.
func fileLeaks(path string) []string {
	var found []string
	files, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")) // the pattern is well formed
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err == nil && leaks(raw) != "" {
			found = append(found, filepath.Base(file)+" shows "+leaks(raw))
		}
	}
	return found
}

// noCanary wants neither the database nor what was told to the queue to show the canary.
func (h *harness) noCanary() {
	h.Helper()
	for _, leak := range h.leaksOf() {
		h.Error(leak)
	}
	raw, err := json.Marshal(h.told.all())
	if err != nil || leaks(raw) != "" {
		h.Errorf("the hints show it: %s, %v", raw, err)
	}
}

func canaryControl(h *harness) {
	for _, form := range disguises() {
		if leaks([]byte("x"+form+"x")) == "" {
			h.Errorf("%s is not found", form)
		}
	}
	same(h, "leaks", len(h.leaksOf()), 0)
	w := h.newWorld(1)
	for statement, want := range map[string]string{
		`UPDATE tenants SET name = 'a canary here'`:                                 "tenants.name",
		`UPDATE connections SET account = 'canary'`:                                 "connections.account",
		`UPDATE grants SET scopes = 'Y2FuYXJ5'`:                                     "grants.scopes",
		`UPDATE calendars SET zone = '` + hex.EncodeToString([]byte(canary)) + `x'`: "calendars.zone",
	} {
		h.owner(statement)
		if !slices.ContainsFunc(h.leaksOf(), func(l string) bool { return strings.HasPrefix(l, want) }) {
			h.Errorf("%s is not found after %s", want, statement)
		}
	}
	for _, table := range []string{"grants", "oauth_flows", "calendars", "connections", "messages", "directory", "work", "tenants"} {
		h.owner(`DELETE FROM `+table+` WHERE tenant_id = $1`, string(w.tenant))
	}
	if h.backend.name() == "sqlite" {
		same(h, "what was deleted is found in the files", len(h.leaksOf()) > 0, true)
		h.place.url = "" // and stays there
	}
}

// full is a world with something in every sealed column, twice.
func (h *harness) full() *fenceWorld {
	h.Helper()
	w := newFenceWorld(h)
	w.ok(w.Finish(w.ctx, w.claim(w.delivery), record.Outcome{State: record.Ready, Attempts: 1, Attempt: refused(500)}))
	for _, id := range []cal.EndpointID{w.endpointID, w.endpoint().ID} {
		_, err := w.RotateSecret(w.ctx, w.tenant, id, "whsec_canary2", "test")
		w.ok(err)
	}
	w.connect("second")
	w.flow("third")
	for range 2 {
		_, err := w.mailbox(w.registered(record.AppOnly).ID, "canary@example.test", "")
		w.ok(err)
	}
	for range 2 {
		_, err := w.CreateKey(w.ctx, w.tenant, store.PurposeSigning, "", "test")
		w.ok(err)
	}
	for _, id := range []string{"rej_1", "rej_2"} {
		w.ok(w.Reject(w.ctx, w.tenant, record.Rejection{ID: id, Payload: []byte(canary), Detail: canary, Actor: "queue"}))
	}
	for _, key := range []string{"answered", "answered too"} {
		_, c, err := w.ClaimRequest(w.ctx, w.tenant, asked(key))
		w.ok(err)
		w.ok(w.SettleRequest(w.ctx, w.tenant, c, answered()))
	}
	link := fullLink(w.link)
	e := event("event-id", "1", content("x", 1))
	w.ok(w.Settle(w.ctx, w.claim(w.push(link)), record.Decision{Link: link, Event: &e, Outcome: record.Served()}))
	w.clock.Advance(1)
	w.lists(event("e1", "1", content("x", 1)))
	l, on := w.listing(0, "delta")
	w.stage(l, on, "canary-page", items(event("e2", "1", content("x", 2)), event("e3", "1", content("x", 3)))...)
	return w
}

// sealedColumns are the columns of sealed values, table.column.
func (h *harness) sealedColumns() []string {
	h.Helper()
	query := `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' AND data_type = 'bytea' ORDER BY 1, 2`
	if h.backend.name() == "sqlite" {
		query = `SELECT m.name AS table_name, c.name AS column_name FROM sqlite_master m JOIN pragma_table_info(m.name) c
			WHERE m.type = 'table' AND c.type = 'BYTEA' ORDER BY 1, 2`
	}
	var columns []string
	for _, row := range h.query(query) {
		if column := row["table_name"] + "." + row["column_name"]; column != "seal_keys.proof" { // belongs to a key, not to a tenant
			columns = append(columns, column)
		}
	}
	return columns
}

func canaryWritten(h *harness) {
	h.full()
	columns := h.sealedColumns()
	same(h, "columns", len(columns), len(sealedValues())+2)
	for _, c := range columns {
		table, column, _ := strings.Cut(c, ".")
		if h.number(`SELECT COUNT(*) FROM `+table+` WHERE LENGTH(`+column+`) > 33`) == 0 {
			h.Errorf("nothing was written to %s: this trial proves nothing", c)
		}
	}
}

// sealedValue is a column and what reads it of a world's first rows, and says in its error that it does not open.
type sealedValue struct {
	column string
	read   func(w *fenceWorld) error
}

// sealedValues are in an order in which no reader stumbles over a value that was spoilt before its own.
func sealedValues() []sealedValue {
	flow := func(w *fenceWorld) error {
		_, _, err := w.BindFlow(w.ctx, w.secret("connect", "third"), "browser")
		return err
	}
	delivery := func(w *fenceWorld) error { _, err := w.Delivery(w.ctx, record.Lease{Ref: w.delivery}); return err }
	grant := func(w *fenceWorld) error { _, err := w.Grant(w.ctx, w.tenant, w.connection); return err }
	booking := func(w *fenceWorld) error { _, err := w.Booking(w.ctx, w.tenant, "b"); return err }
	sync := func(w *fenceWorld) error { _, err := w.Sync(w.ctx, record.Lease{Ref: w.syncOf(0)}); return err }
	asks := func(w *fenceWorld) error {
		for _, key := range []string{"answered", "answered too"} {
			if _, _, err := w.ClaimRequest(w.ctx, w.tenant, asked(key)); err != nil {
				return err
			}
		}
		return nil
	}
	app := func(w *fenceWorld) error {
		all, err := w.Applications(w.ctx, w.tenant)
		w.ok(err)
		_, err = w.Application(w.ctx, w.tenant, all[0].ID)
		return err
	}
	mailbox := func(w *fenceWorld) error {
		_, err := w.Connections(w.ctx, w.tenant, record.ConnectionFilter{}, "", 10)
		return err
	}
	return []sealedValue{
		{"applications.credential", app},
		{"oauth_flows.state", flow},
		{"oauth_flows.return_url", flow},
		{"oauth_flows.verifier", flow},
		{"requests.answer", asks},
		{"requests.fingerprint", asks},
		{"attempts.answer", func(w *fenceWorld) error {
			_, err := w.DeliveryReport(w.ctx, w.tenant, cal.DeliveryID(w.delivery.Subject))
			return err
		}},
		{"endpoints.previous_secret", delivery},
		{"endpoints.secret", delivery},
		{"endpoints.description", delivery},
		{"endpoints.url", delivery},
		{"messages.data", delivery},
		{"grants.refresh_token", grant},
		{"grants.access_token", grant},
		{"links.in_flight", booking},
		{"links.conference", booking},
		{"links.observed", booking},
		{"links.base", booking},
		{"bookings.slot", booking},
		{"bookings.spec", booking},
		{"listings.page", sync},
		{"cursors.token", sync},
		{"events.content", func(w *fenceWorld) error { _, err := w.Events(w.ctx, w.tenant, w.calendars[0].ID, "", 1); return err }},
		{"keys.secret", func(w *fenceWorld) error {
			_, err := w.SigningKey(w.ctx, w.query(`SELECT key_id FROM keys WHERE tenant_id = $1 ORDER BY 1`, string(w.tenant))[0]["key_id"])
			return err
		}},
		{"calendars.remote_id", func(w *fenceWorld) error { _, err := w.Calendar(w.ctx, w.tenant, w.calendars[0].ID); return err }},
		{"calendars.name", func(w *fenceWorld) error { _, err := w.Calendar(w.ctx, w.tenant, w.calendars[0].ID); return err }},
		{"connections.mailbox", mailbox},
		{"connections.account", func(w *fenceWorld) error { _, err := w.Connection(w.ctx, w.tenant, w.connection); return err }},
	}
}

// sealedMoved puts into each sealed column what belongs to the same column of another tenant's row.
func sealedMoved(h *harness) {
	a, b := h.full(), h.full()
	tried := []string{
		"rejections.payload", // is kept for a person, and nothing reads it yet
		"staged.content",     // is sealed for events.content
	}
	for _, v := range sealedValues() {
		h.ok(v.read(a))
	}
	for _, v := range sealedValues() {
		tried = append(tried, v.column)
		table, column, _ := strings.Cut(v.column, ".")
		from := `SELECT ` + column + ` FROM ` + table + ` WHERE tenant_id = $1 AND LENGTH(` + column + `) > 33 ORDER BY ` + column + ` LIMIT 1`
		h.owner(`UPDATE `+table+` SET `+column+` = (`+from+`) WHERE tenant_id = $2`, string(b.tenant), string(a.tenant))
		err := v.read(a)
		if !errors.Is(err, seal.ErrSealed) || !strings.Contains(err.Error(), "open "+v.column) || leaks([]byte(err.Error())) != "" {
			h.Errorf("%s of another tenant: %v", v.column, err)
		}
	}
	slices.Sort(tried)
	sameList(h, "sealed columns", tried, h.sealedColumns())
}

// sealedSwapped exchanges values within one tenant: between rows, and between columns of a row.
func sealedSwapped(h *harness) {
	w := h.newWorld(1)
	other := w.connect("second")
	w.accept(w.booking("b", 1, 0))
	w.accept(w.booking("c", 1, 0))
	for statement, read := range map[string]func() error{
		`UPDATE grants SET refresh_token = access_token`: func() error { _, err := w.Grant(w.ctx, w.tenant, w.connection); return err },
		`UPDATE bookings SET slot = (SELECT slot FROM bookings WHERE booking_id = 'c') WHERE booking_id = 'b'`: func() error {
			_, err := w.Booking(w.ctx, w.tenant, "b")
			return err
		},
		`UPDATE oauth_flows SET state = verifier`: func() error { _, _, err := w.BindFlow(w.ctx, w.secret("connect", "second"), "x"); return err },
	} {
		h.ok(read())
		h.owner(statement)
		h.fails(read(), seal.ErrSealed)
	}
	same(h, "connections", other != w.connection, true)
}
