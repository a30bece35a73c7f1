package providers_test

import (
	"context"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/contracts/provider/providertest"
	"github.com/calweave/calweave/internal/drivertest"
	"github.com/calweave/calweave/internal/testkit"
)

//nolint:paralleltest // it measures what the whole process holds
func TestMemory(t *testing.T) {
	if testkit.UnderRace {
		t.Skip("a hundred thousand events are listed one page after the other, and nothing races in that")
	}
	for _, subject := range []drivertest.Provider{onGoogle(), onMicrosoft()} {
		t.Run(string(subject.Name), func(t *testing.T) { providertest.Memory().Try(t, subject.Account) })
	}
	t.Run("every page kept", func(t *testing.T) { mutant{harm: everyPageKept}.dies(t, providertest.Memory()) })
}

func everyPageKept(w *wrong) {
	var kept []cal.Item
	w.list = func(ctx context.Context, req provider.ListEvents) (cal.Page, error) {
		p, err := w.full.ListEvents(ctx, req)
		kept = append(kept, p.Items...)
		p.Items = kept[len(kept)-len(p.Items):]
		return p, err
	}
}
