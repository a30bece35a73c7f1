package config

import (
	"maps"
	"strings"
)

// Entry is what the reference says about one setting, whatever it is set to.
type Entry struct {
	Name  string `json:"name"`
	About string `json:"about"`
	// Form says what a value has to be.
	Form string `json:"form"`
	// Default is empty for a setting that is off, or not there, unless it is given.
	Default string `json:"default,omitempty"`
	// Needed names the purposes that cannot do without the setting.
	Needed []Purpose `json:"needed,omitempty"`
	// Secret tells that Name + "_FILE" may name a file with the value instead.
	Secret bool `json:"secret"`
}

// Reference returns every setting in the order of Redacted.
func Reference() []Entry {
	about := abouts()
	maps.Copy(about, limitAbouts())
	var out []Entry
	for _, s := range settingsOf(&Config{}) {
		e := Entry{Name: s.name, About: about[strings.TrimPrefix(s.name, prefix)], Form: s.form, Default: s.preset, Secret: s.secret}
		for _, purpose := range s.need {
			e.Needed = append(e.Needed, Purpose(purpose))
		}
		out = append(out, e)
	}
	return out
}

// abouts says what each setting is for.
func abouts() map[string]string {
	return map[string]string{
		"DATABASE_URL":            "The database. On PostgreSQL a login that owns nothing and does not bypass row-level security.",
		"MIGRATE_DATABASE_URL":    "The login that owns the tables, for `calweave migrate` only. Left out: `CALWEAVE_DATABASE_URL`.",
		"SWEEP_DATABASE_URL":      "The login of the sweep, which sees the due work of all tenants and nothing else. Left out: `CALWEAVE_DATABASE_URL`.",
		"REDIS_URL":               "Redis, for the intake queue and fast hints. Empty: the sweep alone finds work, with up to a second of delay.",
		"LISTEN":                  "Where HTTP is served.",
		"METRICS_LISTEN":          "Where `GET /metrics` is served for Prometheus, and nothing else. It asks for no key: let your monitoring reach it and nobody else. Left out: nowhere.",
		"METRICS_TENANTS":         "How many tenants the metrics name: those whose work has waited longest. 0: none.",
		"PUBLIC_URL":              "What browsers and providers reach this installation by.",
		"API_RATE":                "How many requests a second each API key may send in the long run. Each process counts on its own.",
		"API_BURST":               "How many requests a key that was quiet may send at once.",
		"RETURN_URLS":             "Where the browser of an account's owner may be sent after connecting: what `return_url` of a connection may be. Left out: nowhere.",
		"SEAL_KEYS":               "The keys that tokens and booking text are sealed with, made by `calweave seal generate`. Losing them loses that data.",
		"SEAL_KMS_COMMAND":        "A program that reads `CALWEAVE_SEAL_KEYS`, which is then a wrapped keyset, from its standard input and prints the keyset. It runs once at each start, without calweave's own settings. Left out: the keys are given in clear.",
		"GOOGLE_CLIENT_ID":        "Your OAuth client at Google, with the redirect URI `$CALWEAVE_PUBLIC_URL/oauth/google/callback`. Left out: Google is off.",
		"GOOGLE_CLIENT_SECRET":    "Its secret.",
		"GOOGLE_API_URL":          "Another address for Google's Calendar API, such as a simulator's. Left out: Google's own.",
		"GOOGLE_AUTH_URL":         "Another address for Google's consent page.",
		"GOOGLE_TOKEN_URL":        "Another address for Google's token endpoint.",
		"MICROSOFT_CLIENT_ID":     "Your OAuth client at Microsoft, with the redirect URI `$CALWEAVE_PUBLIC_URL/oauth/microsoft/callback`. Left out: Microsoft is off.",
		"MICROSOFT_CLIENT_SECRET": "Its secret.",
		"MICROSOFT_API_URL":       "Another address for Microsoft Graph, such as a simulator's or a national cloud's. Left out: Microsoft's own.",
		"MICROSOFT_AUTH_URL":      "Another address for Microsoft's consent page.",
		"MICROSOFT_TOKEN_URL":     "Another address for Microsoft's token endpoint.",
		"MICROSOFT_TENANT":        "Which Microsoft accounts may connect.",
		"EGRESS_ALLOW":            "Networks that calls may go out to although they are not public. Left out: public addresses only.",
		"LOG_LEVEL":               "The least severe lines that are logged.",
		"LOG_FORMAT":              "How they are written.",
		"ROLES":                   "What this process does.",
		"WORKERS":                 "How much work one process does at a time.",
		"LEASE":                   "How long a piece of work belongs to the process that claimed it.",
		"SHUTDOWN_TIMEOUT":        "How long work may go on once the process was asked to end.",
		"SYNC_WINDOW_PAST":        "How far before now a calendar is kept.",
		"SYNC_WINDOW_FUTURE":      "How far after now a calendar is kept.",
		"GUARD_DELETIONS":         "How many booked events may vanish from one calendar within a day before the rest waits for a person's word.",
		"GUARD_SHARE":             "The same as a share of what is booked in the calendar, in percent; 100 for no such limit. Two a day are never held.",
		"POLL_INTERVAL":           "How often a calendar is listed at first though nothing was pushed, and at least while its pushes are not to be relied on.",
		"POLL_MIN":                "The shortest interval that polls come down to, where they find what nobody has pushed. CALWEAVE_POLL_INTERVAL, if that is shorter.",
		"POLL_MAX":                "The longest interval that they come up to, where they find nothing and a channel is open. CALWEAVE_POLL_INTERVAL, if that is longer.",
		"PUSH":                    "Whether providers are asked to push changes.",
	}
}
