package microsoft

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/calweave/calweave/internal/sim/oauth"
	"github.com/calweave/calweave/internal/sim/stage"
)

// rateWindow is over how long requests are counted (https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits).
const rateWindow = 10 * time.Minute

// maxUses bounds what is counted: what is not in use and was begun longest ago is counted from nothing again.
const maxUses = 10_000

// limiter counts the requests of each application to each mailbox.
type limiter struct {
	mu   sync.Mutex
	uses map[limitKey]*use
}

type limitKey struct{ client, account string }

// use is what one application does to one mailbox.
type use struct {
	// now is how many requests are being served, and since when count was counted.
	now   int
	since time.Time
	count int
}

// enter admits a request, or says why not. What it returns is called when the request was answered. A batch itself is not counted, its parts are.
func (s *Server) enter(r *http.Request) (func(), *stage.Fault) {
	access, ok := s.ledger.Access(oauth.Bearer(r.Header.Get("Authorization")))
	if !ok || strings.HasSuffix(r.URL.Path, "/$batch") {
		return func() {}, nil
	}
	m := s.world.Switches().Microsoft
	l := &s.limits
	l.mu.Lock()
	defer l.mu.Unlock()
	key := limitKey{access.Client, s.accountOf(r)}
	u := l.uses[key]
	if u == nil {
		l.makeRoom()
		u = &use{}
		l.uses[key] = u
	}
	if wait := u.wait(s.world.Now(), m.RequestsPerTenMinutes); wait > 0 {
		return nil, &stage.Fault{
			Status: http.StatusTooManyRequests, Code: "TooManyRequests", Message: "Too many requests.", RetryAfter: strconv.Itoa(int(wait/time.Second) + 1),
		}
	}
	if m.MailboxConcurrency > 0 && u.now >= m.MailboxConcurrency {
		return nil, &stage.Fault{
			Status: m.ConcurrencyRefusal, Code: "ApplicationThrottled", Message: "Application is over its MailboxConcurrency limit.", RetryAfter: "1",
		}
	}
	u.now++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		u.now--
	}, nil
}

// makeRoom forgets uses for one more. One that is being served is kept, whatever its age: it is still to be counted down. l.mu is held.
func (l *limiter) makeRoom() {
	stage.Trim(l.uses, maxUses-1, func(u *use) int64 {
		if u.now > 0 {
			return math.MaxInt64
		}
		return u.since.Unix()
	})
}

// wait counts a request, or returns how long there is no room for one.
func (u *use) wait(now time.Time, most int) time.Duration {
	if most == 0 {
		return 0
	}
	if now.Sub(u.since) >= rateWindow {
		u.since, u.count = now, 0
	}
	if u.count >= most {
		return rateWindow - now.Sub(u.since)
	}
	u.count++
	return 0
}
