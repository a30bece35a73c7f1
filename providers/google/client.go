package google

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"strings"

	"google.golang.org/api/calendar/v3"
	"google.golang.org/api/option"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
)

// What a driver and its clients can do.
var (
	_ provider.Driver              = (*Driver)(nil)
	_ provider.QuietWriter         = (*Driver)(nil)
	_ provider.ConferenceMaker     = (*Driver)(nil)
	_ provider.ConditionalWriter   = (*Driver)(nil)
	_ provider.NotificationDecoder = (*Driver)(nil)
	_ provider.AppActor            = (*Driver)(nil)
	_ provider.Client              = (*client)(nil)
	_ provider.DeltaLister         = (*client)(nil)
	_ provider.ChannelKeeper       = (*client)(nil)
	_ provider.SeriesKeeper        = (*client)(nil)
	_ provider.RecurrenceMapper    = (*Driver)(nil)
)

// Config says where Google is. The zero Config is the real one.
type Config struct {
	// APIURL is the base of the Calendar API, such as https://www.googleapis.com/calendar/v3/.
	APIURL string
	// AuthURL is where a person consents.
	AuthURL string
	// TokenURL is where codes and refresh tokens are redeemed.
	TokenURL string
	// RevokeURL is where tokens are revoked; empty for the neighbour of TokenURL, so that no token goes to another authorization server.
	RevokeURL string
	// Issuer is what the authorization server calls itself; left empty beside an AuthURL of your own, nothing is compared.
	Issuer string
	// Clock turns the date form of Retry-After into a wait; nil is the machine's clock.
	Clock clock.Clock
}

// Driver is Google Calendar. It can write without mailing anyone, and its writes are refused when they carry a stale ETag.
type Driver struct{ config Config }

// New returns a driver.
func New(config Config) *Driver {
	config.APIURL = strings.TrimRight(cmp.Or(config.APIURL, apiURL), "/") + "/"
	if config.AuthURL == "" {
		config.Issuer = cmp.Or(config.Issuer, issuer)
	}
	config.AuthURL = cmp.Or(config.AuthURL, authURL)
	config.TokenURL = cmp.Or(config.TokenURL, tokenURL)
	config.RevokeURL = cmp.Or(config.RevokeURL, config.TokenURL[:strings.LastIndex(config.TokenURL, "/")+1]+"revoke")
	if config.Clock == nil {
		config.Clock = clock.System{}
	}
	return &Driver{config: config}
}

// Name is cal.Google.
func (d *Driver) Name() cal.Provider { return cal.Google }

// QuietWrites marks that sendUpdates can be none
// (https://developers.google.com/workspace/calendar/api/v3/reference/events/insert).
func (d *Driver) QuietWrites() {}

// MakesConferences marks that an event can have a Google Meet (conference.go).
func (d *Driver) MakesConferences() {}

// ConditionalWrites marks that If-Match is honoured
// (https://developers.google.com/workspace/calendar/api/guides/version-resources).
func (d *Driver) ConditionalWrites() {}

// Open returns a client for the account that httpc authorises.
func (d *Driver) Open(httpc *http.Client) (provider.Client, error) {
	bounded := bound(httpc)
	// With a client of our own the SDK uses its context for nothing. Its logger would print bodies when an environment variable asks for it.
	service, err := calendar.NewService(context.Background(), //nolint:forbidigo // Open makes no call that could be cancelled
		option.WithHTTPClient(bounded), option.WithEndpoint(d.config.APIURL), option.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return nil, refused("google: open", "no client can be made for the configured API URL")
	}
	return &client{service: service, http: bounded, clock: d.config.Clock}, nil
}

// client acts for one account.
type client struct {
	service *calendar.Service
	http    *http.Client
	clock   clock.Clock
}
