package testkit

import "go.uber.org/goleak"

// RedisProbe leaves out of a search for leaks the probe that go-redis starts when a server has gone away. It ends with its client, but up to a
// second later, which it sleeps through.
func RedisProbe() goleak.Option {
	return goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial")
}
