package google

import (
	"encoding/json"
	"net/http"
	"slices"
)

// reminders are an event's own (https://developers.google.com/workspace/calendar/api/v3/reference/events#reminders).
type reminders struct {
	UseDefault bool `json:"useDefault"`
	Overrides  []struct {
		Method  string `json:"method"`
		Minutes *int   `json:"minutes"`
	} `json:"overrides"`
}

// checkReminders holds them to the bounds of the reference. Not documented: the words of the refusals, but for the first of them, which clients
// report.
func checkReminders(raw json.RawMessage) error {
	const (
		most       = 5
		maxMinutes = 40320 // four weeks
	)
	var r reminders
	switch err := json.Unmarshal(raw, &r); {
	case err != nil:
		return invalid("Invalid value for: reminders")
	case r.UseDefault && len(r.Overrides) > 0:
		return failed(http.StatusBadRequest, "cannotUseDefaultRemindersAndSpecifyOverride",
			"Cannot specify both default reminders and overrides at the same time.").in("calendar")
	case len(r.Overrides) > most:
		return invalid("Invalid value for: reminders.overrides")
	}
	for _, o := range r.Overrides {
		if !slices.Contains([]string{"email", "popup"}, o.Method) {
			return invalid("Invalid value for: reminders.overrides.method")
		}
		if o.Minutes == nil || *o.Minutes < 0 || *o.Minutes > maxMinutes {
			return invalid("Invalid value for: reminders.overrides.minutes")
		}
	}
	return nil
}
