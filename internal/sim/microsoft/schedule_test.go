package microsoft_test

import (
	"fmt"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

func utc(clock string) object { return object{"dateTime": "2026-04-15T" + clock, "timeZone": "UTC"} }

func asking(more object, who ...string) object {
	w := object{"schedules": who, "startTime": utc("08:00:00"), "endTime": utc("12:00:00"), "availabilityViewInterval": 30}
	maps.Copy(w, more)
	return w
}

func TestGetSchedule(t *testing.T) {
	t.Parallel()
	s, c, g := meet(t)
	busy := func(from, to, as string) {
		t.Helper()
		wantStatus(t, g.Do("POST", "/me/events", object{"subject": "Secret", "start": utc(from), "end": utc(to), "showAs": as}), http.StatusCreated)
	}
	busy("08:15:00", "09:00:00", "busy")
	busy("08:30:00", "09:30:00", "tentative")
	busy("10:00:00", "10:30:00", "oof")
	busy("10:30:00", "11:00:00", "free")
	busy("11:00:00", "11:30:00", "workingElsewhere")
	busy("13:00:00", "14:00:00", "busy")
	wantStatus(t, g.Do("POST", "/me/events", repeating("2026-04-01", object{"type": "daily", "interval": 1}, numberedRange(30))), http.StatusCreated) // 17:00 UTC
	a := wantStatus(t, c.Do("POST", "/me/calendar/getSchedule", asking(nil, guest, "nobody@contoso.example", host), "Prefer", `outlook.timezone="Asia/Tokyo"`), http.StatusOK)
	rows := a.Rows("value")
	if len(rows) != 3 || rows[0]["availabilityView"] != "22103040" || rows[2]["availabilityView"] != "00000000" {
		t.Fatalf("the schedules are %s", a.Raw)
	}
	items := simtest.Answer{Body: rows[0]}.Rows("scheduleItems")
	first := simtest.Answer{Body: items[0]}
	if len(items) != 5 || first.At("subject") != nil || first.Text("start", "dateTime") != "2026-04-15T17:15:00.0000000" || first.Text("start", "timeZone") != "Asia/Tokyo" || first.Text("status") != "busy" {
		t.Errorf("the guest's items are %v", items)
	}
	if nobody := (simtest.Answer{Body: rows[1]}); nobody.Text("error", "responseCode") != "5016" || nobody.At("scheduleItems") != nil {
		t.Errorf("of nobody there is %v", nobody.Body)
	}
	own := wantStatus(t, g.Do("POST", "/users/"+guest+"/calendar/getSchedule", asking(object{"endTime": utc("18:00:00")}, guest)), http.StatusOK)
	items = simtest.Answer{Body: own.Rows("value")[0]}.Rows("scheduleItems")
	if len(items) != 7 || items[0]["subject"] != "Secret" || items[6]["subject"] != "Weekly" {
		t.Errorf("their own items are %v", items)
	}
	set(t, s, func(w *sim.Switches) { w.Microsoft.ScheduleSuffix = true })
	a = c.Do("POST", "/me/calendar/getSchedule", asking(nil, guest))
	if first = (simtest.Answer{Body: simtest.Answer{Body: a.Rows("value")[0]}.Rows("scheduleItems")[0]}); first.Text("end", "dateTime") != "2026-04-15T09:00:00.0000000Z" {
		t.Errorf("with a suffix: %v", first.Body)
	}
}

func TestGetScheduleRefuses(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	var many []string
	for i := range 21 {
		many = append(many, fmt.Sprint("p", i, "@contoso.example"))
	}
	day := func(d string) object { return object{"dateTime": d + "T08:00:00", "timeZone": "UTC"} }
	for name, tc := range map[string]struct {
		body object
		code string
	}{
		"nobody":         {asking(nil), "ErrorInvalidParameter"},
		"too many":       {asking(nil, many...), "ErrorMailboxDataArrayTooBig"},
		"no time":        {asking(object{"endTime": nil}, host), "ErrorInvalidParameter"},
		"backwards":      {asking(object{"endTime": utc("07:00:00")}, host), "ErrorInvalidTimeInterval"},
		"63 days":        {asking(object{"endTime": day("2026-06-17")}, host), "ErrorTimeIntervalTooBig"},
		"short interval": {asking(object{"availabilityViewInterval": 4}, host), "ErrorInvalidMergedFreeBusyInterval"},
		"long interval":  {asking(object{"availabilityViewInterval": 300}, host), "ErrorInvalidMergedFreeBusyInterval"},
		"another type":   {asking(object{"schedules": host}), "RequestBodyRead"},
	} {
		wantRefusal(t, name, c.Do("POST", "/me/calendar/getSchedule", tc.body), tc.code)
	}
	wantStatus(t, c.Do("POST", "/me/calendar/getSchedule", asking(object{"endTime": day("2026-06-16")}, host)), http.StatusOK)
	set(t, s, func(w *sim.Switches) { w.Microsoft.MaxSchedules = 100 })
	wantStatus(t, c.Do("POST", "/me/calendar/getSchedule", asking(nil, many...)), http.StatusOK)
	in := sim.In{Provider: sim.Microsoft, Email: host}
	begin := time.Date(2026, 4, 15, 9, 0, 0, 0, time.UTC)
	for range 1001 {
		if _, err := s.CreateEvent(in, sim.Draft{Start: begin, End: begin.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
	a := c.Do("POST", "/me/calendar/getSchedule", asking(nil, host))
	if full := (simtest.Answer{Body: a.Rows("value")[0]}); full.Text("error", "responseCode") != "5006" {
		t.Errorf("of 1,001 items there is %s", a.Raw)
	}
}
