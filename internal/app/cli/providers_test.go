package cli

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/testkit/golden"
	"github.com/calweave/calweave/internal/tinydriver"
	"github.com/calweave/calweave/providers"
)

// A driver of a test's own is one more line, and one more column: what it lacks is shown as such.
func TestProviders(t *testing.T) {
	t.Parallel()
	drivers := append(providers.Builtin(providers.Config{}), tinydriver.New(tinydriver.Config{}))
	m, err := newMatrix(drivers)
	if err != nil {
		t.Fatal(err)
	}
	for format, file := range map[string]string{"text": "providers.txt", "markdown": "providers.md", "json": "providers.json"} {
		var out bytes.Buffer
		if err := m.print(&env{out: &out}, format); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		golden.Check(t, file, out.Bytes())
	}
}

// The command shows the providers that are shipped, and needs no configuration.
func TestProvidersCommand(t *testing.T) {
	t.Parallel()
	var out, mistakes bytes.Buffer
	if code := Main(t.Context(), []string{"providers"}, nil, nil, &out, &mistakes); code != exitOK || mistakes.Len() > 0 {
		t.Fatalf("exit code %d: %s", code, mistakes.String())
	}
	head, _, _ := strings.Cut(out.String(), "\n")
	if got := strings.Fields(head); strings.Join(got, " ") != "CAPABILITY GOOGLE MICROSOFT WITHOUT IT" {
		t.Errorf("the columns are %q", got)
	}
}

// What is told of a capability has to stand in a cell.
func TestProvidersFitTheTable(t *testing.T) {
	t.Parallel()
	for _, c := range provider.Capabilities() {
		if c.Without() == "" || strings.ContainsAny(c.Without(), "|\n\t") {
			t.Errorf("%s: %q", c, c.Without())
		}
	}
}

// calling makes a call to open a client.
type calling struct{ provider.Driver }

func (calling) Open(httpc *http.Client) (provider.Client, error) {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://127.0.0.1:1/", http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := httpc.Do(req)
	if err == nil {
		err = resp.Body.Close()
	}
	return nil, err
}

func TestProvidersAreOpenedWithoutACall(t *testing.T) {
	t.Parallel()
	_, err := newMatrix([]provider.Driver{calling{tinydriver.New(tinydriver.Config{})}})
	if !errors.Is(err, errCalled) || !strings.HasPrefix(err.Error(), "tiny: ") {
		t.Errorf("%v", err)
	}
}
