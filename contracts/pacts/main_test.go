//go:build pact

package pacts_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	pactlog "github.com/pact-foundation/pact-go/v2/log"
)

var (
	update = flag.Bool("update", false, "write the pact files anew")
	report = flag.String("report", "", "folder to write contracts.html, contracts.json and contracts.xml into")
	book   = &ledger{began: time.Now()}
)

// edge is one pact: who promises what to whom.
type edge struct {
	// ID is the letter of the edge, and Title says what it is about.
	ID, Title string
	Consumer  string
	Provider  string
	// Against is what the provider's side was verified on.
	Against string
	// Headers are those of requests that mean something to the provider.
	Headers []string
	// Interactions is how many there have to be, so that none gets lost unseen.
	Interactions int
}

// file is the name that pact-go gives to the pact.
func (e edge) file() string { return e.Consumer + "-" + e.Provider + ".json" }

func TestMain(m *testing.M) {
	flag.Parse()
	if err := pactlog.SetLogLevel("ERROR"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if *report != "" {
		if err := book.write(*report); err != nil {
			fmt.Fprintln(os.Stderr, "report:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// hold verifies a pact against its provider, and then breaks the provider in each of the ways that every interaction has to notice.
func hold(t *testing.T, e edge, path string, side *providerSide) {
	t.Helper()
	file, all, err := readPact(path, e.Interactions, side)
	if err != nil {
		book.failed(e, err)
		t.Fatal(err)
	}
	broken := 0
	for _, i := range all {
		v := side.verify(t, file, i, nil)
		book.verified(e, i, v)
		if v.err != nil {
			t.Errorf("%s: %s\n%s", i.Description, v.err, v.diff)
			continue
		}
		for _, b := range breakages(i) {
			v := side.verify(t, file, i, b.spoil)
			book.broken(e, i, b, v)
			switch {
			case v.err == nil:
				t.Errorf("%s: %s, and nobody notices", i.Description, b.name)
			case !v.noticed():
				t.Errorf("%s: that %s was not tried: %v", i.Description, b.name, v.err)
			}
			broken++
		}
	}
	const atLeast = 3
	if broken < atLeast {
		t.Errorf("%s: only %d breaking changes were tried", path, broken)
	}
}
