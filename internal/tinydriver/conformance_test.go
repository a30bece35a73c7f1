package tinydriver

import (
	"testing"

	"github.com/calweave/calweave/contracts/provider/providertest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	providertest.Test(t, account)
}
