package tinydriver

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/calweave/calweave/contracts/provider/providertest"
)

// Every mistake that docs/adapters.md warns of is noticed by a case that there is.
func TestGuideNamesCases(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "adapters.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| [^|`]+ \\| (`[^|]+`) \\|$").FindAllSubmatch(raw, -1)
	const least = 20
	if len(rows) < least {
		t.Errorf("%d mistakes are read", len(rows))
	}
	name := regexp.MustCompile("`([^`]+)`")
	for _, row := range rows {
		for _, m := range name.FindAllSubmatch(row[1], -1) {
			if !slices.ContainsFunc(providertest.Cases(), func(c providertest.Case) bool { return c.Name == string(m[1]) }) {
				t.Errorf("there is no case %q", m[1])
			}
		}
	}
}
