package google

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
	subject := drivertest.Provider{Name: sim.Google, Email: host, Open: func(url string, now clock.Clock) provider.Driver {
		return New(Config{APIURL: url + "/calendar/v3/", AuthURL: url + "/o/oauth2/v2/auth", TokenURL: url + "/token", Clock: now})
	}}
	providertest.Test(t, subject.Account)
}
