package microsoft_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

func TestTransactionsAreForgotten(t *testing.T) {
	t.Parallel()
	s, c, now := frozen(t)
	set(t, s, func(w *sim.Switches) { w.Microsoft.TransactionMinutes = 30 })
	body := meeting(object{"transactionId": "once"})
	first := wantStatus(t, c.Do("POST", "/me/events", body), http.StatusCreated)
	now.Advance(30 * time.Minute)
	if again := c.Do("POST", "/me/events", body); again.Text("id") != first.Text("id") {
		t.Errorf("after half an hour: %s", again.Raw)
	}
	now.Advance(time.Second)
	if again := wantStatus(t, c.Do("POST", "/me/events", body), http.StatusCreated); again.Text("id") == first.Text("id") {
		t.Error("it is remembered for longer than it should")
	}
}

func TestResyncVariants(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	createOn(t, c, "/me/events", "a", "2026-04-15")
	_, _, link := round(t, c, april)
	if err := s.ExpireCursors(sim.In{Provider: sim.Microsoft, Email: host}); err != nil {
		t.Fatal(err)
	}
	for _, status := range []int{410, 400, 404} {
		for _, code := range []string{"SyncStateNotFound", "syncStateInvalid", "resyncRequired"} {
			set(t, s, func(w *sim.Switches) { w.Microsoft.ResyncStatus, w.Microsoft.ResyncCode = status, code })
			wantError(t, c.Do("GET", link, nil), status, code)
		}
	}
	set(t, s, func(w *sim.Switches) { w.Microsoft.ResyncLocation = true })
	a := c.Do("GET", link, nil)
	if rows, _, _ := round(t, c, a.Header.Get("Location")); len(rows) != 1 || !strings.HasSuffix(a.Header.Get("Location"), "$deltatoken=") {
		t.Errorf("to begin anew at %q shows %v", a.Header.Get("Location"), names(rows))
	}
}

func TestLargestPages(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	for _, name := range []string{"a", "b", "c"} {
		createOn(t, c, "/me/events", name, "2026-04-15")
	}
	set(t, s, func(w *sim.Switches) { w.Microsoft.MaxTop = 2 })
	const view = "/me/calendarView?startDateTime=2026-04-01&endDateTime=2026-05-01&$top=3"
	for _, path := range []string{"/me/events?$top=3", view} {
		wantError(t, c.Do("GET", path, nil), http.StatusBadRequest, "ErrorInvalidUrlQuery")
	}
	if _, pages, _ := round(t, c, april, "Prefer", "odata.maxpagesize=50"); pages != 2 {
		t.Errorf("delta has %d pages", pages)
	}
	set(t, s, func(w *sim.Switches) { w.Microsoft.LongTop = sim.Cut })
	for _, path := range []string{"/me/events?$top=3", view} {
		a := wantStatus(t, c.Do("GET", path, nil), http.StatusOK)
		b := c.Do("GET", a.Text("@odata.nextLink"), nil)
		if len(a.Rows("value")) != 2 || len(b.Rows("value")) != 1 || b.Rows("value")[0]["subject"] != "c" {
			t.Errorf("cut: %s then %s", a.Raw, b.Raw)
		}
	}
}

func TestLateDelta(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	set(t, s, func(w *sim.Switches) { w.Microsoft.LateDelta = true })
	_, _, link := round(t, c, april)
	id := createOn(t, c, "/me/events", "late", "2026-04-15")
	rows, _, link := round(t, c, link)
	if len(rows) != 0 {
		t.Errorf("shown at once: %v", names(rows))
	}
	if rows, _, link = round(t, c, link); !slices.Equal(names(rows), []string{"late"}) {
		t.Errorf("shown late: %v", names(rows))
	}
	wantStatus(t, c.Do("DELETE", event(id), nil), http.StatusNoContent)
	_, _, link = round(t, c, link)
	if rows, _, _ = round(t, c, link); rows[id]["@removed"] == nil {
		t.Errorf("removed late: %v", rows)
	}
}

