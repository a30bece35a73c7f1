package config

import "fmt"

// Limits are what calweave allows itself at the providers: by default what they publish, less 5 %. 0 is no limit.
type Limits struct {
	// GooglePerMinute, GooglePerDay and MicrosoftPer10s are of the whole installation, the mailbox limits of each connected account.
	GooglePerMinute        int `env:"GOOGLE_LIMIT_PER_MINUTE"         envDefault:"9500"   form:"a number of requests, or 0 for no limit"`
	GooglePerDay           int `env:"GOOGLE_LIMIT_PER_DAY"            envDefault:"950000" form:"a number of requests, or 0 for no limit"`
	GoogleMailboxPerMinute int `env:"GOOGLE_MAILBOX_LIMIT_PER_MINUTE" envDefault:"570"    form:"a number of requests, or 0 for no limit"`
	MicrosoftPer10s        int `env:"MICROSOFT_LIMIT_PER_10S"         envDefault:"123500" form:"a number of requests, or 0 for no limit"`
	MicrosoftMailboxPer10m int `env:"MICROSOFT_MAILBOX_LIMIT_PER_10M" envDefault:"9500"   form:"a number of requests, or 0 for no limit"`
	// MicrosoftMailboxCalls is how many calls may be under way at once for one account.
	MicrosoftMailboxCalls int `env:"MICROSOFT_MAILBOX_CALLS" envDefault:"3" form:"a number of calls, or 0 for no limit"`
	// CalendarWritesPerMinute is where the pacing of writes to one calendar begins.
	CalendarWritesPerMinute int `env:"CALENDAR_WRITES_PER_MINUTE" envDefault:"300" form:"a number of writes, or 0 for no limit"`
	// TenantShare is how much of an installation's limit one tenant may use, LocalShare how much one process does while Redis is away, in percent.
	TenantShare int `env:"TENANT_SHARE" envDefault:"100" form:"a percentage from 1 to 100"`
	LocalShare  int `env:"LOCAL_SHARE"  envDefault:"10"  form:"a percentage from 1 to 100"`
}

// limitChecks says, by setting, what is wrong with a limit.
func limitChecks() map[string]func(c *Config, text string) string {
	const most = 1_000_000_000
	limit := func(read func(Limits) int) func(*Config, string) string {
		return func(c *Config, text string) string {
			return unless(read(c.Limits) >= 0 && read(c.Limits) <= most, text+" is out of range")
		}
	}
	share := func(read func(Limits) int) func(*Config, string) string {
		return func(c *Config, text string) string {
			return unless(read(c.Limits) >= 1 && read(c.Limits) <= 100, fmt.Sprintf("%s is no percentage", text))
		}
	}
	return map[string]func(c *Config, text string) string{
		"GOOGLE_LIMIT_PER_MINUTE":         limit(func(l Limits) int { return l.GooglePerMinute }),
		"GOOGLE_LIMIT_PER_DAY":            limit(func(l Limits) int { return l.GooglePerDay }),
		"GOOGLE_MAILBOX_LIMIT_PER_MINUTE": limit(func(l Limits) int { return l.GoogleMailboxPerMinute }),
		"MICROSOFT_LIMIT_PER_10S":         limit(func(l Limits) int { return l.MicrosoftPer10s }),
		"MICROSOFT_MAILBOX_LIMIT_PER_10M": limit(func(l Limits) int { return l.MicrosoftMailboxPer10m }),
		"MICROSOFT_MAILBOX_CALLS":         limit(func(l Limits) int { return l.MicrosoftMailboxCalls }),
		"CALENDAR_WRITES_PER_MINUTE":      limit(func(l Limits) int { return l.CalendarWritesPerMinute }),
		"TENANT_SHARE":                    share(func(l Limits) int { return l.TenantShare }),
		"LOCAL_SHARE":                     share(func(l Limits) int { return l.LocalShare }),
	}
}

// limitAbouts says what each limit is for.
func limitAbouts() map[string]string {
	return map[string]string{
		"GOOGLE_LIMIT_PER_MINUTE":         "How many requests a minute all processes together send to Google.",
		"GOOGLE_LIMIT_PER_DAY":            "How many they send in any 24 hours. Beyond a million a day Google may bill.",
		"GOOGLE_MAILBOX_LIMIT_PER_MINUTE": "How many requests a minute they send for one Google account.",
		"MICROSOFT_LIMIT_PER_10S":         "How many requests in ten seconds all processes together send to Microsoft Graph.",
		"MICROSOFT_MAILBOX_LIMIT_PER_10M": "How many requests in ten minutes they send for one mailbox.",
		"MICROSOFT_MAILBOX_CALLS":         "How many calls they have under way at once for one mailbox. Microsoft allows four.",
		"CALENDAR_WRITES_PER_MINUTE":      "How many writes a minute one calendar gets to begin with: the pace falls when the provider asks for it, and recovers slowly.",
		"TENANT_SHARE":                    "How much of an installation's limit one tenant may use, in percent.",
		"LOCAL_SHARE":                     "How much of each limit one process uses on its own while Redis is away, in percent: 100 divided by the processes you run, or less.",
	}
}
