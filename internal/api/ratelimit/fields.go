package ratelimit

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Tell writes the fields RateLimit-Policy and RateLimit (https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/). The quota is the
// burst, and its window how long an empty bucket takes to fill. Seconds are rounded up.
func (d Decision) Tell(h http.Header) {
	window := seconds(time.Duration(d.Policy.Burst) * d.Policy.interval())
	h.Set("Ratelimit-Policy", fmt.Sprintf(`"%s";q=%d;w=%d`, d.Policy.Name, d.Policy.Burst, window))
	h.Set("Ratelimit", fmt.Sprintf(`"%s";r=%d;t=%d`, d.Policy.Name, d.Remaining, seconds(d.Full)))
}

// Refuse writes when to come back, for whoever could take nothing.
func (d Decision) Refuse(h http.Header) { h.Set("Retry-After", strconv.Itoa(seconds(d.Wait))) }

func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
