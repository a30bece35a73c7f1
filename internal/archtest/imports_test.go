package archtest

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const module = "github.com/calweave/calweave"

func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	for _, broken := range checkImports(t, os.DirFS(filepath.Join("..", ".."))) {
		t.Error(broken)
	}
}

// Every line of the fake tree breaks or keeps one rule; what the checker says about each is written beside it.
func TestImportCheckerCanFail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file, imports string
		allowed       bool
	}{
		"a contract and the standard library":  {"contracts/cal/a.go", "time", true},
		"a contract and a lower contract":      {"contracts/task/a.go", module + "/contracts/cal", true},
		"a contract and a higher contract":     {"contracts/cal/a.go", module + "/contracts/task", false},
		"two contracts side by side":           {"contracts/fault/a.go", module + "/contracts/cal", false},
		"a contract and a leaf":                {"contracts/cal/a.go", module + "/internal/clock", false},
		"a contract and a third party":         {"contracts/provider/a.go", "golang.org/x/oauth2", false},
		"a contract's test and testkit":        {"contracts/cal/a_test.go", module + "/internal/testkit/golden", true},
		"a contract's test and a service":      {"contracts/cal/a_test.go", module + "/internal/store", false},
		"the suite and all contracts":          {"contracts/provider/providertest/a.go", module + "/contracts/fault", true},
		"the suite and a provider":             {"contracts/provider/providertest/a.go", module + "/providers/google", false},
		"a provider and a leaf":                {"providers/google/a.go", module + "/internal/zone", true},
		"a provider and the clock":             {"providers/google/a.go", module + "/internal/clock", true},
		"a provider and recurrence rules":      {"providers/google/a.go", module + "/internal/recur", true},
		"a provider and what is kept":          {"providers/google/a.go", module + "/internal/record", false},
		"a provider and identifiers":           {"providers/google/a.go", module + "/internal/ident", false},
		"a provider and the log":               {"providers/google/a.go", module + "/internal/telemetry", false},
		"an unlisted provider and records":     {"providers/caldav/a.go", module + "/internal/record", false},
		"a provider and its SDK":               {"providers/google/a.go", "google.golang.org/api/calendar/v3", true},
		"a provider and another's SDK":         {"providers/google/a.go", "github.com/microsoftgraph/msgraph-sdk-go", false},
		"a provider and another provider":      {"providers/google/a.go", module + "/providers/microsoft", false},
		"a provider's test and another":        {"providers/google/a_test.go", module + "/providers/microsoft", false},
		"a provider's test and the simulator":  {"providers/google/a_test.go", module + "/internal/sim", true},
		"a provider and a service":             {"providers/google/a.go", module + "/internal/transport", false},
		"a provider and asynq":                 {"providers/google/a.go", asynq, false},
		"a provider and jobs":                  {"providers/google/a.go", module + "/jobs", false},
		"an unlisted provider and an SDK":      {"providers/caldav/a.go", "github.com/emersion/go-webdav", false},
		"the list and what is kept":            {"providers/providers.go", module + "/internal/record", false},
		"the list and a provider":              {"providers/providers.go", module + "/providers/google", true},
		"a service and its own folder below":   {"internal/store/a.go", module + "/internal/store/db", true},
		"a service below and its own folder":   {"internal/store/db/a.go", module + "/internal/store", true},
		"a service and a contract":             {"internal/work/a.go", module + "/contracts/task", true},
		"a service and a leaf":                 {"internal/work/a.go", module + "/internal/record", true},
		"a service and the log's scope":        {"internal/work/a.go", module + "/internal/telemetry", true},
		"webhooks and the log's scope":         {"webhooks/inbound/a.go", module + "/internal/telemetry", true},
		"the log and a record":                 {"internal/telemetry/a.go", module + "/internal/record", false},
		"the log and a third party":            {"internal/telemetry/a.go", "go.opentelemetry.io/otel", false},
		"a service and a sibling":              {"internal/work/a.go", module + "/internal/store", false},
		"a service and seal":                   {"internal/store/a.go", module + "/internal/seal", false},
		"a name that only begins like itself":  {"internal/store/a.go", module + "/internal/storekeeper", false},
		"a service and jobs":                   {"internal/work/a.go", module + "/jobs", false},
		"a service and webhooks":               {"internal/work/a.go", module + "/webhooks/outbound", false},
		"a service and a provider":             {"internal/gateway/a.go", module + "/providers/google", false},
		"a service and app":                    {"internal/work/a.go", module + "/internal/app", false},
		"a service and asynq":                  {"internal/work/a.go", asynq, false},
		"a service and a third party":          {"internal/seal/a.go", "github.com/tink-crypto/tink-go/v2/aead", true},
		"a service and Prometheus":             {"internal/work/a.go", prometheus + "/client_golang/prometheus", false},
		"the metrics and Prometheus":           {"internal/metrics/a.go", prometheus + "/client_golang/prometheus", true},
		"the metrics and a service":            {"internal/metrics/a.go", module + "/internal/work", false},
		"the metrics and another third party":  {"internal/metrics/a.go", redis + "/v9", false},
		"app and Prometheus":                   {"internal/app/a.go", prometheus + "/client_golang/prometheus", false},
		"a service and testkit":                {"internal/work/a.go", testkit, false},
		"a service's test and a sibling":       {"internal/work/a_test.go", module + "/internal/store", true},
		"a test and cmd":                       {"internal/work/a_test.go", module + "/cmd/calweave", false},
		"a leaf and a service":                 {"internal/zone/a.go", module + "/internal/store", false},
		"a leaf and a leaf that is not lower":  {"internal/clock/a.go", module + "/internal/ident", false},
		"record and a leaf":                    {"internal/record/a.go", module + "/internal/zone", false},
		"the simulator and the clock":          {"internal/sim/google/a.go", module + "/internal/clock", true},
		"the simulator and rrule":              {"internal/sim/google/a.go", "github.com/teambition/rrule-go", true},
		"the simulator and contracts":          {"internal/sim/google/a.go", module + "/contracts/cal", false},
		"the simulator and zone":               {"internal/sim/google/a.go", module + "/internal/zone", false},
		"the simulator and recurrence rules":   {"internal/sim/google/a.go", module + "/internal/recur", false},
		"the simulator and scenarios":          {"internal/sim/a.go", module + "/internal/scenario", false},
		"scenarios and the simulator":          {"internal/scenario/a.go", module + "/internal/sim", true},
		"scenarios and a provider":             {"internal/scenario/a.go", module + "/providers/google", false},
		"the simulator and an SDK":             {"internal/sim/google/a.go", "google.golang.org/api/calendar/v3", false},
		"the simulator's test and a provider":  {"internal/sim/google/a_test.go", module + "/providers/google", false},
		"app and the provider in memory":       {"internal/app/a.go", module + "/internal/memdriver", false},
		"the provider in memory and the clock": {"internal/memdriver/a.go", module + "/internal/clock", true},
		"the provider in memory and another":   {"internal/memdriver/a.go", module + "/internal/sim", false},
		"the provider in memory and an SDK":    {"internal/memdriver/a.go", "google.golang.org/api/calendar/v3", false},
		"jobs and asynq":                       {"jobs/a.go", asynq, true},
		"jobs and Redis":                       {"jobs/a.go", redis + "/v9", true},
		"jobs and HTTP":                        {"jobs/a.go", "net/http", false},
		"jobs and SQL":                         {"jobs/a.go", "database/sql", false},
		"jobs and a service":                   {"jobs/a.go", module + "/internal/work", false},
		"jobs and a provider":                  {"jobs/a.go", module + "/providers", false},
		"jobs and webhooks":                    {"jobs/a.go", module + "/webhooks/inbound", false},
		"webhooks and HTTP":                    {"webhooks/inbound/a.go", "net/http", true},
		"webhooks and asynq":                   {"webhooks/inbound/a.go", asynq, false},
		"webhooks and a service":               {"webhooks/outbound/a.go", module + "/internal/store", false},
		"webhooks and their neighbour":         {"webhooks/outbound/a.go", module + "/webhooks/inbound", false},
		"app and everything":                   {"internal/app/dev/a.go", module + "/jobs", true},
		"app and a service":                    {"internal/app/a.go", module + "/internal/store", true},
		"the tiny driver and a leaf":           {"internal/tinydriver/a.go", module + "/internal/zone", true},
		"the tiny driver and what is kept":     {"internal/tinydriver/a.go", module + "/internal/record", false},
		"the tiny driver and a third party":    {"internal/tinydriver/a.go", "golang.org/x/oauth2", false},
		"app and the tiny driver":              {"internal/app/a.go", module + "/internal/tinydriver", false},
		"app's test and the tiny driver":       {"internal/app/a_test.go", module + "/internal/tinydriver", true},
		"the list and the tiny driver":         {"providers/providers.go", module + "/internal/tinydriver", false},
		"a service and the tiny driver":        {"internal/gateway/a.go", module + "/internal/tinydriver", false},
		"app and cmd":                          {"internal/app/a.go", module + "/cmd/calweave", false},
		"app and testkit":                      {"internal/app/a.go", testkit + "/golden", false},
		"cmd and app":                          {"cmd/calweave/a.go", module + "/internal/app/dev", true},
		"cmd and a service":                    {"cmd/calweave/a.go", module + "/internal/store", false},
		"cmd and contracts":                    {"cmd/calweave/a.go", module + "/contracts/cal", false},
		"a folder that no rule names, and us":  {"pkg/a.go", module + "/contracts/cal", false},
		"a folder that no rule names, and std": {"pkg/a.go", "fmt", true},
	} {
		tree := fstest.MapFS{c.file: {Data: []byte(fmt.Sprintf("package x\n\nimport _ %q\n", c.imports))}}
		if got := checkImports(t, tree); (len(got) == 0) != c.allowed {
			t.Errorf("%s: %s importing %s gives %q", name, c.file, c.imports, got)
		}
	}
}

