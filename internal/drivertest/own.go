package drivertest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/sim"
)

// object is a JSON object.
type object = map[string]any

// own is another application of the person's, which does what a driver does not.
type own struct {
	*wire
	url string
}

// path is where an event is.
func (o own) path(id cal.EventID) string {
	if o.in.Provider == sim.Google {
		return o.url + "/calendar/v3/calendars/primary/events/" + url.PathEscape(string(id))
	}
	return o.url + "/v1.0/me/events/" + url.PathEscape(string(id))
}

// do sends a request and returns the object that it is answered with.
func (o own) do(method, address string, body object) object {
	o.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		o.t.Fatalf("%s: %v", method, err)
	}
	r, err := http.NewRequestWithContext(o.t.Context(), method, address, bytes.NewReader(raw))
	if err != nil {
		o.t.Fatalf("%s: %v", method, err)
	}
	if err := o.waited(); err != nil {
		o.t.Fatalf("%s: %v", method, err)
	}
	token, err := o.sim.IssueToken(o.in.Provider, o.in.Email, "another", scopes(o.in.Provider)...)
	if err != nil {
		o.t.Fatalf("a token of another application: %v", err)
	}
	r.Header.Set("Authorization", "Bearer "+token.Access)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Prefer", `IdType="ImmutableId"`)
	resp, err := o.inner.RoundTrip(r)
	if err != nil {
		o.t.Fatalf("%s: %v", method, err)
	}
	defer func() { _ = resp.Body.Close() }()
	var doc object
	if err := json.NewDecoder(resp.Body).Decode(&doc); err != nil || resp.StatusCode != http.StatusOK {
		o.t.Fatalf("%s %s: %d %v, %v", method, address, resp.StatusCode, doc, err)
	}
	return doc
}

func scopes(p sim.Provider) []string {
	if p == sim.Google {
		return []string{"https://www.googleapis.com/auth/calendar"}
	}
	return []string{"https://graph.microsoft.com/Calendars.ReadWrite"}
}

// instances are the ids of a series' occurrences, in the order of their starts.
func (o own) instances(series cal.EventID) []cal.EventID {
	o.t.Helper()
	list, query := "items", ""
	if o.in.Provider == sim.Microsoft {
		list, query = "value", "?startDateTime=2026-01-01T00:00:00Z&endDateTime=2028-01-01T00:00:00Z"
	}
	var all []cal.EventID
	for address := o.path(series) + "/instances" + query; address != ""; {
		page := o.do(http.MethodGet, address, nil)
		rows, ok := page[list].([]any)
		if !ok {
			o.t.Fatalf("%s has no instances", series)
		}
		for _, row := range rows {
			one, _ := row.(object)
			id, _ := one["id"].(string)
			all = append(all, cal.EventID(id))
		}
		address, _ = page["@odata.nextLink"].(string)
		if token, ok := page["nextPageToken"].(string); ok {
			address = o.path(series) + "/instances?pageToken=" + url.QueryEscape(token)
		}
	}
	return all
}

const property = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Other"

// decorate writes what no driver writes.
func (o own) decorate(id cal.EventID, meets bool) {
	o.t.Helper()
	if o.in.Provider == sim.Google {
		with := object{
			"colorId": "5", "visibility": "private", "transparency": "transparent", "source": object{"title": "CRM", "url": "https://crm.example/1"},
			"reminders":          object{"useDefault": false, "overrides": []object{{"method": "popup", "minutes": 17}}},
			"extendedProperties": object{"private": object{"other.app": "1"}, "shared": object{"team": "blue"}},
		}
		if meets {
			with["conferenceData"] = object{"createRequest": object{"requestId": "r1", "conferenceSolutionKey": object{"type": "hangoutsMeet"}}}
		}
		o.do(http.MethodPatch, o.path(id)+"?conferenceDataVersion=1", with)
		return
	}
	o.do(http.MethodPatch, o.path(id), object{
		"categories": []string{"Blue category"}, "sensitivity": "private", "showAs": "tentative", "isReminderOn": true, "reminderMinutesBeforeStart": 17,
		"isOnlineMeeting": true, "onlineMeetingProvider": "teamsForBusiness",
		"singleValueExtendedProperties": []object{{"id": property, "value": "1"}},
	})
}

// decorations are what decorate has written, and what the provider made of it.
func (o own) decorations(id cal.EventID) object {
	o.t.Helper()
	if o.in.Provider == sim.Google {
		doc := o.do(http.MethodGet, o.path(id), nil)
		return only(doc, "colorId", "visibility", "transparency", "source", "reminders", "extendedProperties", "conferenceData", "hangoutLink")
	}
	doc := o.do(http.MethodGet, o.path(id)+"?$expand="+url.QueryEscape("singleValueExtendedProperties($filter=id eq '"+property+"')"), nil)
	all := only(doc, "categories", "sensitivity", "showAs", "isReminderOn", "reminderMinutesBeforeStart", "isOnlineMeeting", "onlineMeeting",
		"singleValueExtendedProperties")
	meeting, _ := doc["onlineMeeting"].(object)
	link, _ := meeting["joinUrl"].(string)
	body, _ := doc["body"].(object)
	text, _ := body["content"].(string)
	all["how to join, in the body"] = link != "" && strings.Contains(text, link)
	return all
}

// only is the part of an object under the names.
func only(doc object, names ...string) object {
	part := object{}
	for _, name := range names {
		part[name] = doc[name]
	}
	return part
}
