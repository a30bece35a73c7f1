package cli_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/testkit/golden"
)

// The help of every command: what people read first is looked at before it changes.
func TestHelp(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for _, command := range []string{
		"", "dev", "run", "migrate up", "migrate down", "migrate status", "sim", "tenant create", "key create", "key list", "key revoke",
		"seal generate", "seal add", "seal promote", "seal rotate", "seal status", "seal retire", "seal remove", "app create", "app list", "app delete", "work list", "work release", "work rejected", "work outcomes", "dead list", "dead show", "dead replay", "reconcile", "config list", "config reference",
		"doctor", "providers", "problems", "webhook listen", "webhook verify", "webhook trigger", "contracts verify", "contracts record", "contracts record-verification", "contracts record-deployment", "contracts can-i-deploy", "contracts publish", "version",
	} {
		args := append(strings.Fields(command), "--help")
		r := calweave(t, nil, args...)
		if r.code != 0 || r.err != "" {
			t.Errorf("%s: exit code %d: %s", strings.Join(args, " "), r.code, r.err)
		}
		fmt.Fprintf(&all, "$ calweave %s\n%s\n", strings.Join(args, " "), r.out)
	}
	golden.Check(t, "help.txt", []byte(all.String()))
}

// A command line that is wrong does nothing, says on standard error what is wrong, and ends with 2.
func TestWrongCommandLines(t *testing.T) {
	t.Parallel()
	for line, words := range map[string]string{
		"":                                     `expected one of "dev", "run", "migrate"`,
		"frob":                                 "unexpected argument frob",
		"rn":                                   `did you mean "run"?`,
		"tenant":                               `expected "create"`,
		"tenant create":                        "give the tenant a name",
		"tenant create a b":                    "unexpected argument b",
		"tenant crate a":                       `did you mean "create"?`,
		"run --bogus":                          "unknown flag --bogus",
		"run --role=api":                       `did you mean "--roles"?`,
		"run --roles":                          "--roles: expected string value",
		"run api":                              "unexpected argument api",
		"key create":                           "--tenant=ID (calweave tenant create prints it)",
		"key create --tenant=":                 "--tenant=ID (calweave tenant create prints it)",
		"key create --tenant=ten_1 --use=sign": `--use must be one of "api","signing","sealing" but got "sign"`,
		"key create --tenant=ten_1 --use=sealing":                        "a sealing key is for all tenants",
		"key create --tenant=ten_1 --scopes=bookings:admin":              `"bookings:admin" is no scope: give one or more of bookings:read,bookings:write,`,
		"key create --tenant=ten_1 --scopes=":                            `"" is no scope: give one or more of`,
		"key create --tenant=ten_1 --use=signing --scopes=bookings:read": "only an api key has scopes: leave --scopes out",
		"key create --use=sealing --scopes=bookings:read":                "only an api key has scopes: leave --scopes out",
		"seal":                      `expected one of "generate", "add", "promote", "rotate", "status"`,
		"seal promote":              `expected "<key>"`,
		"seal retire x":             "<key>",
		"key list":                  "missing flags: --tenant=ID",
		"key revoke key_1":          "missing flags: --tenant=ID",
		"key revoke --tenant=ten_1": `expected "<id>"`,
		"app create --tenant=ten_1": "missing flags: ",
		"app create --tenant=ten_1 --provider=caldav --name=n --client-id=c": `--provider must be one of "google","microsoft" but got "caldav"`,
		"app delete --tenant=ten_1":                 `expected "<id>"`,
		"work list":                                 "missing flags: --tenant=ID",
		"work release --tenant=ten_1 link:push":     "name the work by its kind and subject, or say --dead",
		"dead list":                                 "missing flags: --tenant=ID",
		"dead show --tenant=ten_1 link:push":        `expected "<subject>"`,
		"dead replay --tenant=ten_1":                "name one dead letter by its kind and subject, or say --all",
		"dead replay --tenant=ten_1 link:push":      "name one dead letter by its kind and subject, or say --all",
		"dead replay --tenant=ten_1 --all a b":      "name one dead letter by its kind and subject, or say --all",
		"dead replay --tenant=ten_1 --reason=x a b": "name one dead letter by its kind and subject, or say --all",
		"migrate sideways":                          "unexpected argument sideways",
		"migrate down":                              "nothing was done: taking a migration back loses its data; say --yes to do it",
		"migrate down --all":                        "say --yes to do it",
		"dev --once=perhaps":                        "--once",
		"dev --listen=8080":                         `--listen: "8080" is no host:port`,
		"providers --format=xml":                    `--format must be one of "text","markdown","json" but got "xml"`,
		"problems --format=xml":                     `--format must be one of "text","markdown","json" but got "xml"`,
		"config":                                    `expected one of "list", "reference"`,
		"config reference --format=xml":             `--format must be one of "text","markdown","json" but got "xml"`,
		"webhook":                                   `expected one of "listen", "verify", "trigger"`,
		"webhook listen --status=100":               "--status: give an HTTP status from 200 to 599",
		"webhook listen --listen=here":              `--listen: "here" is no host:port`,
		"webhook trigger --url=u":                   `expected "<type>"`,
		"webhook trigger booking.guessed --url=u":   `must be one of "booking.accepted",`,
		"webhook trigger booking.moved":             "missing flags: --url=URL",
		"sim --google=here":                         `--google: "here" is no host:port`,
		"sim --microsoft=here --admin=127.0.0.1:0":  `--microsoft: "here" is no host:port`,
	} {
		r := calweave(t, nil, strings.Fields(line)...)
		r.fails(t, 2, "calweave: ", words, "Try calweave --help.\n")
	}
	calweave(t, nil, "tenant", "create", " \t").fails(t, 2, "give the tenant a name")
}

func TestVersion(t *testing.T) {
	t.Parallel()
	if out := succeeds(t, nil, "version"); !strings.HasPrefix(out, "calweave ") || !strings.Contains(out, " go1.") || strings.Count(out, "\n") != 1 {
		t.Errorf("%q", out)
	}
}
