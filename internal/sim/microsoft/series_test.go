package microsoft_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/sim/simtest"
)

const pacific = "Pacific Standard Time"

// repeating is an event of half an hour from 10:00 of the day on, in Pacific time.
func repeating(day string, pattern, span object) object {
	span["startDate"] = day
	return object{
		"subject": "Weekly", "start": object{"dateTime": day + "T10:00:00", "timeZone": pacific}, "end": object{"dateTime": day + "T10:30:00", "timeZone": pacific},
		"recurrence": object{"pattern": pattern, "range": span},
	}
}

func numberedRange(n int) object { return object{"type": "numbered", "numberOfOccurrences": n} }

func mondays(n int) object {
	return repeating("2026-10-19", object{"type": "weekly", "interval": 1, "daysOfWeek": []string{"monday"}}, numberedRange(n))
}

// instancesOf are the rows of a series from 2026 to 2029, by date.
func instancesOf(t *testing.T, c simtest.Client, id string) (map[string]map[string]any, []string) {
	t.Helper()
	a := wantStatus(t, c.Do("GET", event(id)+"/instances?startDateTime=2026-01-01T00:00:00Z&endDateTime=2030-12-30T00:00:00Z&$top=1000", nil), http.StatusOK)
	rows, dates := map[string]map[string]any{}, []string{}
	for _, row := range a.Rows("value") {
		day := simtest.Answer{Body: row}.Text("start", "dateTime")[:10]
		rows[day] = row
		dates = append(dates, day)
	}
	return rows, dates
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	for name, tc := range map[string]struct {
		day     string
		pattern object
		span    object
		want    string
	}{
		"daily":                 {"2026-10-30", object{"type": "daily", "interval": 2}, numberedRange(3), "2026-10-30 2026-11-01 2026-11-03"},
		"until, inclusive":      {"2026-10-30", object{"type": "daily", "interval": 1}, object{"type": "endDate", "endDate": "2026-11-01"}, "2026-10-30 2026-10-31 2026-11-01"},
		"weekly":                {"2026-10-20", object{"type": "weekly", "interval": 2, "daysOfWeek": []string{"tuesday", "sunday"}, "firstDayOfWeek": "monday"}, numberedRange(4), "2026-10-20 2026-10-25 2026-11-03 2026-11-08"},
		"weekly from sunday":    {"2026-10-20", object{"type": "weekly", "interval": 2, "daysOfWeek": []string{"tuesday", "sunday"}}, numberedRange(4), "2026-10-20 2026-11-01 2026-11-03 2026-11-15"},
		"start is not in it":    {"2026-10-20", object{"type": "weekly", "interval": 1, "daysOfWeek": []string{"friday"}}, numberedRange(2), "2026-10-23 2026-10-30"},
		"monthly, short months": {"2026-12-31", object{"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31}, numberedRange(3), "2026-12-31 2027-01-31 2027-02-28"},
		"last friday":           {"2026-10-30", object{"type": "relativeMonthly", "interval": 1, "daysOfWeek": []string{"friday"}, "index": "last"}, numberedRange(3), "2026-10-30 2026-11-27 2026-12-25"},
		"first of several days": {"2026-10-01", object{"type": "relativeMonthly", "interval": 1, "daysOfWeek": []string{"monday", "thursday"}}, numberedRange(3), "2026-10-01 2026-11-02 2026-12-03"},
		"yearly, leap day":      {"2028-02-29", object{"type": "absoluteYearly", "interval": 1, "month": 2, "dayOfMonth": 29}, numberedRange(3), "2028-02-29 2029-02-28 2030-02-28"},
		"yearly, third monday":  {"2026-10-19", object{"type": "relativeYearly", "interval": 1, "month": 10, "daysOfWeek": []string{"monday"}, "index": "third"}, numberedRange(2), "2026-10-19 2027-10-18"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made := wantStatus(t, c.Do("POST", "/me/events", repeating(tc.day, tc.pattern, tc.span)), http.StatusCreated)
			if _, dates := instancesOf(t, c, made.Text("id")); strings.Join(dates, " ") != tc.want {
				t.Errorf("occurs on %v, want %s", dates, tc.want)
			}
		})
	}
}

// TestFarWindows looks at an endless series a long time after it began.
func TestFarWindows(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	made := wantStatus(t, c.Do("POST", "/me/events", repeating("1950-01-01", object{"type": "daily", "interval": 1}, object{"type": "noEnd"})), http.StatusCreated)
	if _, dates := instancesOf(t, c, made.Text("id")); len(dates) != 1000 || dates[0] != "2026-01-01" {
		t.Errorf("%d occurrences from %s on", len(dates), dates[0])
	}
	wantError(t, c.Do("GET", event(made.Text("id"))+"/instances?startDateTime=2020-01-01&endDateTime=2026-01-01", nil), http.StatusBadRequest, "ErrorInvalidRequest")
}

func TestRecurrenceRefuses(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	week := func(more object) object {
		p := object{"type": "weekly", "interval": 1, "daysOfWeek": []string{"monday"}}
		maps.Copy(p, more)
		return p
	}
	const invalid = "ErrorPropertyValidationFailure"
	for name, tc := range map[string]struct {
		pattern, span object
		code          string
	}{
		"unknown type":         {week(object{"type": "hourly"}), numberedRange(1), invalid},
		"no interval":          {week(object{"interval": 0}), numberedRange(1), invalid},
		"no days":              {week(object{"daysOfWeek": []string{}}), numberedRange(1), invalid},
		"unknown day":          {week(object{"daysOfWeek": []string{"mo"}}), numberedRange(1), "RequestBodyRead"},
		"unused day of month":  {week(object{"dayOfMonth": 32}), numberedRange(1), invalid},
		"unused month":         {week(object{"month": 13}), numberedRange(1), invalid},
		"unused index":         {week(object{"index": "fifth"}), numberedRange(1), "RequestBodyRead"},
		"no day of month":      {object{"type": "absoluteMonthly", "interval": 1}, numberedRange(1), invalid},
		"no month":             {object{"type": "absoluteYearly", "interval": 1, "dayOfMonth": 3}, numberedRange(1), invalid},
		"unknown range":        {week(nil), object{"type": "often"}, invalid},
		"no number":            {week(nil), numberedRange(0), invalid},
		"too many":             {week(nil), numberedRange(1000), invalid},
		"ends before it began": {week(nil), object{"type": "endDate", "endDate": "2026-10-18"}, invalid},
		"ends before a day":    {week(object{"daysOfWeek": []string{"friday"}}), object{"type": "endDate", "endDate": "2026-10-20"}, "ErrorRecurrenceHasNoOccurrence"},
		"unknown zone":         {week(nil), object{"type": "noEnd", "recurrenceTimeZone": "Mars"}, "TimeZoneNotSupportedException"},
	} {
		wantRefusal(t, name, c.Do("POST", "/me/events", repeating("2026-10-19", tc.pattern, tc.span)), tc.code)
	}
	late := mondays(2)
	late["recurrence"].(object)["range"].(object)["startDate"] = "2026-10-26"
	wantRefusal(t, "another start", c.Do("POST", "/me/events", late), invalid)
	late["recurrence"] = object{"pattern": object{"type": "daily", "interval": 1}}
	wantRefusal(t, "no range", c.Do("POST", "/me/events", late), invalid)
}

func wantRefusal(t *testing.T, what string, a simtest.Answer, code string) {
	t.Helper()
	if a.Status != http.StatusBadRequest || a.Reason() != code {
		t.Errorf("%s: got %d %q, want %q: %s", what, a.Status, a.Reason(), code, a.Raw)
	}
}

func TestSeriesMaster(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	a := wantStatus(t, c.Do("POST", "/me/events", mondays(3)), http.StatusCreated)
	pattern, _ := a.At("recurrence", "pattern").(map[string]any)
	span, _ := a.At("recurrence", "range").(map[string]any)
	// What the types have no use for is shown empty.
	if a.Text("type") != "seriesMaster" || pattern["month"] != 0.0 || pattern["dayOfMonth"] != 0.0 || pattern["index"] != "first" || pattern["firstDayOfWeek"] != "sunday" ||
		span["endDate"] != "0001-01-01" || span["recurrenceTimeZone"] != pacific || a.At("seriesMasterId") != nil || a.At("originalStart") != nil {
		t.Errorf("the master is %s", a.Raw)
	}
	if rows := c.Do("GET", "/me/events", nil).Rows("value"); len(rows) != 1 {
		t.Errorf("listed are %d events", len(rows))
	}
	until := wantStatus(t, c.Do("POST", "/me/events", repeating("2026-10-19", object{"type": "daily", "interval": 1}, object{"type": "endDate", "endDate": "2026-10-21"})), http.StatusCreated)
	if span, _ = until.At("recurrence", "range").(map[string]any); span["numberOfOccurrences"] != 0.0 || span["endDate"] != "2026-10-21" {
		t.Errorf("the range is %v", span)
	}
	single := wantStatus(t, c.Do("PATCH", event(a.Text("id")), object{"recurrence": nil}), http.StatusOK)
	if single.Text("type") != "singleInstance" || single.At("recurrence") != nil {
		t.Errorf("without a recurrence it is %s", single.Raw)
	}
	wantError(t, c.Do("GET", event(a.Text("id"))+"/instances?startDateTime=2026-01-01&endDateTime=2027-01-01", nil), http.StatusBadRequest, "ErrorInvalidRequest")
}

func TestOccurrences(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	master := wantStatus(t, c.Do("POST", "/me/events", mondays(3)), http.StatusCreated)
	rows, dates := instancesOf(t, c, master.Text("id"))
	if !slices.Equal(dates, []string{"2026-10-19", "2026-10-26", "2026-11-02"}) {
		t.Fatalf("occurs on %v", dates)
	}
	// Summer time ends on November 1: ten o'clock stays ten o'clock.
	for day, utc := range map[string]string{"2026-10-26": "17:00", "2026-11-02": "18:00"} {
		o := simtest.Answer{Body: rows[day]}
		if !strings.HasPrefix(o.Text("start", "dateTime"), day+"T"+utc) || o.Text("type") != "occurrence" || o.Text("seriesMasterId") != master.Text("id") ||
			o.At("recurrence") != nil || o.Text("originalStart") != day+"T"+utc+":00Z" || o.Text("iCalUId") == master.Text("iCalUId") || o.Text("subject") != "Weekly" {
			t.Errorf("on %s there is %v", day, o.Body)
		}
	}
	if rows["2026-10-26"]["iCalUId"] == rows["2026-11-02"]["iCalUId"] {
		t.Error("two occurrences have the same iCalUId")
	}
	id := fmt.Sprint(rows["2026-10-26"]["id"])
	if one := wantStatus(t, c.Do("GET", event(id), nil), http.StatusOK); one.Text("start", "dateTime") != "2026-10-26T17:00:00.0000000" {
		t.Errorf("read: %s", one.Raw)
	}
	lasting := c.Do("GET", event(id), nil, "Prefer", immutable)
	if other := c.Do("GET", event(lasting.Text("id")), nil); other.Text("id") != id || lasting.Text("id") == id {
		t.Errorf("by its immutable id: %s", other.Raw)
	}
	for _, bad := range []string{"20261027", "20261116"} {
		wantError(t, c.Do("GET", event(strings.Replace(id, "20261026", bad, 1)), nil), http.StatusNotFound, "ErrorItemNotFound")
	}
	view := wantStatus(t, c.Do("GET", "/me/calendarView?startDateTime=2026-10-20T00:00:00Z&endDateTime=2026-12-01T00:00:00Z&$top=1&$orderby=start/dateTime", nil), http.StatusOK)
	if got := view.Rows("value"); len(got) != 1 || got[0]["id"] != id || view.Text("@odata.nextLink") == "" {
		t.Errorf("the view is %s", view.Raw)
	}
	if more := c.Do("GET", view.Text("@odata.nextLink"), nil); len(more.Rows("value")) != 1 || more.At("@odata.nextLink") != nil {
		t.Errorf("the view goes on with %s", more.Raw)
	}
}

func TestExceptions(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	body := mondays(4)
	body["attendees"] = []object{{"emailAddress": object{"address": "guest@example.org"}}}
	master := wantStatus(t, c.Do("POST", "/me/events", body), http.StatusCreated)
	rows, _ := instancesOf(t, c, master.Text("id"))
	second, third := fmt.Sprint(rows["2026-10-26"]["id"]), fmt.Sprint(rows["2026-11-02"]["id"])
	move := func(id, day string) simtest.Answer {
		return c.Do("PATCH", event(id), object{
			"start": object{"dateTime": day + "T12:00:00", "timeZone": pacific}, "end": object{"dateTime": day + "T12:30:00", "timeZone": pacific},
		})
	}
	for _, day := range []string{"2026-10-19", "2026-10-12", "2026-11-02", "2026-11-03"} {
		wantError(t, move(second, day), http.StatusBadRequest, "ErrorOccurrenceCrossingBoundary")
	}
	wantError(t, c.Do("PATCH", event(second), object{"recurrence": mondays(2)["recurrence"]}), http.StatusBadRequest, "ErrorInvalidRequest")
	x := wantStatus(t, move(second, "2026-10-28"), http.StatusOK)
	if x.Text("type") != "exception" || x.Text("id") != second || x.Text("originalStart") != "2026-10-26T17:00:00Z" || x.Text("start", "dateTime") != "2026-10-28T19:00:00.0000000" {
		t.Errorf("moved: %s", x.Raw)
	}
	wantStatus(t, c.Do("DELETE", event(third), nil), http.StatusNoContent)
	wantError(t, c.Do("DELETE", event(third), nil), http.StatusNotFound, "ErrorItemNotFound")
	if mails := s.Mails(0); len(mails) != 3 || mails[1].Kind != "update" || mails[1].Event != second || mails[2].Kind != "cancellation" || mails[2].Event != third {
		t.Errorf("mailed: %+v", mails)
	}
	// The master's subject reaches the exception, which keeps what is its own.
	wantStatus(t, c.Do("PATCH", event(master.Text("id")), object{"subject": "Renamed"}), http.StatusOK)
	if x = c.Do("GET", event(second), nil); x.Text("subject") != "Renamed" || x.Text("start", "dateTime") != "2026-10-28T19:00:00.0000000" {
		t.Errorf("after the master changed: %s", x.Raw)
	}
	a := c.Do("GET", event(master.Text("id"))+"?$select=subject,cancelledOccurrences,exceptionOccurrences&$expand=exceptionOccurrences", nil)
	cancelled, _ := a.At("cancelledOccurrences").([]any)
	if got := a.Rows("exceptionOccurrences"); len(got) != 1 || got[0]["id"] != second || len(cancelled) != 1 || cancelled[0] != "OID."+master.Text("id")+".2026-11-02" {
		t.Errorf("the master knows of %s", a.Raw)
	}
	if _, dates := instancesOf(t, c, master.Text("id")); !slices.Equal(dates, []string{"2026-10-19", "2026-10-28", "2026-11-09"}) {
		t.Errorf("occurs on %v", dates)
	}
	// Another time makes the series anew.
	wantStatus(t, c.Do("PATCH", event(master.Text("id")), object{"end": object{"dateTime": "2026-10-19T11:00:00", "timeZone": pacific}}), http.StatusOK)
	if _, dates := instancesOf(t, c, master.Text("id")); len(dates) != 4 {
		t.Errorf("made anew it occurs on %v", dates)
	}
	if x = c.Do("GET", event(second), nil); x.Text("type") != "occurrence" {
		t.Errorf("the exception is now %s", x.Raw)
	}
	wantStatus(t, c.Do("DELETE", event(master.Text("id")), nil), http.StatusNoContent)
	wantError(t, c.Do("GET", event(second), nil), http.StatusNotFound, "ErrorItemNotFound")
}

func TestAllDaySeries(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	midnight := func(day string) object { return object{"dateTime": day + "T00:00:00", "timeZone": pacific} }
	made := wantStatus(t, c.Do("POST", "/me/events", object{
		"isAllDay": true, "start": midnight("2026-10-31"), "end": midnight("2026-11-01"),
		"recurrence": object{"pattern": object{"type": "daily", "interval": 1}, "range": object{"type": "numbered", "startDate": "2026-10-31", "numberOfOccurrences": 3}},
	}), http.StatusCreated)
	a := c.Do("GET", event(made.Text("id"))+"/instances?startDateTime=2026-10-01&endDateTime=2026-12-01", nil, "Prefer", `outlook.timezone="Asia/Tokyo"`)
	var got []string
	for _, row := range a.Rows("value") {
		one := simtest.Answer{Body: row}
		got = append(got, one.Text("start", "dateTime")[:16]+" "+one.Text("end", "dateTime")[:16])
	}
	want := []string{"2026-10-31T00:00 2026-11-01T00:00", "2026-11-01T00:00 2026-11-02T00:00", "2026-11-02T00:00 2026-11-03T00:00"}
	if !slices.Equal(got, want) {
		t.Errorf("occurs %v", got)
	}
}

const autumn = "calendarView/delta?startDateTime=2026-10-20T00:00:00Z&endDateTime=2026-11-15T00:00:00Z"

// listing follows a round to its end and returns the rows as "type day" or "removed id", sorted, the last row of each id, and the delta link.
func listing(t *testing.T, c simtest.Client, link string) ([]string, map[string]map[string]any, string) {
	t.Helper()
	var all []string
	byID := map[string]map[string]any{}
	for {
		a := wantStatus(t, c.Do("GET", link, nil, "Prefer", "odata.maxpagesize=2"), http.StatusOK)
		for _, row := range a.Rows("value") {
			byID[fmt.Sprint(row["id"])] = row
		}
		if done := a.Text("@odata.deltaLink"); done != "" {
			for id, row := range byID {
				if row["@removed"] != nil {
					all = append(all, "removed "+id)
					continue
				}
				all = append(all, fmt.Sprint(row["type"], " ", simtest.Answer{Body: row}.Text("start", "dateTime")[:10]))
			}
			slices.Sort(all)
			return all, byID, done
		}
		link = a.Text("@odata.nextLink")
	}
}

func TestDeltaOfASeries(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	team, _ := c.Do("GET", "/me/calendars", nil).Rows("value")[1]["id"].(string)
	for name, calendar := range map[string]string{"default": "/me", "named": "/me/calendars/" + url.PathEscape(team)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			deltaOfASeries(t, c, calendar)
		})
	}
}

