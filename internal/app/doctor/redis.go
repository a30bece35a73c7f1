package doctor

import (
	"bufio"
	"context"
	"errors"
	"net"
	"regexp"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/calweave/calweave/jobs"
)

// oldestRedis is the first version that Asynq works with (https://github.com/hibiken/asynq#quickstart).
const oldestRedis = 4

func (d Doctor) redis(ctx context.Context) []Finding {
	const check = "redis"
	url := d.Config.RedisURL.Reveal()
	if url == "" {
		return []Finding{{check, OK, "none is configured: the sweep finds work, and the intake queue is off", ""}}
	}
	ctx, cancel := context.WithTimeout(ctx, d.Patience)
	defer cancel()
	client, err := jobs.Dial(url, 1)
	if err != nil {
		return []Finding{{check, Failed, line(err), "mend CALWEAVE_REDIS_URL"}}
	}
	defer client.Close() //nolint:errcheck // nothing was written
	began := d.Clock.Now()
	raw, err := client.Info(ctx).Result()
	if err != nil {
		return []Finding{redisRefusal(err)}
	}
	took := d.Clock.Now().Sub(began)
	info := fields(raw)
	return []Finding{redisVersion(info, millis(took)), eviction(info)}
}

// redisRefusal is what an error means. Of a server's own words only the first is shown: some servers quote the command, password and all.
func redisRefusal(err error) Finding {
	f := Finding{"redis", Failed, "", "see that Redis runs, that this machine reaches it, and that CALWEAVE_REDIS_URL names its host and port; without Redis, set it to nothing"}
	said, answered := errors.AsType[redis.Error](err)
	op, network := errors.AsType[*net.OpError](err)
	switch {
	case answered:
		f.Detail, f.Mend = "it refuses to answer", "give a user and password that may use Redis: redis://user:password@host:6379"
		if word, _, _ := strings.Cut(said.Error(), " "); regexp.MustCompile(`^[A-Z]+$`).MatchString(word) {
			f.Detail += " (" + word + ")"
		}
	case network:
		f.Detail = "it does not answer: " + line(op)
	case errors.Is(err, context.DeadlineExceeded):
		f.Detail = "it does not answer: " + line(err)
	default:
		f.Detail = "it does not speak as Redis does"
	}
	return f
}

func redisVersion(info map[string]string, took string) Finding {
	version := info["redis_version"]
	major, _, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(major)
	switch {
	case err != nil:
		return Finding{"redis", Warning, "it answers in " + took + ", and does not tell its version", "see that it is version 4.0 or newer"}
	case n < oldestRedis:
		return Finding{"redis", Failed, "it is version " + strconv.Quote(version), "use 4.0 or newer, which the queue needs"}
	default:
		return Finding{"redis", OK, "version " + strconv.Quote(version) + " answers in " + took, ""}
	}
}

// eviction wants Redis to refuse writes when it is full. If it drops keys instead, submissions that wait in the intake queue are lost until their
// core sends them again.
func eviction(info map[string]string) Finding {
	const (
		check = "redis eviction"
		mend  = "set maxmemory-policy to noeviction (CONFIG SET, redis.conf, or your provider's parameters)"
	)
	switch policy := info["maxmemory_policy"]; policy {
	case "noeviction":
		return Finding{check, OK, "it drops nothing when it is full", ""}
	case "":
		return Finding{check, Warning, "it does not tell its eviction policy", mend}
	default:
		return Finding{check, Failed, "its policy is " + strconv.Quote(policy) + ": when it is full it drops bookings that wait in the intake queue", mend}
	}
}

// fields reads what INFO answers.
func fields(raw string) map[string]string {
	out := map[string]string{}
	lines := bufio.NewScanner(strings.NewReader(raw))
	for lines.Scan() {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok {
			out[name] = value
		}
	}
	return out
}
