// Package testkit gives tests the real parts that calweave stands on: a PostgreSQL database and a Redis server of their own. Only tests may
// import it.
//
// `make test` starts PostgreSQL and sets CALWEAVE_TEST_POSTGRES_URL. Without it, or without a redis-server in the path, a test is skipped and
// says so, unless CALWEAVE_TEST_REQUIRE_SERVICES=1 makes that a failure.
//
// Files: postgres.go and postgres_copy.go (databases), login.go (roles), redis.go, leak.go (what is no leak), race_*.go (whether the race
// detector slows everything down); golden (files under testdata).
package testkit
