package config

import (
	"log/slog"
	"net/netip"
	"time"
)

// Config is calweave's configuration. Its zero value is not usable: Load makes it.
//
// The tag form says, in mistakes, what a value has to be; need names the purposes that cannot do without the setting.
type Config struct {
	DatabaseURL        Secret `env:"DATABASE_URL"         form:"postgres://user:password@host:5432/name, or sqlite:path" need:"run admin migrate"`
	MigrateDatabaseURL Secret `env:"MIGRATE_DATABASE_URL" form:"the URL of the role that owns the tables"`
	SweepDatabaseURL   Secret `env:"SWEEP_DATABASE_URL"   form:"the URL of the role that sees due work of all tenants"`
	// RedisURL is empty when calweave is to work without Redis, by the sweep alone.
	RedisURL Secret `env:"REDIS_URL" form:"redis://host:6379 or rediss://host:6379; set it to nothing to work without Redis" need:"run"`

	// Listen is the address that HTTP is served on.
	Listen string `env:"LISTEN" envDefault:"127.0.0.1:8080" form:"host:port, such as 127.0.0.1:8080 or :8080"`
	// MetricsListen is the address that metrics are served on, and nothing else; empty for nowhere.
	MetricsListen string `env:"METRICS_LISTEN" form:"host:port, such as 127.0.0.1:9464 or :9464; left out for no metrics"`
	// MetricsTenants is how many tenants metrics name.
	MetricsTenants int `env:"METRICS_TENANTS" envDefault:"20" form:"a number from 0 to 1000"`
	// PublicURL is what others reach Listen by: scheme and host, without a slash at the end.
	PublicURL string `env:"PUBLIC_URL" form:"an http or https URL without a path, such as https://calweave.example.com" need:"run"`
	// ReturnURLs are where an owner's browser may be sent once it is known what became of a connection.
	ReturnURLs []string `env:"RETURN_URLS" form:"http or https URLs such as https://core.example.com/connected, separated by commas"`
	// APIRate is how many requests a second each API key may send to one process; 0 for any number. APIBurst is how many at once.
	APIRate  int `env:"API_RATE"  envDefault:"300" form:"a number from 1 to 100000, or 0 for no limits"`
	APIBurst int `env:"API_BURST" envDefault:"600" form:"a number from 1 to 1000000"`
	// SealKeys is a Tink keyset as JSON.
	SealKeys Secret `env:"SEAL_KEYS" form:"a Tink keyset as JSON" need:"run admin" file:"verbatim"`
	// SealKMSCommand unwraps SealKeys, which is then whatever the program takes for a wrapped keyset.
	SealKMSCommand string `env:"SEAL_KMS_COMMAND" form:"a program and its arguments, separated by blanks"`

	Google    Provider  `envPrefix:"GOOGLE_"`
	Microsoft Microsoft `envPrefix:"MICROSOFT_"`
	Limits    Limits

	// EgressAllow are the addresses that outbound calls may reach though they are not public.
	EgressAllow []netip.Prefix `env:"EGRESS_ALLOW" form:"networks such as 10.0.0.0/8,127.0.0.1/32"`

	LogLevel  slog.Level `env:"LOG_LEVEL"  envDefault:"info" form:"debug, info, warn or error"`
	LogFormat string     `env:"LOG_FORMAT" envDefault:"json" form:"json or text"`

	Roles Roles `env:"ROLES" envDefault:"api,receiver,worker,scheduler" form:"one or more of api, receiver, worker and scheduler, separated by commas"`
	// Workers is how much work one process does at a time.
	Workers int `env:"WORKERS" envDefault:"16" form:"a number from 1 to 1024"`
	// Lease is how long a piece of work belongs to the process that claimed it.
	Lease time.Duration `env:"LEASE" envDefault:"30s" form:"a duration from 2s to 10m, such as 30s"`
	// ShutdownTimeout is how long work may go on once the process was asked to end.
	ShutdownTimeout time.Duration `env:"SHUTDOWN_TIMEOUT" envDefault:"20s" form:"a duration up to 10m, such as 20s"`
	// SyncWindowPast and SyncWindowFuture are how far before and after now a calendar is kept.
	SyncWindowPast   time.Duration `env:"SYNC_WINDOW_PAST"   envDefault:"744h"  form:"a duration in hours, such as 744h"`
	SyncWindowFuture time.Duration `env:"SYNC_WINDOW_FUTURE" envDefault:"9600h" form:"a duration in hours, such as 9600h"`
	// PollInterval is how often a calendar is listed at first though nothing was pushed, and at least while pushes are not to be relied on. PollMin
	// and PollMax bound what becomes of it by what polls find.
	PollInterval time.Duration `env:"POLL_INTERVAL" envDefault:"15m" form:"a duration of 1s or more, such as 15m"`
	PollMin      time.Duration `env:"POLL_MIN"      envDefault:"1m"  form:"a duration of 1s or more, such as 1m"`
	PollMax      time.Duration `env:"POLL_MAX"      envDefault:"6h"  form:"a duration of 1s or more, such as 6h"`
	// GuardDeletions and GuardShare are how many booked events may vanish from one calendar within a day without an operator's word.
	GuardDeletions int `env:"GUARD_DELETIONS" envDefault:"5"  form:"a number from 2 to 1000000"`
	GuardShare     int `env:"GUARD_SHARE"     envDefault:"50" form:"a percentage from 1 to 100"`
	// Push is whether providers are asked to push changes.
	Push bool `env:"PUSH" envDefault:"on" form:"on or off"`

	origin map[string]string
}

// Provider is the OAuth client of calweave's own application at one provider. Without a ClientID the provider is off; an empty URL is the
// provider's own.
type Provider struct {
	ClientID     string `env:"CLIENT_ID"     form:"the id of the OAuth client"`
	ClientSecret Secret `env:"CLIENT_SECRET" form:"the secret of the OAuth client"`
	APIURL       string `env:"API_URL"       form:"an http or https URL without a query"`
	AuthURL      string `env:"AUTH_URL"      form:"an http or https URL without a query"`
	TokenURL     string `env:"TOKEN_URL"     form:"an http or https URL without a query"`
}

// Microsoft adds which accounts may connect: a directory's id or domain, or common, organizations or consumers.
type Microsoft struct {
	Provider
	Tenant string `env:"TENANT" envDefault:"common" form:"a directory's id or domain, or common, organizations or consumers"`
}
