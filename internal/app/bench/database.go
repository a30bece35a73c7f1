package bench

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"

	"github.com/calweave/calweave/internal/store"
)

// database is one of a run's own, with a login for the application.
type database struct {
	server, name, login string
	// owner and app are its URLs.
	owner, app string
}

// describe says what kind of server it is.
func describe(ctx context.Context, server string) (what string, err error) {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	const query = `SELECT 'PostgreSQL ' || current_setting('server_version') || ', synchronous_commit=' || current_setting('synchronous_commit') ||
		', fsync=' || current_setting('fsync')`
	err = conn.QueryRow(ctx, query).Scan(&what)
	return what, err
}

// newDatabase makes and migrates a database.
func newDatabase(ctx context.Context, server string) (*database, error) {
	u, err := url.Parse(server)
	if err != nil {
		return nil, errors.New("the PostgreSQL URL is none")
	}
	name := "bench_" + strings.ToLower(rand.Text())
	d := &database{server: server, name: name, login: name}
	quoted, password := pgx.Identifier{name}.Sanitize(), rand.Text()
	err = execute(ctx, server, "CREATE DATABASE "+quoted+" TEMPLATE template0 ENCODING 'UTF8'",
		"CREATE ROLE "+quoted+" LOGIN NOINHERIT PASSWORD '"+password+"'")
	if err != nil {
		return nil, errors.Join(err, d.drop(ctx))
	}
	u.Path = "/" + name
	d.owner = u.String()
	u.User = url.UserPassword(name, password)
	d.app = u.String()
	if err := d.migrate(ctx); err != nil {
		return nil, errors.Join(err, d.drop(ctx))
	}
	return d, nil
}

func (d *database) migrate(ctx context.Context) (err error) {
	m, err := store.NewMigrator(d.owner, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	if _, err := m.Up(ctx); err != nil {
		return err
	}
	return m.Admit(ctx, d.app)
}

// analyze lets the server learn what the tables hold, as autovacuum does within a minute or two. Plans that were made while they were empty go on
// otherwise, for as long as a measurement takes.
func (d *database) analyze(ctx context.Context) error { return execute(ctx, d.owner, "ANALYZE") }

// drop ends the database with all connections to it, whatever became of ctx.
func (d *database) drop(ctx context.Context) error {
	quoted := pgx.Identifier{d.name}.Sanitize()
	ctx = context.WithoutCancel(ctx)
	return errors.Join(execute(ctx, d.server, "DROP DATABASE IF EXISTS "+quoted+" WITH (FORCE)"), execute(ctx, d.server, "DROP ROLE IF EXISTS "+quoted))
}

func execute(ctx context.Context, server string, statements ...string) (err error) {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	for _, s := range statements {
		if _, err := conn.Exec(ctx, s); err != nil {
			return fmt.Errorf("%.40s: %w", s, err)
		}
	}
	return nil
}

// open opens a pool of the owner's, as large as calweave's own.
func (d *database) open() (*sql.DB, error) {
	const connections = 20
	pool, err := sql.Open("pgx", d.owner)
	if err == nil {
		pool.SetMaxOpenConns(connections)
		pool.SetMaxIdleConns(connections)
	}
	return pool, err
}
