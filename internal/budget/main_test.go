package budget

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/calweave/calweave/internal/testkit"
)

func TestMain(m *testing.M) {
	redis.SetLogger(silence{}) // what it says about servers that are away on purpose
	goleak.VerifyTestMain(m, testkit.RedisProbe())
}

type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}
