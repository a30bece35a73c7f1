package testkit

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// PostgresVariable holds the URL of a superuser of the server that Postgres makes databases on.
const PostgresVariable = "CALWEAVE_TEST_POSTGRES_URL"

// limit bounds what a test waits for a server.
const limit = 30 * time.Second

// Postgres makes an empty database, which ends with the test and all connections to it, and returns its URL with the rights of a superuser.
func Postgres(tb testing.TB) string {
	tb.Helper()
	server := os.Getenv(PostgresVariable)
	if server == "" {
		missing(tb, PostgresVariable+" is not set: run make test, or scripts/services up")
	}
	u, err := url.Parse(server)
	if err != nil {
		tb.Fatalf("%s is no URL", PostgresVariable)
	}
	name := "test_" + strings.ToLower(rand.Text())
	quoted := pgx.Identifier{name}.Sanitize()
	execute(tb, server, "CREATE DATABASE "+quoted+" TEMPLATE template0 ENCODING 'UTF8'")
	tb.Cleanup(func() { execute(tb, server, "DROP DATABASE "+quoted+" WITH (FORCE)") })
	u.Path = "/" + name
	return u.String()
}

// execute runs one statement on a connection of its own.
func execute(tb testing.TB, server, statement string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), limit)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		tb.Fatalf("connect to %s: %v", PostgresVariable, err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		tb.Fatalf("%s: %v", statement, err)
	}
}

// missing skips the test, or fails it where services are required.
func missing(tb testing.TB, what string) {
	tb.Helper()
	if os.Getenv("CALWEAVE_TEST_REQUIRE_SERVICES") == "1" {
		tb.Fatal(what)
	}
	tb.Skip(what)
}
