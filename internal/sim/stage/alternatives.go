package stage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Alternative is a switch and the values of it that a client has to hold for.
type Alternative struct {
	// Switch is its name, as "google.sync_message".
	Switch string `json:"switch"`
	// Values are all that it may have or, where it is a number, some that tell apart what clients do.
	Values []any `json:"values"`
	// Open says that it is a number which may have other values, too, from Least up.
	Open  bool `json:"open,omitempty"`
	Least int  `json:"least,omitempty"`
}

// Alternatives are all switches, in the order of their names in Switches.
func Alternatives() []Alternative {
	common := []Alternative{
		either("https_push_only"), number("page_cap", 0, 0, 1, 3), either("empty_first_page"),
	}
	return slices.Concat(common, googleAlternatives(), microsoftAlternatives())
}

func googleAlternatives() []Alternative {
	return []Alternative{
		choice("google.sync_message", SyncEither, SyncBefore, SyncAfter),
		choice("google.unreadable_cursor", 410, 400),
		number("google.max_channel_hours", 1, 1, 24, 7*24, 30*24),
		choice("google.stop_unknown", 404, 400, 204),
		either("google.cancelled_details"),
		choice("google.silent_guests", GuestsKept, GuestsLost),
		choice("google.guest_edits", Refused, Served),
		either("google.declined_is_busy"),
		number("google.free_busy_days", 0, 0, 31, 92),
		number("google.project_per_minute", 0, 0, 20),
		number("google.user_per_minute", 0, 0, 10),
		number("google.calendar_writes_per_minute", 0, 0, 2),
		number("google.project_per_day", 0, 0, 200),
		number("google.quota_retry_after", 0, 0, 30),
		choice("google.push_domains", Served, Refused),
		number("google.linger_seconds", 0, 0, 3600),
		choice("google.long_text", Served, Refused, Cut),
		choice("google.changed_parameters", 400, 410, 200),
		choice("google.quota_status", 403, 429),
		choice("google.conferences", ConferenceLater, ConferenceAtOnce, ConferenceFails, ConferenceRefused),
		choice("google.property_filters", FilterAll, FilterAny),
	}
}

func microsoftAlternatives() []Alternative {
	return []Alternative{
		choice("microsoft.patch_if_match", Honoured, Ignored),
		choice("microsoft.delete_if_match", Honoured, Ignored),
		choice("microsoft.duplicate_transaction", 400, 409),
		choice("microsoft.transaction_scope", ScopeMailbox, ScopeCalendar),
		choice("microsoft.deleted_transaction", Ignored, Honoured),
		choice("microsoft.duplicate_subscription", Refused, Served),
		choice("microsoft.long_subscription", Refused, Cut),
		number("microsoft.max_subscription_minutes", 45, 4_230, 10_070, 10_080),
		choice("microsoft.calendar_feeds", Served, Refused),
		number("microsoft.generations", 1, 1, 3, 20),
		number("microsoft.delta_page_size", 1, 1, 10, 200),
		number("microsoft.transaction_minutes", 0, 0, 1, 24*60),
		choice("microsoft.resync_status", 410, 400, 404),
		choice("microsoft.resync_code", "SyncStateNotFound", "syncStateNotFound", "SyncStateInvalid", "syncStateInvalid", "ResyncRequired", "resyncRequired"),
		either("microsoft.resync_location"),
		number("microsoft.max_top", 1, 2, 50, 1000),
		choice("microsoft.long_top", Refused, Cut),
		either("microsoft.late_delta"),
		either("microsoft.scrambled_pages"),
		either("microsoft.sealed_links"),
		either("microsoft.master_rows"),
		either("microsoft.removed_occurrences"),
		either("microsoft.updated_first"),
		either("microsoft.mixed_notifications"),
		choice("microsoft.original_zone", "", "tzone://Microsoft/Custom", "tzone://Microsoft/Utc", "Customized Time Zone"),
		choice("microsoft.online_meetings", Honoured, Ignored),
		number("microsoft.mailbox_concurrency", 0, 0, 1, 4),
		choice("microsoft.concurrency_refusal", 429, 503),
		number("microsoft.requests_per_ten_minutes", 0, 0, 30),
		either("microsoft.batch_reversed"),
		number("microsoft.reauthorize_minutes", 0, 0, 60),
		number("microsoft.slow_sample", 1, 1, 100),
		number("microsoft.max_schedules", 1, 1, 20, 100),
		either("microsoft.schedule_suffix"),
		either("microsoft.slashed_ids"),
	}
}

func either(name string) Alternative { return choice(name, false, true) }

func choice[T comparable](name string, values ...T) Alternative {
	a := Alternative{Switch: name}
	for _, v := range values {
		a.Values = append(a.Values, v)
	}
	return a
}

func number(name string, least int, values ...int) Alternative {
	a := choice(name, values...)
	a.Open, a.Least = true, least
	return a
}

// With returns the switches with one of them changed. It fails on an unknown name and on a value that the switch may not have.
func (s Switches) With(name string, value any) (Switches, error) {
	change := map[string]any{name: value}
	if group, own, nested := strings.Cut(name, "."); nested {
		change = map[string]any{group: map[string]any{own: value}}
	}
	raw, err := json.Marshal(change)
	if err != nil {
		return s, fmt.Errorf("%w: switch %s: %w", ErrInvalid, name, err)
	}
	changed := s
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&changed); err != nil {
		return s, fmt.Errorf("%w: switch %s: %w", ErrInvalid, name, err)
	}
	return changed, changed.check()
}

// check fails on a value that a switch may not have.
func (s Switches) check() error {
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	var values map[string]any
	if err := json.Unmarshal(raw, &values); err != nil {
		return err
	}
	var wrong []error
	for _, a := range Alternatives() {
		wrong = append(wrong, a.check(find(values, a.Switch)))
	}
	return errors.Join(wrong...)
}

func (a Alternative) check(got any) error {
	if n, ok := got.(float64); ok && a.Open {
		if n < float64(a.Least) {
			return badField(a.Switch, "is %v, less than %d", got, a.Least)
		}
		return nil
	}
	if slices.ContainsFunc(a.Values, func(v any) bool { return fmt.Sprint(v) == fmt.Sprint(got) }) {
		return nil
	}
	return badField(a.Switch, "is %v, not one of %v", got, a.Values)
}

func find(values map[string]any, name string) any {
	group, own, nested := strings.Cut(name, ".")
	if !nested {
		return values[group]
	}
	inner, _ := values[group].(map[string]any)
	return inner[own]
}
