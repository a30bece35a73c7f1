package cli

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/calweave/calweave/internal/app/sandbox"
	"github.com/calweave/calweave/internal/ident"
)

type contractsVerify struct {
	Against  string `required:"" placeholder:"sim|URL" help:"A simulator that is started for this (sim), or the provider's URL, such as https://www.googleapis.com or https://graph.microsoft.com. Only calendars that are made for this are touched, and deleted in the end; no guest is mailed."`
	Provider string `enum:"google,microsoft," default:"" placeholder:"NAME" help:"google or microsoft (default with sim: both). At a URL, the account's access token is read from CONTRACTS_GOOGLE_TOKEN or CONTRACTS_MICROSOFT_TOKEN."`
	JSON     bool   `help:"Print one JSON object for each interaction, on a line of its own."`
}

var errWhose = usageError{errors.New("--against a URL needs --provider=google or --provider=microsoft, to say whose contract it is")}

// errBroken is a contract that does not hold.
var errBroken = errors.New("not everything that calweave relies on holds: see above")

// Run verifies the contracts with one provider or both. What was made is deleted whatever happens, also after Ctrl-C.
func (v contractsVerify) Run(e *env) error {
	providers := []string{v.Provider}
	if v.Provider == "" {
		if v.Against != "sim" {
			return errWhose
		}
		providers = []string{"google", "microsoft"}
	}
	if sandbox.ErrBuilt != nil {
		return sandbox.ErrBuilt
	}
	var failed error
	for _, p := range providers {
		failed = errors.Join(failed, v.provider(e, p))
	}
	return failed
}

// open opens the account, and returns what ends its simulator.
func (v contractsVerify) open(e *env, provider string) (*sandbox.Account, func(), error) {
	ids := ident.New(e.clock, rand.Reader)
	if v.Against == "sim" {
		return sandbox.Simulated(e.ctx, provider, ids, e.clock)
	}
	name := "CONTRACTS_" + strings.ToUpper(provider) + "_TOKEN"
	token := e.variable(name)
	if token == "" {
		return nil, nil, usageError{fmt.Errorf("%s is not set: put an access token of the test account into it; it has to allow reading and writing calendars", name)}
	}
	a, err := sandbox.Open(provider, v.Against, token, ids, e.clock)
	if err != nil {
		return nil, nil, usageError{fmt.Errorf("--against: %w", err)}
	}
	return a, func() {}, nil
}

func (v contractsVerify) provider(e *env, provider string) (err error) {
	pact, err := sandbox.File(provider)
	if err != nil {
		return err
	}
	a, stop, err := v.open(e, provider)
	if err != nil {
		return err
	}
	defer stop()
	if err := a.Check(e.ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Clean(e.ctx)) }()
	var t tally
	err = a.Verify(e.ctx, pact, sandbox.Pact, func(o sandbox.Outcome) error { return v.tell(e, &t, o) })
	if !v.JSON {
		err = errors.Join(err, e.printf("%s, against %s: %d hold, %d fail, %d left out\n", provider, v.Against, t.held, t.failed, t.left))
	}
	if t.failed > 0 {
		err = errors.Join(err, errBroken)
	}
	return err
}

// tally counts outcomes.
type tally struct{ held, failed, left int }

func (v contractsVerify) tell(e *env, t *tally, o sandbox.Outcome) error {
	line := "holds     " + o.Interaction
	switch {
	case o.Left != "":
		t.left++
		line = "left out  " + o.Interaction + ": " + o.Left
	case o.Diff != "":
		t.failed++
		line = "FAILS     " + o.Interaction + ", given " + o.State + "\n" + o.Diff
	default:
		t.held++
	}
	if v.JSON {
		return json.NewEncoder(e.out).Encode(o)
	}
	return e.printf("%s\n", line)
}
