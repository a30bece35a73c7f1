package providers_test

import (
	"testing"

	"github.com/calweave/calweave/contracts/provider/providertest"
	"github.com/calweave/calweave/internal/drivertest"
)

//nolint:paralleltest // it measures what the whole process holds
func TestMemory(t *testing.T) {
	for _, subject := range []drivertest.Provider{onGoogle(), onMicrosoft()} {
		t.Run(string(subject.Name), func(t *testing.T) {
			if underRace {
				t.Skip("a hundred thousand events are listed one page after the other, and nothing races in that")
			}
			providertest.Memory().Try(t, subject.Account)
		})
	}
}
