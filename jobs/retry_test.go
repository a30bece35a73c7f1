package jobs

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hibiken/asynq"
)

func TestRetryDelay(t *testing.T) {
	t.Parallel()
	failed := errors.New("the database is away")
	for n, want := range map[int]time.Duration{
		0: 2 * time.Second, 1: 4 * time.Second, 2: 8 * time.Second, 5: 64 * time.Second, 10: 2048 * time.Second, 13: 16384 * time.Second,
		14: 5 * time.Hour, 15: 5 * time.Hour, 62: 5 * time.Hour, 63: 5 * time.Hour, 64: 5 * time.Hour, 1 << 30: 5 * time.Hour,
	} {
		if got := retryDelay(n, failed, nil); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
		// A worker that died has used up a minute and a half already.
		if got := retryDelay(n, fmt.Errorf("recoverer: %w", asynq.ErrLeaseExpired), nil); got != 0 {
			t.Errorf("%d, after a crash: %s", n, got)
		}
	}
	var sum time.Duration
	for n := range submitRetries {
		sum += retryDelay(n, failed, nil)
	}
	if days := sum.Hours() / 24; days < 17 || days > 22 {
		t.Errorf("a submission is tried for %.1f days, the comment says about three weeks", days)
	}
}
