package budget

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// redisEngine runs the script on a Redis that the fleet shares.
type redisEngine struct {
	client redis.UniversalClient
	// told says that scripts are given the time, for tests; otherwise Redis tells it, so that clocks of workers do not matter.
	told    bool
	scripts [scripts]*redis.Script
}

func newRedisEngine(client redis.UniversalClient, told bool) *redisEngine {
	return &redisEngine{client: client, told: told, scripts: [scripts]*redis.Script{
		takeScript: redis.NewScript(takeScript.source()), settleScript: redis.NewScript(settleScript.source()), leftScript: redis.NewScript(leftScript.source()),
	}}
}

// run makes one round trip, and a second one to a Redis that does not know the script yet.
func (e *redisEngine) run(ctx context.Context, s scriptName, keys []string, args []any) ([]any, error) {
	out, err := e.scripts[s].Run(ctx, e.client, keys, args...).Slice()
	if err != nil {
		return nil, fmt.Errorf("budget: %w", err)
	}
	return out, nil
}

// settle makes one round trip for all.
func (e *redisEngine) settle(ctx context.Context, all []request) error {
	script := e.scripts[settleScript]
	pipelined := func() error {
		_, err := e.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, r := range all {
				script.EvalSha(ctx, p, r.keys, r.args...)
			}
			return nil
		})
		return err
	}
	err := pipelined()
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		if err := script.Load(ctx, e.client).Err(); err != nil {
			return fmt.Errorf("budget: %w", err)
		}
		err = pipelined()
	}
	if err != nil {
		return fmt.Errorf("budget: %w", err)
	}
	return nil
}

func (e *redisEngine) read(ctx context.Context, key string) (map[string]string, error) {
	h, err := e.client.HGetAll(ctx, key).Result()
	if err != nil {
		return nil, fmt.Errorf("budget: %w", err)
	}
	return h, nil
}
