package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/store"
)

type keyCommand struct {
	Create keyCreate `cmd:"" help:"Make a key and print it. Its secret is not shown again."`
	List   keyList   `cmd:"" help:"List a tenant's keys and what each may do. No secret is shown."`
	Revoke keyRevoke `cmd:"" help:"End a key at once."`
}

type keyCreate struct {
	Tenant cal.TenantID `placeholder:"ID" help:"The tenant that the key is for; a sealing key is for all."`
	Use    string       `enum:"api,signing,sealing" default:"api" help:"What the key is for: api calls the HTTP API, signing signs Asynq tasks, sealing is a new value for CALWEAVE_SEAL_KEYS (default: ${default})."`
	Scopes *string      `placeholder:"SCOPES" help:"What an api key may do, for as long as it lives, separated by commas: ${scopes}. To write includes to read (default: all of them)."`
}

var (
	errNoTenant = errors.New("name the tenant that the key is for: --tenant=ID (calweave tenant create prints it)")
	errTenant   = errors.New("a sealing key is for all tenants: leave --tenant out")
	errScopes   = errors.New("only an api key has scopes: leave --scopes out")
)

// sealing is the use of a key that belongs to the installation and not to a tenant.
const sealing = "sealing"

// useAPI is the use of a key that has scopes.
const useAPI = string(store.PurposeAPI)

// scopes are those of the key to be made.
func (k keyCreate) scopes() (record.Scopes, error) {
	switch {
	case k.Scopes != nil:
		return record.ParseScopes(strings.Split(*k.Scopes, ","))
	case k.Use == useAPI:
		return record.AllScopes(), nil
	default:
		return "", nil
	}
}

// Validate wants a tenant exactly where a key is one's, and scopes that there are.
func (k keyCreate) Validate() error {
	switch _, err := k.scopes(); {
	case k.Use != sealing && k.Tenant == "":
		return errNoTenant
	case k.Use == sealing && k.Tenant != "":
		return errTenant
	case k.Use != useAPI && k.Scopes != nil:
		return errScopes
	default:
		return err
	}
}

// Run makes a key.
func (k keyCreate) Run(e *env) error {
	if k.Use == sealing {
		return sealGenerate{}.Run(e)
	}
	scopes, err := k.scopes()
	if err != nil {
		return err
	}
	return e.app(func(a *app.App) error {
		made, err := a.CreateKey(e.ctx, k.Tenant, store.Purpose(k.Use), scopes)
		if errors.Is(err, record.ErrNotFound) {
			return noTenant(k.Tenant)
		}
		if err != nil {
			return err
		}
		return e.printf("id      %s\nsecret  %s\n", made.ID, made.Secret)
	})
}

type keyList struct {
	Tenant cal.TenantID `required:"" placeholder:"ID" help:"The tenant that the keys are of."`
}

// Run lists keys.
func (k keyList) Run(e *env) error {
	return e.tenant(k.Tenant, func(a *app.App) error {
		keys, err := a.Store.Keys(e.ctx, k.Tenant)
		if err != nil {
			return err
		}
		return e.table("ID\tUSE\tCREATED\tREVOKED\tSCOPES", func(w io.Writer) {
			for _, l := range keys {
				revoked, scopes := "-", l.Scopes.String()
				if !l.RevokedAt.IsZero() {
					revoked = l.RevokedAt.Format(time.RFC3339)
				}
				if scopes == "" {
					scopes = "-"
				}
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", l.ID, l.Purpose, l.CreatedAt.Format(time.RFC3339), revoked, scopes) // Flush tells
			}
		})
	})
}

type keyRevoke struct {
	Tenant cal.TenantID `required:"" placeholder:"ID" help:"The tenant that the key is of."`
	ID     string       `arg:"" help:"The key's id."`
}

// Run ends a key.
func (k keyRevoke) Run(e *env) error {
	return e.tenant(k.Tenant, func(a *app.App) error {
		err := a.RevokeKey(e.ctx, k.Tenant, k.ID)
		if errors.Is(err, record.ErrNotFound) {
			return fmt.Errorf("tenant %s has no key %s in force: nothing was revoked", k.Tenant, k.ID)
		}
		if err != nil {
			return err
		}
		return e.printf("revoked\n")
	})
}