func TestScrambledPagesAndSealedLinks(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	for _, name := range []string{"a", "b", "c"} {
		createOn(t, c, "/me/events", name, "2026-04-15")
	}
	set(t, s, func(w *sim.Switches) { w.Microsoft.ScrambledPages, w.Microsoft.SealedLinks = true, true })
	a := c.Do("GET", april, nil, "Prefer", "odata.maxpagesize=2")
	if rows := a.Rows("value"); len(rows) != 3 || rows[0]["subject"] != "a" || rows[1]["subject"] != "b" || rows[2]["subject"] != "a" {
		t.Errorf("the first page is %s", a.Raw)
	}
	rows, _, link := round(t, c, april, "Prefer", "odata.maxpagesize=2")
	if len(rows) != 3 {
		t.Errorf("there are %v", names(rows))
	}
	bare, _, _ := strings.Cut(link, "&")
	wantError(t, c.Do("GET", bare, nil), http.StatusBadRequest, "SyncStateInvalid")
	round(t, c, link)
}

func TestRowsOfSeries(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	set(t, s, func(w *sim.Switches) { w.Microsoft.MasterRows, w.Microsoft.RemovedOccurrences = false, true })
	master := wantStatus(t, c.Do("POST", "/me/events", mondays(3)), http.StatusCreated).Text("id")
	got, _, link := listing(t, c, "/me/"+autumn)
	if !slices.Equal(got, []string{"occurrence 2026-10-26", "occurrence 2026-11-02"}) {
		t.Errorf("shown are %v", got)
	}
	rows, _ := instancesOf(t, c, master)
	gone, _ := rows["2026-11-02"]["id"].(string)
	wantStatus(t, c.Do("DELETE", event(gone), nil), http.StatusNoContent)
	if got, _, _ = listing(t, c, link); !slices.Equal(got, []string{"occurrence 2026-10-26", "removed " + gone}) {
		t.Errorf("shown are %v", got)
	}
}

func TestMixedNotificationsInOtherOrder(t *testing.T) {
	t.Parallel()
	s, c, now := frozen(t)
	r := simtest.NewReceiver(t)
	sub := wantStatus(t, c.Do("POST", "/subscriptions", wish(r, now.Now())), http.StatusCreated).Text("id")
	set(t, s, func(w *sim.Switches) { w.Microsoft.UpdatedFirst, w.Microsoft.MixedNotifications = true, true })
	createOn(t, c, "/me/events", "a", "2026-04-15")
	var kinds []string
	for _, p := range s.Pushes(0) {
		kinds = append(kinds, p.Kind)
	}
	if !slices.Equal(kinds, []string{"updated", "created"}) {
		t.Errorf("pushed are %v", kinds)
	}
	body := simtest.Answer{Body: decoded(t, r.Wait(1)[0].Body)}
	if rows := body.Rows("value"); len(rows) != 2 || rows[1]["subscriptionId"] != sub || rows[0]["subscriptionId"] == sub || rows[0]["clientState"] == "s3cret" || rows[0]["tenantId"] == rows[1]["tenantId"] {
		t.Errorf("delivered is %v", body.Body)
	}
}

func TestOriginalZones(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	id := createOn(t, c, "/me/events", "a", "2026-04-15")
	for _, zone := range []string{"tzone://Microsoft/Custom", "Customized Time Zone", "tzone://Microsoft/Utc"} {
		set(t, s, func(w *sim.Switches) { w.Microsoft.OriginalZone = zone })
		if a := c.Do("GET", event(id), nil); a.Text("originalStartTimeZone") != zone || a.Text("start", "timeZone") != "UTC" {
			t.Errorf("shown is %s", a.Raw)
		}
	}
	wantStatus(t, c.Do("PATCH", event(id), object{"start": object{"dateTime": "2026-04-15T10:30:00", "timeZone": "tzone://Microsoft/Utc"}}), http.StatusOK)
}

