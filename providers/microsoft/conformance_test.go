package microsoft

import (
	"testing"

	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/contracts/provider/providertest"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/drivertest"
	"github.com/calweave/calweave/internal/sim"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	subject := drivertest.Provider{Name: sim.Microsoft, Email: host, Open: func(url string, now clock.Clock) provider.Driver {
		return New(Config{
			APIURL: url + "/v1.0", AuthURL: url + "/common/oauth2/v2.0/authorize", TokenURL: url + "/common/oauth2/v2.0/token", Clock: now,
		})
	}}
	providertest.Test(t, subject.Account)
}
