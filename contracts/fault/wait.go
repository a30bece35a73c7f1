package fault

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// LongestWait bounds what a Retry-After can ask for: beyond it a header is a mistake, and asking once a day does no harm.
const LongestWait = 24 * time.Hour

// ParseRetryAfter reads Retry-After (RFC 9110, section 10.2.3) in seconds or as a date, rounded up to whole seconds. It is 0 without a header,
// for one that cannot be read, and for a date that has passed.
func ParseRetryAfter(header http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if value == "" {
		return 0
	}
	var seconds float64
	if number, err := strconv.ParseFloat(value, 64); err == nil {
		seconds = number
	} else if at, err := http.ParseTime(value); err == nil {
		seconds = at.Sub(now).Seconds()
	}
	if math.IsNaN(seconds) || seconds <= 0 {
		return 0
	}
	return time.Duration(math.Ceil(min(seconds, LongestWait.Seconds()))) * time.Second
}
