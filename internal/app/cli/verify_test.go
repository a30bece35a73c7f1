package cli_test

import (
	"testing"

	"github.com/calweave/calweave/internal/app/sandbox"
)

// A binary without Pact's verifier says so, and how to get one that has it.
func TestContractsInThePlainBinary(t *testing.T) {
	t.Parallel()
	if sandbox.ErrBuilt == nil {
		t.Skip("this binary has the verifier")
	}
	for _, args := range [][]string{{"--against=sim"}, {"--against=https://graph.microsoft.com", "--provider=microsoft"}} {
		calweave(t, nil, append([]string{"contracts", "verify"}, args...)...).fails(t, 1, "built without Pact's verifier", "make calweave-pact")
	}
	calweave(t, nil, "contracts", "verify", "--against=https://graph.microsoft.com").fails(t, 2, "--provider=google or --provider=microsoft")
	calweave(t, nil, "contracts", "verify").fails(t, 2, "missing flags: --against=sim|URL")
	calweave(t, nil, "contracts", "verify", "--against=sim", "--provider=apple").fails(t, 2, "--provider must be one of")
}
