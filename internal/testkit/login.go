package testkit

import (
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Login makes a role that may log in to the database at ownerURL, inherits nothing, and ends with the test. It returns the database's URL with
// that role.
func Login(tb testing.TB, ownerURL string) string {
	tb.Helper()
	u, err := url.Parse(ownerURL)
	if err != nil {
		tb.Fatal("the owner's URL is none")
	}
	server := os.Getenv(PostgresVariable)
	name := "login_" + strings.ToLower(rand.Text())
	quoted := pgx.Identifier{name}.Sanitize()
	execute(tb, server, "CREATE ROLE "+quoted+" LOGIN NOINHERIT PASSWORD 'test'")
	tb.Cleanup(func() { execute(tb, server, "DROP ROLE "+quoted) })
	u.User = url.UserPassword(name, "test")
	return u.String()
}