func TestOnlineMeetings(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	wanted := meeting(object{"isOnlineMeeting": true, "onlineMeetingProvider": "teamsForBusiness", "body": object{"contentType": "text", "content": "Hello"}})
	a := wantStatus(t, c.Do("POST", "/me/events", wanted), http.StatusCreated)
	path := event(a.Text("id"))
	if !strings.HasPrefix(a.Text("onlineMeeting", "joinUrl"), "https://teams.microsoft.com/") || a.At("isOnlineMeeting") != true {
		t.Errorf("made: %s", a.Raw)
	}
	wantStatus(t, c.Do("PATCH", path, object{"isOnlineMeeting": false}), http.StatusOK)
	kept := c.Do("PATCH", path, object{"body": object{"contentType": "html", "content": strings.Replace(a.Text("body", "content"), "Hello", "Bye", 1)}})
	if kept.Text("onlineMeeting", "joinUrl") != a.Text("onlineMeeting", "joinUrl") || !strings.Contains(kept.Text("bodyPreview"), "Bye") {
		t.Errorf("undone, or with its text kept: %s", kept.Raw)
	}
	if lost := c.Do("PATCH", path, object{"body": object{"contentType": "text", "content": "New"}}); lost.At("isOnlineMeeting") != false || lost.At("onlineMeeting") != nil {
		t.Errorf("written over: %s", lost.Raw)
	}
	set(t, s, func(w *sim.Switches) { w.Microsoft.OnlineMeetings = sim.Ignored })
	if b := wantStatus(t, c.Do("POST", "/me/events", wanted), http.StatusCreated); b.At("isOnlineMeeting") != false || b.At("onlineMeeting") != nil {
		t.Errorf("passed over: %s", b.Raw)
	}
}

// TestDeletedOutsideEveryWindow is told by a notification and by no listing.
func TestDeletedOutsideEveryWindow(t *testing.T) {
	t.Parallel()
	_, c, now := frozen(t)
	r := simtest.NewReceiver(t)
	far := createOn(t, c, "/me/events", "far", "2027-04-15")
	_, _, link := round(t, c, april)
	w := wish(r, now.Now())
	w["changeType"] = "deleted"
	wantStatus(t, c.Do("POST", "/subscriptions", w), http.StatusCreated)
	wantStatus(t, c.Do("DELETE", event(far), nil), http.StatusNoContent)
	if got := item(t, r.Wait(1)[0]); got.Text("resourceData", "id") != far {
		t.Errorf("came %v", got.Body)
	}
	if rows, _, _ := round(t, c, link); len(rows) != 0 {
		t.Errorf("listed: %v", rows)
	}
}

// TestWindowsStand has time pass: what comes into view by that alone is not told.
func TestWindowsStand(t *testing.T) {
	t.Parallel()
	s, c, now := frozen(t)
	createOn(t, c, "/me/events", "next month", "2026-05-15")
	_, _, link := round(t, c, april)
	now.Advance(31 * 24 * time.Hour)
	if rows, _, _ := round(t, s.Client(sim.Microsoft, host), link); len(rows) != 0 {
		t.Errorf("told: %v", names(rows))
	}
}

// TestSilentEnd has Graph drop a subscription: nobody hears of it, and asking shows it.
func TestSilentEnd(t *testing.T) {
	t.Parallel()
	s, c, now := frozen(t)
	r := simtest.NewReceiver(t)
	sub := wantStatus(t, c.Do("POST", "/subscriptions", wish(r, now.Now())), http.StatusCreated).Text("id")
	if err := s.DropChannel(sim.Microsoft, host, sub); err != nil {
		t.Fatal(err)
	}
	createOn(t, c, "/me/events", "a", "2026-04-15")
	if n := len(s.Pushes(0)); n != 0 {
		t.Errorf("%d pushes", n)
	}
	wantError(t, c.Do("GET", "/subscriptions/"+url.PathEscape(sub), nil), http.StatusNotFound, "ResourceNotFound")
}