func deltaOfASeries(t *testing.T, c simtest.Client, calendar string) {
	t.Helper()
	want := func(what string, got []string, rows ...string) {
		t.Helper()
		if !slices.Equal(got, rows) {
			t.Errorf("%s: told %v, want %v", what, got, rows)
		}
	}
	master := wantStatus(t, c.Do("POST", calendar+"/events", mondays(4)), http.StatusCreated).Text("id")
	got, rows, link := listing(t, c, calendar+"/"+autumn)
	want("at first", got, "occurrence 2026-10-26", "occurrence 2026-11-02", "occurrence 2026-11-09", "seriesMaster 2026-10-19")
	ids := map[string]string{}
	for id, row := range rows {
		ids[simtest.Answer{Body: row}.Text("start", "dateTime")[:10]] = id
		if row["type"] == "occurrence" && (len(row) != 7 || row["seriesMasterId"] != master) {
			t.Errorf("a stub is %v", row)
		}
	}
	got, _, link = listing(t, c, link)
	want("nothing happened", got)

	wantStatus(t, c.Do("PATCH", event(ids["2026-10-26"]), object{"subject": "Once"}), http.StatusOK)
	got, rows, link = listing(t, c, link)
	want("an exception", got, "exception 2026-10-26", "seriesMaster 2026-10-19")
	if rows[ids["2026-10-26"]]["subject"] != "Once" || rows[ids["2026-10-26"]]["body"] == nil {
		t.Errorf("the exception is %v", rows[ids["2026-10-26"]])
	}

	wantStatus(t, c.Do("DELETE", event(ids["2026-11-02"]), nil), http.StatusNoContent)
	got, _, link = listing(t, c, link)
	want("an occurrence is deleted", got, "exception 2026-10-26", "occurrence 2026-11-09", "seriesMaster 2026-10-19")

	far := func(day string) object { return object{"dateTime": day + "T10:00:00", "timeZone": pacific} }
	wantStatus(t, c.Do("PATCH", event(ids["2026-11-09"]), object{"start": far("2026-11-16"), "end": far("2026-11-17")}), http.StatusOK)
	got, _, link = listing(t, c, link)
	want("an exception leaves the window", got, "removed "+ids["2026-11-09"])

	wantStatus(t, c.Do("DELETE", event(master), nil), http.StatusNoContent)
	got, _, _ = listing(t, c, link)
	wanted := []string{"removed " + master, "removed " + ids["2026-10-26"]}
	slices.Sort(wanted)
	want("the series is deleted", got, wanted...)
}

// TestDeltaOfASeriesOutside has a series leave the window as a whole.
func TestDeltaOfASeriesOutside(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	master := wantStatus(t, c.Do("POST", "/me/events", mondays(4)), http.StatusCreated).Text("id")
	_, _, link := listing(t, c, "/me/"+autumn)
	next := repeating("2027-10-18", object{"type": "weekly", "interval": 1, "daysOfWeek": []string{"monday"}}, numberedRange(4))
	wantStatus(t, c.Do("PATCH", event(master), next), http.StatusOK)
	if got, _, _ := listing(t, c, link); !slices.Equal(got, []string{"removed " + master}) {
		t.Errorf("told %v", got)
	}
}
