package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/config"
	"github.com/calweave/calweave/internal/transport"
)

// Status is what a check has come to.
type Status string

// The statuses. Only what Failed keeps calweave from doing its work.
const (
	OK      Status = "ok"
	Warning Status = "warning"
	Failed  Status = "failed"
)

// Finding is what one check has come to.
type Finding struct {
	Check  string `json:"check"`
	Status Status `json:"status"`
	// Detail says what was found.
	Detail string `json:"detail"`
	// Mend says what to do about it; empty when nothing has to be done.
	Mend string `json:"mend,omitempty"`
}

// Healthy reports whether nothing has failed.
func Healthy(findings []Finding) bool {
	for _, f := range findings {
		if f.Status == Failed {
			return false
		}
	}
	return true
}

// Doctor examines the installation that a configuration describes. Only Config is required.
type Doctor struct {
	Config *config.Config
	Clock  clock.Clock
	// Patience is how long a single question may take.
	Patience time.Duration
	// Resolver finds the addresses of the public URL.
	Resolver *net.Resolver
	// Base makes the connections that a guard lets through.
	Base func(*transport.Guard) *http.Transport
}

const defaultPatience = 5 * time.Second

// Examine makes all checks.
func (d Doctor) Examine(ctx context.Context) []Finding {
	d.Patience = cmp.Or(d.Patience, defaultPatience)
	if d.Clock == nil {
		d.Clock = clock.System{}
	}
	if d.Resolver == nil {
		d.Resolver = net.DefaultResolver
	}
	if d.Base == nil {
		d.Base = transport.Base
	}
	var all []Finding
	for _, check := range []func(context.Context) []Finding{d.settings, d.database, d.redis, d.providers, d.public} {
		all = append(all, check(ctx)...)
	}
	return all
}

// Unusable are the findings of a configuration that cannot be used. Nothing else can be examined then.
func Unusable(mistakes config.MistakesError) []Finding {
	var out []Finding
	for _, m := range mistakes {
		mend := m.Mend
		m.Mend = ""
		out = append(out, Finding{"settings", Failed, m.String(), mend})
	}
	return out
}

func (d Doctor) settings(context.Context) []Finding {
	given, all := 0, d.Config.Redacted()
	for _, s := range all {
		if s.Origin != "default" {
			given++
		}
	}
	return []Finding{{"settings", OK, fmt.Sprintf("%d of %d are given, and none is wrong", given, len(all)), ""}}
}

// line puts the words of an error in one.
func line(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "there is no answer in time"
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}

// millis rounds a time for people.
func millis(d time.Duration) string {
	if d < time.Millisecond {
		return "less than 1 ms"
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}
