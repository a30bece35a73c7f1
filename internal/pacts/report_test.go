package pacts_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/pacts"
)

const (
	edge   = `{"consumer": "calweave", "provider": "p", "pact": "p.json", "verified_against": "x", "interactions": [{"ok": true}], "breakages": [{"noticed": true}]}`
	aPact  = `{"consumer": {"name": "calweave"}, "provider": {"name": "p"}}`
	report = `{"versions": {"calweave": "v1"}, "edges": [` + edge + `]}`
)

func TestReadReport(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		report, pact string
		ok           bool
		words        string
	}{
		"all holds":                   {report, aPact, true, ""},
		"an interaction failed":       {strings.Replace(report, `"ok": true`, `"ok": false`, 1), aPact, false, ""},
		"a break was not noticed":     {strings.Replace(report, `"noticed": true`, `"noticed": false`, 1), aPact, false, ""},
		"the edge failed":             {strings.Replace(report, `"interactions"`, `"error": "no", "interactions"`, 1), aPact, false, ""},
		"nothing was verified":        {strings.Replace(report, `[{"ok": true}]`, `[]`, 1), aPact, false, ""},
		"no edge":                     {`{"versions": {"calweave": "v1"}, "edges": []}`, aPact, false, "about no pact"},
		"no version":                  {`{"edges": [` + edge + `]}`, aPact, false, "names no version"},
		"no clone":                    {strings.Replace(report, "v1", "unknown: this is no clone", 1), aPact, false, "names no version"},
		"changes not committed":       {strings.Replace(report, "v1", "v1-dirty", 1), aPact, false, "not committed"},
		"no report":                   {"[]", aPact, false, "no report"},
		"the pact of somebody else":   {report, strings.Replace(aPact, `"p"`, `"q"`, 1), false, "the pact of calweave with q"},
		"the pact is none":            {report, "x", false, "no pact"},
		"the pact names no consumer":  {report, "{}", false, "no pact"},
		"the pact is not there":       {strings.Replace(report, "p.json", "q.json", 1), aPact, false, "not there"},
		"the pact is too large a one": {report, strings.Repeat(" ", 17<<20), false, "larger than 16 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, filepath.Join(dir, "contracts.json"), c.report)
			write(t, filepath.Join(dir, "p.json"), c.pact)
			version, all, err := pacts.ReadReport(filepath.Join(dir, "contracts.json"), dir)
			if c.words != "" {
				if err == nil || !strings.Contains(err.Error(), c.words) {
					t.Errorf("got %v, want %q", err, c.words)
				}
				return
			}
			if err != nil || version != "v1" || len(all) != 1 || all[0].OK != c.ok || string(all[0].Pact) != c.pact {
				t.Errorf("got %s, %+v, %v, want it to hold: %t", version, all, err, c.ok)
			}
		})
	}
	if _, _, err := pacts.ReadReport(filepath.Join(t.TempDir(), "contracts.json"), "."); err == nil || !strings.Contains(err.Error(), "make contracts writes it") {
		t.Errorf("no report: %v", err)
	}
}
