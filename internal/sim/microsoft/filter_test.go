package microsoft_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestFiltersAndOrders(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	for day, subject := range map[string]string{"2026-10-20": "Alpha and omega", "2026-10-21": "beta", "2026-10-22": "It's gamma"} {
		createOn(t, c, "/me/events", subject, day)
	}
	beta, _ := c.Do("GET", "/me/events?$filter=subject%20eq%20'beta'", nil).Rows("value")[0]["id"].(string)
	wantStatus(t, c.Do("PATCH", event(beta), object{"categories": []string{"Red"}}), http.StatusOK)
	wantStatus(t, c.Do("POST", "/me/events", mondays(2)), http.StatusCreated)
	for _, path := range []string{"/me/events?", "/me/calendarView?startDateTime=2026-10-20&endDateTime=2026-10-25&"} {
		for query, want := range map[string]string{
			"$filter=start/dateTime ge '2026-10-21T00:00:00' and end/dateTime lt '2026-10-22T00:00:00Z'":                                "beta",
			"$filter=subject eq 'Alpha and omega'":                                                                                      "Alpha and omega",
			"$filter=startswith(subject,'it''s') and type eq 'singleInstance'":                                                          "It's gamma",
			"$filter=contains(subject,'a') and isAllDay eq false&$orderby=subject":                                                      "Alpha and omega|It's gamma|beta",
			"$filter=(subject eq 'beta' or startswith(subject,'It')) and not (subject eq 'beta')":                                       "It's gamma",
			"$filter=subject eq 'beta' or subject eq 'Alpha and omega' and importance eq 'high'":                                        "beta",
			"$filter=categories/any(c:c eq 'Red') or contains(subject,'x or y')":                                                        "beta",
			"$filter=subject ne 'standup' and type eq 'singleInstance' and sensitivity eq 'normal'&$orderby=showAs,start/dateTime desc": "It's gamma|beta|Alpha and omega",
			"$filter=showAs eq 'busy' and type ne 'seriesMaster'&$orderby=start/dateTime desc":                                          "It's gamma|beta|Alpha and omega",
		} {
			a := wantStatus(t, c.Do("GET", path+strings.ReplaceAll(query, " ", "%20"), nil), http.StatusOK)
			var got []string
			for _, row := range a.Rows("value") {
				got = append(got, fmt.Sprint(row["subject"]))
			}
			if strings.Join(got, "|") != want {
				t.Errorf("%s%s is %v, want %s", path, query, got, want)
			}
		}
		for _, query := range []string{
			"$filter=" + strings.Repeat("(", 30) + "subject eq 'x'" + strings.Repeat(")", 30), "$filter=endswith(subject,'x')", "$filter=webLink eq 'x'",
			"$filter=attendees/any(a:a/type eq 'required')", "$filter=subject in ('a','b')", "$filter=hasAttachments", "$orderby=webLink",
			"$expand=extensions($filter=id eq 'x')",
		} {
			wantError(t, c.Do("GET", path+strings.ReplaceAll(query, " ", "%20"), nil), http.StatusNotImplemented, "NotSimulated")
		}
		for _, query := range []string{
			"$filter=subject like 'x'", "$filter=subject eq 'x' and ", "$filter=subject eq 'x", "$filter=(subject eq 'x'", "$filter=subject eq", "$filter=bogus eq 'x'",
			"$filter=startswith(bogus,'x')", "$filter=bogus/any(b:b eq 'x')", "$filter=bogus('x')", "$filter=not bogus", "$orderby=colour", "$orderby=subject,colour",
			"$orderby=subject sideways", "$orderby=subject,", "$expand=bogus", "$expand=subject", "$expand=extensions(",
		} {
			wantError(t, c.Do("GET", path+strings.ReplaceAll(query, " ", "%20"), nil), http.StatusBadRequest, "BadRequest")
		}
		wantError(t, c.Do("GET", path+"$filter=start/dateTime%20ge%20'soon'", nil), http.StatusBadRequest, "ErrorInvalidUrlQueryFilter")
	}
	a := c.Do("GET", "/me/events?$top=3&$orderby="+url.QueryEscape("start/dateTime"), nil)
	b := c.Do("GET", a.Text("@odata.nextLink"), nil)
	if rows := b.Rows("value"); len(a.Rows("value")) != 3 || len(rows) != 1 || rows[0]["subject"] != "It's gamma" {
		t.Errorf("in pages: %s then %s", a.Raw, b.Raw)
	}
}
