package store_test

import (
	"database/sql"
	"reflect"
	"slices"
	"strings"

	"github.com/calweave/calweave/internal/store/db"
)

func identifierTrials() []trial {
	return []trial{{"queries: every identifier that is asked for counts", identifiersCount}}
}

// nobodys is an identifier that no row has.
const nobodys = "nobody's"

// identifiersCount asks every query for A's rows, with one identifier after the other that no row has.
func identifiersCount(h *harness) {
	h.plant()
	// They do not say which row is meant.
	others := []string{"MissEvents.ListingID", "LeaveWindow.ListingID", "ReviseBooking.ReservationToken", "SettleLink.EventID", "SetTally.GuardID", "MarkCalendars.Kind", "BookingsResolvedElsewise.AfterID"}
	tried := 0
	for _, query := range queries() {
		if h.isInsert(query) {
			continue
		}
		for _, name := range identifiers(query) {
			tried++
			found, err := h.foundWithout(query, name)
			if err != nil || (found != "") != slices.Contains(others, query+"."+name) {
				h.Errorf("%s with another %s: %s, %v", query, name, found, err)
			}
		}
	}
	same(h, "identifiers", tried > 80, true)
}

// identifiers are the parameters by which a query names a row of its tenant.
func identifiers(query string) []string {
	method, _ := reflect.TypeFor[*db.Queries]().MethodByName(query)
	params := method.Type.In(2) // after the receiver and the context
	var names []string
	for field := range params.Fields() {
		name := field.Name
		if name != "TenantID" && strings.HasSuffix(name, "ID") || slices.Contains([]string{"Kind", "Subject", "Bucket", "ReservationToken", "KeyHash", "Hashes", "Channels", "Calendars"}, name) {
			names = append(names, name)
		}
	}
	return names
}

// foundWithout says what a query did as A and what it told when one of its identifiers was nobody's.
func (h *harness) foundWithout(query, identifier string) (found string, err error) {
	h.Helper()
	h.inTx(func(tx *sql.Tx) {
		before := h.rowsOf(tx, tenantA)
		p := &probe{tx: tx, mutate: h.wire.rewrite, without: identifier}
		if found, err = h.ask(p, query, tenantA); err == nil {
			found += strings.Join(differences(before, h.rowsOf(tx, tenantA)), "\n")
		}
	})
	return found, err
}
