package google

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/calweave/calweave/internal/sim/stage"
)

// quotas count the latest requests (https://developers.google.com/workspace/calendar/api/guides/quota). The zero value is ready.
type quotas struct {
	mu     sync.Mutex
	recent map[string][]time.Time
}

// spend counts one request against a limit within a time that slides, and reports whether it is within it. A request that is refused does not count.
func (q *quotas) spend(key string, limit int, within time.Duration, now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.recent == nil {
		q.recent = map[string][]time.Time{}
	}
	all := q.recent[key]
	for len(all) > 0 && now.Sub(all[0]) >= within {
		all = all[1:]
	}
	if len(all) >= limit {
		q.recent[key] = all
		return false
	}
	q.recent[key] = append(all, now)
	const most = 10_000 // a client names as many users as it likes
	stage.Trim(q.recent, most, func(times []time.Time) int64 { return times[len(times)-1].UnixNano() })
	return true
}

// overQuota is the error that the request meets with, or nil. A Retry-After comes with it only if a switch
// says so: none is documented.
func (s *Server) overQuota(c *call) *apiError {
	g := s.world.Switches().Google
	if g.ProjectPerMinute+g.UserPerMinute+g.CalendarWritesPerMinute+g.ProjectPerDay == 0 {
		return nil
	}
	user := c.query.Get("quotaUser")
	if user == "" {
		user = c.access.Account
	}
	calendar := c.r.PathValue("calendar")
	if calendar == "primary" {
		calendar = c.access.Account
	}
	write := c.r.Method != http.MethodGet && calendar != ""
	for _, one := range []struct {
		key, reason string
		limit       int
		within      time.Duration
		status      int
	}{
		{"day " + c.access.Client, "quotaExceeded", g.ProjectPerDay, 24 * time.Hour, http.StatusForbidden},
		{"project " + c.access.Client, "rateLimitExceeded", g.ProjectPerMinute, time.Minute, g.QuotaStatus},
		{"user " + c.access.Client + " " + user, "userRateLimitExceeded", g.UserPerMinute, time.Minute, g.QuotaStatus},
		{"calendar " + calendar, "rateLimitExceeded", g.CalendarWritesPerMinute, time.Minute, g.QuotaStatus},
	} {
		if strings.HasPrefix(one.key, "calendar ") && !write {
			continue
		}
		if one.limit > 0 && !s.quotas.spend(one.key, one.limit, one.within, s.world.Now()) {
			e := failed(one.status, one.reason, messageOf(one.reason)).in("usageLimits")
			e.retryAfter = g.QuotaRetryAfter
			return e
		}
	}
	return nil
}
