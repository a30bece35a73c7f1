package providers_test

import (
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/drivertest"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/providers/google"
	"github.com/calweave/calweave/providers/microsoft"
)

// onGoogle is Google's driver on the simulator.
func onGoogle() drivertest.Provider {
	return drivertest.Provider{Name: sim.Google, Email: "host@example.com", Open: func(url string, now clock.Clock) provider.Driver {
		return google.New(google.Config{APIURL: url + "/calendar/v3/", AuthURL: url + "/o/oauth2/v2/auth", TokenURL: url + "/token", Clock: now})
	}}
}

// onMicrosoft is Microsoft's.
func onMicrosoft() drivertest.Provider {
	return drivertest.Provider{Name: sim.Microsoft, Email: "host@contoso.example", Open: func(url string, now clock.Clock) provider.Driver {
		return microsoft.New(microsoft.Config{
			APIURL: url + "/v1.0", AuthURL: url + "/common/oauth2/v2.0/authorize", TokenURL: url + "/common/oauth2/v2.0/token", Clock: now,
		})
	}}
}
