package testkit_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/calweave/calweave/internal/testkit"
)

func TestPostgresGivesEachTestItsOwnDatabase(t *testing.T) {
	t.Parallel()
	urls := [2]string{testkit.Postgres(t), testkit.Postgres(t)}
	for _, url := range urls {
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(t.Context()) }()
		if _, err := conn.Exec(t.Context(), "CREATE TABLE alone (id BIGINT)"); err != nil {
			t.Errorf("two tests share a database: %v", err)
		}
	}
}

func TestPostgresIsGoneAfterTheTest(t *testing.T) {
	t.Parallel()
	var url string
	t.Run("inner", func(t *testing.T) {
		url = testkit.Postgres(t)
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close(t.Context()) })
	})
	if url == "" {
		t.Skip("no server")
	}
	if conn, err := pgx.Connect(t.Context(), url); err == nil {
		_ = conn.Close(t.Context())
		t.Error("the database outlived its test")
	}
}

func TestRedisGivesEachTestItsOwnServer(t *testing.T) {
	t.Parallel()
	a, b := open(t, testkit.Redis(t)), open(t, testkit.Redis(t))
	for _, client := range []*redis.Client{a, b} {
		if err := client.Set(t.Context(), "k", "v", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Get(t.Context(), "k").Result(); err != nil || got != "v" {
		t.Errorf("FLUSHALL of one test emptied the other's server: %q, %v", got, err)
	}
}

func TestRedisIsGoneAfterTheTest(t *testing.T) {
	t.Parallel()
	var url string
	t.Run("inner", func(t *testing.T) {
		url = testkit.Redis(t)
	})
	if url == "" {
		t.Skip("no server")
	}
	if err := open(t, url).Ping(t.Context()).Err(); err == nil {
		t.Error("the server outlived its test")
	}
}

func open(t *testing.T, url string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	options.MaxRetries = -1
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}
