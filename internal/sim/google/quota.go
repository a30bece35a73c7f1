package google

import (
	"net/http"
	"sync"
	"time"
)

// quotas count the requests of the last minute (https://developers.google.com/workspace/calendar/api/guides/quota). The zero value is ready.
type quotas struct {
	mu     sync.Mutex
	recent map[string][]time.Time
}

// spend counts one request against a limit per sliding minute and reports whether it is within it. A request that is refused does not count.
func (q *quotas) spend(key string, limit int, now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.recent == nil {
		q.recent = map[string][]time.Time{}
	}
	all := q.recent[key]
	for len(all) > 0 && now.Sub(all[0]) >= time.Minute {
		all = all[1:]
	}
	if len(all) >= limit {
		q.recent[key] = all
		return false
	}
	q.recent[key] = append(all, now)
	return true
}

// overQuota is the error that the request meets with, or nil. No Retry-After comes with it: none is documented.
func (s *Server) overQuota(c *call) *apiError {
	g := s.world.Switches().Google
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
		counts      bool
	}{
		{"project " + c.access.Client, "rateLimitExceeded", g.ProjectPerMinute, true},
		{"user " + c.access.Client + " " + user, "userRateLimitExceeded", g.UserPerMinute, true},
		{"calendar " + calendar, "rateLimitExceeded", g.CalendarWritesPerMinute, write},
	} {
		if one.counts && one.limit > 0 && !s.quotas.spend(one.key, one.limit, s.world.Now()) {
			return failed(g.QuotaStatus, one.reason, messageOf(one.reason)).in("usageLimits")
		}
	}
	return nil
}
