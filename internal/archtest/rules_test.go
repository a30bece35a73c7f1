package archtest

// anything lets a folder import every third-party package, except those that are barred for it.
const anything = "*"

// rule says what the production files of one folder may import besides the standard library and the folder itself.
type rule struct {
	// dir is a folder; with "/*" at its end the rule holds for each folder below it on its own, so that they do not see each other.
	dir string
	// inside are the folders of this module that it may import, with all below them.
	inside []string
	// outside are the third-party import paths that it may import, with all below them.
	outside []string
	// never are import paths that it may not import even so, the standard library's among them.
	never []string
}

const (
	asynq = "github.com/hibiken/asynq"
	redis = "github.com/redis/go-redis"
	// prometheus is for one package alone; the others say what happened through seams of their own.
	prometheus = "github.com/prometheus"
)

// leaves are the packages that make no call to anybody and that everybody inside may use.
func leaves() []string {
	return []string{"internal/clock", "internal/ident", "internal/record", "internal/recur", "internal/telemetry", "internal/zone"}
}

// drivers is what a provider may import beside its SDK: it knows nothing of what calweave keeps or logs.
func drivers() []string {
	return []string{"contracts", "internal/clock", "internal/recur", "internal/zone"}
}

// sdks are the third-party packages that each provider may import. A new provider adds its own.
func sdks() map[string][]string {
	return map[string][]string{
		"google":    {"google.golang.org/api", "golang.org/x"},
		"microsoft": {"github.com/microsoft", "github.com/microsoftgraph", "github.com/Azure", "golang.org/x"},
	}
}

// rules is the import table. The rule with the longest matching folder counts; a folder without one may import the standard library only.
func rules() []rule {
	low := append([]string{"contracts"}, leaves()...)
	table := []rule{
		{dir: "contracts/*"},
		{dir: "contracts/task", inside: []string{"contracts/cal"}},
		{dir: "contracts/message", inside: []string{"contracts/cal"}},
		{dir: "contracts/provider", inside: []string{"contracts/cal", "contracts/fault"}},
		{dir: "contracts/provider/providertest", inside: []string{"contracts"}},

		{dir: "internal/clock"},
		{dir: "internal/ident", inside: []string{"internal/clock"}},
		{dir: "internal/zone", inside: []string{"contracts/cal"}},
		{dir: "internal/record", inside: []string{"contracts"}},
		{dir: "internal/telemetry", inside: []string{"internal/clock", "internal/ident"}},
		{dir: "internal/recur", inside: []string{"contracts", "internal/zone"}, outside: []string{"github.com/teambition/rrule-go"}},

		{dir: "internal/*", inside: low, outside: []string{anything}, never: []string{asynq, prometheus}},
		{dir: "internal/metrics", inside: low, outside: []string{prometheus}},
		{dir: "internal/sim", inside: []string{"internal/clock"}, outside: []string{"github.com/teambition/rrule-go"}},
		{
			dir: "internal/scenario", inside: []string{"internal/sim"},
			outside: []string{"github.com/goccy/go-yaml", "github.com/santhosh-tekuri/jsonschema"},
		},
		{dir: "internal/drivertest", inside: []string{"contracts", "internal/clock", "internal/sim"}},
		{dir: "internal/memdriver", inside: low},
		{dir: "internal/tinydriver", inside: drivers()},
		{dir: "internal/archtest"},
		{
			dir: "internal/app", inside: []string{"contracts", "providers", "internal", "jobs", "webhooks"}, outside: []string{anything},
			never: []string{testkit, module + "/internal/tinydriver", module + "/internal/memdriver", prometheus},
		},

		{dir: "providers", inside: append([]string{"providers"}, drivers()...)},
		{dir: "jobs", inside: low, outside: []string{asynq, redis}, never: []string{"net/http", "database/sql"}},
		{
			dir: "webhooks/*", inside: low,
			outside: []string{"github.com/standard-webhooks/standard-webhooks/libraries", "golang.org/x"},
		},
		{dir: "cmd", inside: []string{"internal/app", "internal/config"}, outside: []string{"github.com/alecthomas/kong"}},
		{dir: "scripts"},
		// A core outside: what is public, and a library that verifies.
		{dir: "docs/examples", inside: []string{"contracts", "jobs"}, outside: []string{asynq, "github.com/standard-webhooks/standard-webhooks/libraries"}},
	}
	for name, paths := range sdks() {
		table = append(table, rule{dir: "providers/" + name, inside: drivers(), outside: paths})
	}
	return table
}

// testkit and below serves tests only.
const testkit = module + "/internal/testkit"

// testRules loosen the table for test files, which may put real parts together. Third-party packages are not restricted in them.
func testRules() []rule {
	low := append([]string{"contracts", "internal/testkit"}, leaves()...)
	everything := []string{"contracts", "providers", "internal", "jobs", "webhooks"}
	return []rule{
		{dir: "contracts", inside: []string{"contracts", "internal/testkit"}, outside: []string{anything}},
		{dir: "contracts/pacts", inside: everything, outside: []string{anything}},
		{dir: "docs/examples/contracts", inside: []string{"contracts"}, outside: []string{anything}},
		{dir: "internal", inside: everything, outside: []string{anything}},
		{dir: "internal/sim", inside: []string{"internal/clock", "internal/testkit"}, outside: []string{anything}},
		{dir: "providers", inside: everything, outside: []string{anything}},
		{dir: "providers/*", inside: append([]string{"internal"}, low...), outside: []string{anything}},
		{dir: "jobs", inside: everything, outside: []string{anything}},
		{dir: "webhooks", inside: everything, outside: []string{anything}},
		{dir: "cmd", inside: everything, outside: []string{anything}},
		{dir: "scripts", inside: []string{"internal/testkit"}, outside: []string{anything}},
	}
}
