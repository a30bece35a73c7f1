package metrics_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/calweave/calweave/internal/metrics"
	"github.com/calweave/calweave/internal/work"
)

// Alerts ask for metrics that there are, by labels that they have.
func TestAlertsAskForWhatThereIs(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(doc), "```yaml\n")
	block, _, _ = strings.Cut(block, "```")
	var file struct {
		Groups []struct {
			Rules []struct{ Alert, Expr, For string }
		}
	}
	if err := yaml.Unmarshal([]byte(block), &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Groups) != 1 || len(file.Groups[0].Rules) < 4 {
		t.Fatalf("%+v", file)
	}
	selector := regexp.MustCompile(`(calweave_\w+)(\{[^}]*\})?`)
	for _, rule := range file.Groups[0].Rules {
		found := selector.FindAllStringSubmatch(rule.Expr, -1)
		if len(found) == 0 {
			t.Errorf("%s asks for nothing: %q", rule.Alert, rule.Expr)
		}
		for _, f := range found {
			d := find(t, f[1])
			for _, label := range regexp.MustCompile(`(\w+)(?:=|!)`).FindAllStringSubmatch(f[2], -1) {
				if !slices.Contains(d.Labels, label[1]) {
					t.Errorf("%s: %s has no label %s", rule.Alert, f[1], label[1])
				}
			}
		}
	}
}

func find(t *testing.T, name string) metrics.Definition {
	t.Helper()
	all := metrics.Table()
	i := slices.IndexFunc(all, func(d metrics.Definition) bool { return d.Name == name })
	if i < 0 {
		t.Fatalf("there is no metric %s", name)
	}
	return all[i]
}

// Only what is bounded by a setting bears a tenant, and histograms reach as far as what they measure may take.
func TestLabelsAndBuckets(t *testing.T) {
	t.Parallel()
	for _, d := range metrics.Table() {
		if slices.Contains(d.Labels, "tenant") != strings.HasPrefix(d.Name, "calweave_tenant_") {
			t.Errorf("%s: %v", d.Name, d.Labels)
		}
		if d.Type == metrics.Histogram && (!slices.IsSorted(d.Buckets) || d.Buckets[len(d.Buckets)-1] < 30) || d.Type != metrics.Histogram && d.Buckets != nil {
			t.Errorf("%s: %v", d.Name, d.Buckets)
		}
	}
}

// Every kind of failure that the engine's table has is a value of its own.
func TestKindsAreComplete(t *testing.T) {
	t.Parallel()
	known := metrics.Kinds()
	for _, d := range work.Decisions() {
		if !slices.Contains(known, d.Failure) {
			t.Errorf("%s is not counted by its name", d.Failure)
		}
	}
	if len(known) != len(work.Decisions()) {
		t.Errorf("%d kinds of %d", len(known), len(work.Decisions()))
	}
}
