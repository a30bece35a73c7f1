package doctor

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/app"
)

// maxSkew is how far this machine's clock may be off. Leases, signatures and tokens are judged by it; a Date header is exact to the second.
const maxSkew = 10 * time.Second

// endpoint is an address that calls go out to.
type endpoint struct{ check, url string }

// endpoints are those of the providers that have an OAuth client.
func (d Doctor) endpoints() []endpoint {
	client := map[cal.Provider]string{cal.Google: d.Config.Google.ClientID, cal.Microsoft: d.Config.Microsoft.ClientID}
	var out []endpoint
	for _, driver := range app.Drivers(d.Config, d.Clock) {
		if name := driver.Name(); client[name] != "" {
			oauth := driver.OAuth()
			out = append(out, endpoint{string(name) + " API", oauth.Resource}, endpoint{string(name) + " tokens", oauth.TokenURL})
		}
	}
	return out
}

func (d Doctor) providers(ctx context.Context) []Finding {
	endpoints := d.endpoints()
	if len(endpoints) == 0 {
		return []Finding{
			{"providers", Warning, "none has an OAuth client: no account can be connected", "set CALWEAVE_GOOGLE_CLIENT_ID and CALWEAVE_GOOGLE_CLIENT_SECRET, or Microsoft's"},
			told(nil),
		}
	}
	findings, answers := make([]Finding, len(endpoints)), make([]answer, len(endpoints))
	var wg sync.WaitGroup
	for i, e := range endpoints {
		wg.Go(func() { findings[i], answers[i] = d.endpoint(ctx, e) })
	}
	wg.Wait()
	return append(findings, told(answers))
}

// endpoint knocks. Without a token any answer below 500 is the one to be expected.
func (d Doctor) endpoint(ctx context.Context, e endpoint) (Finding, answer) {
	a, err := d.ask(ctx, http.MethodHead, e.url, d.Config.EgressAllow)
	if err != nil {
		what, mend := unreached(err, e.url)
		return Finding{e.check, Failed, what, mend}, answer{}
	}
	if a.status >= http.StatusInternalServerError {
		return Finding{e.check, Warning, fmt.Sprintf("%s answers %d", e.url, a.status), "it is not yours to mend: look at the provider's status page, or see who answers there"}, a
	}
	return Finding{e.check, OK, fmt.Sprintf("%s answers in %s", e.url, millis(a.took)), ""}, a
}

// told compares our clock with what servers say. The one that agrees best counts: where two do not, one of them is wrong.
func told(answers []answer) Finding {
	const check = "clock"
	skew, known := time.Duration(0), false
	for _, a := range answers {
		if a.date.IsZero() {
			continue
		}
		off := a.when.Sub(a.date.Add(time.Second / 2)) // the header has cut off half a second on average
		if !known || off.Abs() < skew.Abs() {
			skew, known = off, true
		}
	}
	switch {
	case !known:
		return Finding{check, Warning, "no provider was reached that tells the time", "see that this machine keeps its clock by NTP"}
	case skew.Abs() <= maxSkew:
		return Finding{check, OK, "it agrees with the providers' to within " + maxSkew.String(), ""}
	case skew > 0:
		return Finding{check, Failed, fmt.Sprintf("it is %s ahead", skew.Round(time.Second)), "set this machine's clock, and keep it by NTP"}
	default:
		return Finding{check, Failed, fmt.Sprintf("it is %s behind", skew.Abs().Round(time.Second)), "set this machine's clock, and keep it by NTP"}
	}
}
