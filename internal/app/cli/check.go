package cli

import (
	"fmt"
	"log/slog"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/calweave/calweave/internal/config"
	"github.com/calweave/calweave/internal/seal"
)

// checks are what is wrong with values that only those who use them can read: a mistake in a setting is one wherever it is noticed, and all are told
// at once. The words of those readers quote what they were given, passwords and all, except for the keyset's.
func checks() map[string]config.Check {
	database := config.Check{Wrong: wrongPostgres, Mend: "give postgres://user@host:5432/name, with sslmode=require and the like behind a ?"}
	return map[string]config.Check{
		"CALWEAVE_DATABASE_URL":         database,
		"CALWEAVE_MIGRATE_DATABASE_URL": database,
		"CALWEAVE_SWEEP_DATABASE_URL":   database,
		"CALWEAVE_REDIS_URL":            {Wrong: wrongRedis, Mend: "give redis://host:6379/0, or rediss:// for TLS"},
		"CALWEAVE_SEAL_KEYS":            {Wrong: wrongKeys, Mend: "give what calweave seal generate prints, or CALWEAVE_SEAL_KMS_COMMAND if it is wrapped"},
	}
}

func wrongPostgres(url string) string {
	if strings.HasPrefix(url, "sqlite:") {
		return ""
	}
	if _, err := pgx.ParseConfig(url); err != nil {
		return "names no database of PostgreSQL"
	}
	return ""
}

func wrongRedis(url string) string {
	if _, err := redis.ParseURL(url); err != nil {
		return "names no database of Redis"
	}
	return ""
}

func wrongKeys(keys string) string {
	if _, err := seal.Parse([]byte(keys)); err != nil {
		return "is " + strings.TrimPrefix(err.Error(), "seal: ")
	}
	return ""
}

// listenAddress is where a command serves, as its command line says.
type listenAddress string

// Validate refuses what no address can be.
func (l listenAddress) Validate() error {
	if _, _, err := net.SplitHostPort(string(l)); l != "" && err != nil {
		return fmt.Errorf("%q is no host:port, such as 127.0.0.1:8080", string(l))
	}
	return nil
}

// settings is the configuration as the log shows it: each setting with where it comes from, secrets redacted. As plain lines, since the log's own net
// takes everything for a secret that has the name of one, and would hide where the database is and whether a secret is set at all.
func settings(c *config.Config) slog.Attr {
	var lines []string
	for _, s := range c.Redacted() {
		lines = append(lines, fmt.Sprintf("%s=%s (%s)", s.Name, s.Value, s.Origin))
	}
	return slog.Any("settings", lines)
}
