package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/record"
)

type appCommand struct {
	Create appCreate `cmd:"" help:"Register a client of a tenant's with a provider, and print its id."`
	List   appList   `cmd:"" help:"List a tenant's provider applications. No credential is shown."`
	Delete appDelete `cmd:"" help:"Forget a provider application that has no connections."`
}

type appCreate struct {
	Tenant      cal.TenantID `required:"" placeholder:"ID" help:"The tenant whose accounts it connects."`
	Provider    cal.Provider `required:"" enum:"google,microsoft" placeholder:"PROVIDER" help:"google or microsoft."`
	Kind        string       `enum:"delegated,app_only" default:"delegated" placeholder:"KIND" help:"delegated acts for owners who consent, app_only by itself for mailboxes that an administrator has opened to it (default: ${default})."`
	Name        string       `required:"" placeholder:"NAME" help:"What people call it."`
	ClientID    string       `required:"" placeholder:"ID" help:"The client's id at the provider; of a Google service account its address."`
	EntraTenant string       `placeholder:"TENANT" help:"Microsoft: the id or a domain of the Entra tenant. Needed for app_only."`
	Credential  string       `arg:"" optional:"" default:"-" help:"The file with the client secret or the service account's JSON key; - or nothing for standard input."`
}

// maxCredential is what a credential may be long. A key file has less than 3 KiB.
const maxCredential = 16 << 10

// Run registers an application.
func (c appCreate) Run(e *env) error {
	credential, err := readCredential(e, c.Credential)
	if err != nil {
		return err
	}
	return e.tenant(c.Tenant, func(a *app.App) error {
		made, err := a.CreateApplication(e.ctx, c.Tenant, record.Application{
			Provider: c.Provider, Kind: record.AppKind(c.Kind), Name: c.Name, ClientID: c.ClientID, EntraTenant: c.EntraTenant, Credential: credential,
		})
		if errors.Is(err, record.ErrLimit) {
			return fmt.Errorf("tenant %s has %d applications, which is as many as it may have: delete one", c.Tenant, record.MaxApplications)
		}
		if refusal, ok := errors.AsType[*record.RefusalError](err); ok {
			return wrongApplication(refusal)
		}
		if err != nil {
			return err
		}
		return e.printf("%s\n", made.ID)
	})
}

// wrongApplication says in words of the command line what is wrong.
func wrongApplication(r *record.RefusalError) error {
	lines := []string{r.Detail + ":"}
	for _, p := range r.Problems {
		lines = append(lines, "  "+strings.ReplaceAll(strings.TrimPrefix(p.Pointer, "/"), "_", "-")+": "+p.Detail)
	}
	return errors.New(strings.Join(lines, "\n"))
}

// readCredential reads a secret, which is never an argument: others can read command lines.
func readCredential(e *env, path string) (string, error) {
	in := e.in
	if path != "-" {
		file, err := os.Open(path) //nolint:gosec // the operator names the file
		if err != nil {
			return "", err
		}
		defer file.Close() //nolint:errcheck // it is only read
		in = file
	}
	raw, err := io.ReadAll(io.LimitReader(in, maxCredential+1))
	if err != nil {
		return "", err
	}
	text := strings.TrimSpace(string(raw))
	switch {
	case len(raw) > maxCredential:
		return "", errors.New("the credential is longer than 16 KiB: give the file with the client secret or the key alone")
	case text == "":
		return "", errors.New("the credential is empty: give its file, or send it to standard input")
	}
	return text, nil
}

type appList struct {
	Tenant cal.TenantID `required:"" placeholder:"ID" help:"The tenant that the applications are of."`
}

// Run lists applications.
func (l appList) Run(e *env) error {
	return e.tenant(l.Tenant, func(a *app.App) error {
		all, err := a.Store.Applications(e.ctx, l.Tenant)
		if err != nil {
			return err
		}
		return e.table("ID\tPROVIDER\tKIND\tCREATED\tCLIENT\tENTRA TENANT\tNAME", func(w io.Writer) {
			for _, one := range all {
				in := one.EntraTenant
				if in == "" {
					in = "-"
				}
				created := one.CreatedAt.Format(time.RFC3339)
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", one.ID, one.Provider, one.Kind, created, one.ClientID, in, one.Name) // Flush tells
			}
		})
	})
}

type appDelete struct {
	Tenant cal.TenantID `required:"" placeholder:"ID" help:"The tenant that the application is of."`
	ID     cal.AppID    `arg:"" help:"The application's id."`
}

// Run forgets an application.
func (d appDelete) Run(e *env) error {
	return e.tenant(d.Tenant, func(a *app.App) error {
		err := a.Store.DeleteApplication(e.ctx, d.Tenant, d.ID, record.ActorOperator)
		switch {
		case errors.Is(err, record.ErrNotFound):
			return fmt.Errorf("tenant %s has no application %s: nothing was deleted", d.Tenant, d.ID)
		case errors.Is(err, record.ErrInUse):
			return fmt.Errorf("application %s has connections: disconnect them first (DELETE /v1/connections/{id}); nothing was deleted", d.ID)
		case err != nil:
			return err
		default:
			return e.printf("deleted\n")
		}
	})
}
