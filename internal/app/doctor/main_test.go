package doctor

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/testkit"
)

func TestMain(m *testing.M) {
	app.QuietRedis()
	goleak.VerifyTestMain(m, testkit.RedisProbe())
}