// checkImports returns what is wrong with the imports of all Go files in a tree.
func checkImports(t *testing.T, tree fs.FS) []string {
	t.Helper()
	var broken []string
	for _, file := range goFiles(t, tree) {
		src, err := fs.ReadFile(tree, file)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, src, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		table := rules()
		if strings.HasSuffix(file, "_test.go") {
			table = testRules()
		}
		for _, im := range parsed.Imports {
			imported, err := strconv.Unquote(im.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if why := refuse(table, path.Dir(file), imported); why != "" {
				broken = append(broken, file+": "+why)
			}
		}
	}
	return broken
}

// refuse says why a folder may not import a path, or nothing.
func refuse(table []rule, dir, imported string) string {
	r, unit := find(table, dir)
	if under(imported, r.never...) {
		return fmt.Sprintf("%s may never import %s", unit, imported)
	}
	if inside, ours := strings.CutPrefix(imported, module+"/"); ours {
		if under(inside, unit) || under(inside, r.inside...) {
			return ""
		}
		return fmt.Sprintf("%s may not import %s", unit, inside)
	}
	first, _, _ := strings.Cut(imported, "/")
	standard := !strings.Contains(first, ".")
	if standard || slices.Contains(r.outside, anything) || under(imported, r.outside...) {
		return ""
	}
	return fmt.Sprintf("%s may not import the third-party package %s", unit, imported)
}

// find returns the rule with the longest folder that holds dir, and the folder which counts as dir's own under that rule.
func find(table []rule, dir string) (best rule, unit string) {
	unit = dir
	longest := -1
	for _, r := range table {
		own := r.dir
		if base, each := strings.CutSuffix(r.dir, "/*"); each {
			below, ok := strings.CutPrefix(dir, base+"/")
			if !ok {
				continue
			}
			first, _, _ := strings.Cut(below, "/")
			own = base + "/" + first
		}
		length := 2 * len(own)
		if own == r.dir {
			length++ // a folder's own rule comes before the one for each folder
		}
		if under(dir, own) && length > longest {
			best, unit, longest = r, own, length
		}
	}
	return best, unit
}

// under reports whether p is one of the folders or lies below one.
func under(p string, dirs ...string) bool {
	return slices.ContainsFunc(dirs, func(d string) bool { return p == d || strings.HasPrefix(p, d+"/") })
}
