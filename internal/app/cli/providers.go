package cli

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/providers"
)

type providersCommand struct {
	Format string `default:"text" enum:"text,markdown,json" placeholder:"FORMAT" help:"How it is printed: text, markdown or json (default: ${default})."`
}

// Run prints which provider can do what.
func (p providersCommand) Run(e *env) error {
	m, err := newMatrix(providers.Builtin(providers.Config{}))
	if err != nil {
		return err
	}
	return m.print(e, p.Format)
}

// matrix is which driver claims which capability.
type matrix struct {
	Providers    []cal.Provider `json:"providers"`
	Capabilities []claims       `json:"capabilities"`
}

type claims struct {
	Name provider.Capability `json:"name"`
	// Claimed is by provider.
	Claimed map[cal.Provider]bool `json:"claimed"`
	// Without is what calweave does for a provider that lacks it.
	Without string `json:"without"`
}

var errCalled = errors.New("no call is made to open a client")

// offline ends every request: none is made to open a client, and no account stands behind these.
type offline struct{}

// RoundTrip implements http.RoundTripper.
func (offline) RoundTrip(*http.Request) (*http.Response, error) { return nil, errCalled }

// newMatrix asks each driver, and a client of each.
func newMatrix(drivers []provider.Driver) (matrix, error) {
	m := matrix{}
	for _, c := range provider.Capabilities() {
		m.Capabilities = append(m.Capabilities, claims{Name: c, Claimed: map[cal.Provider]bool{}, Without: c.Without()})
	}
	for _, d := range drivers {
		client, err := d.Open(&http.Client{Transport: offline{}})
		if err != nil {
			return matrix{}, fmt.Errorf("%s: %w", d.Name(), err)
		}
		m.Providers = append(m.Providers, d.Name())
		for _, c := range m.Capabilities {
			c.Claimed[d.Name()] = c.Name.Claims(d, client)
		}
	}
	return m, nil
}

func (m matrix) print(e *env, format string) error {
	switch format {
	case "markdown":
		return e.printf("%s", m.markdown())
	case "json":
		return e.json(m)
	default:
		return e.table(strings.Join(m.head(strings.ToUpper), "\t"), func(w io.Writer) {
			for _, c := range m.Capabilities {
				_, _ = fmt.Fprintln(w, strings.Join(m.row(c, string(c.Name)), "\t")) // Flush tells
			}
		})
	}
}

// markdown is the table that docs/providers.md holds.
func (m matrix) markdown() string {
	var b strings.Builder
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	head := m.head(strings.Clone)
	line(head)
	b.WriteString(strings.Repeat("|---", len(head)) + "|\n")
	for _, c := range m.Capabilities {
		line(m.row(c, "`"+string(c.Name)+"`"))
	}
	return b.String()
}

// head names the columns, each in the given spelling.
func (m matrix) head(spell func(string) string) []string {
	cells := []string{spell("Capability")}
	for _, p := range m.Providers {
		cells = append(cells, spell(string(p)))
	}
	return append(cells, spell("Without it"))
}

func (m matrix) row(c claims, name string) []string {
	cells := []string{name}
	for _, p := range m.Providers {
		answer := "no"
		if c.Claimed[p] {
			answer = "yes"
		}
		cells = append(cells, answer)
	}
	return append(cells, c.Without)
}
