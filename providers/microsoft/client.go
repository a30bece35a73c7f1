package microsoft

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"github.com/microsoft/kiota-abstractions-go/authentication"
	kiota "github.com/microsoft/kiota-http-go"
	jsonserialization "github.com/microsoft/kiota-serialization-json-go"
	"github.com/microsoftgraph/msgraph-sdk-go/subscriptions"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/internal/clock"
)

// What a driver and its clients can do.
var (
	_ provider.Driver              = (*Driver)(nil)
	_ provider.NotificationDecoder = (*Driver)(nil)
	_ provider.TenantDriver        = (*Driver)(nil)
	_ provider.AppActor            = (*Driver)(nil)
	_ provider.ConferenceMaker     = (*Driver)(nil)
	_ provider.Client              = (*client)(nil)
	_ provider.DeltaLister         = (*client)(nil)
	_ provider.EventFinder         = (*client)(nil)
	_ provider.ChannelKeeper       = (*client)(nil)
	_ provider.ChannelRenewer      = (*client)(nil)
	_ provider.SeriesKeeper        = (*client)(nil)
	_ provider.RecurrenceMapper    = (*Driver)(nil)
)

// Config says where Microsoft is. The zero Config is the real one, for accounts of any organization and personal ones.
type Config struct {
	// APIURL is the base of Microsoft Graph with its version, such as https://graph.microsoft.com/v1.0.
	APIURL string
	// AuthURL is where a person consents; it holds the tenant, such as "common" or "organizations".
	AuthURL string
	// TokenURL is where codes and refresh tokens are redeemed; it holds the tenant too.
	TokenURL string
	// Clock dates subscriptions, and turns the date form of Retry-After into a wait; nil is the machine's clock.
	Clock clock.Clock
}

// Driver is Microsoft Graph.
type Driver struct{ config Config }

// New returns a driver.
func New(config Config) *Driver {
	config.APIURL = strings.TrimRight(cmp.Or(config.APIURL, apiURL), "/")
	config.AuthURL = cmp.Or(config.AuthURL, authURL)
	config.TokenURL = cmp.Or(config.TokenURL, tokenURL)
	if config.Clock == nil {
		config.Clock = clock.System{}
	}
	return &Driver{config: config}
}

// Name is cal.Microsoft.
func (d *Driver) Name() cal.Provider { return cal.Microsoft }

// MakesConferences marks that an event can be a Teams meeting (conference.go).
func (d *Driver) MakesConferences() {}

// Open returns a client for the account that httpc authorises.
func (d *Driver) Open(httpc *http.Client) (provider.Client, error) { return d.open(httpc, "me") }

// open returns a client of the user whom an escaped path of Graph names.
func (d *Driver) open(httpc *http.Client, user string) (provider.Client, error) {
	const op = "microsoft: open"
	base, err := url.Parse(d.config.APIURL)
	if err != nil || base.Host == "" {
		return nil, refused(op, "the configured API URL is no URL")
	}
	// The adapter gets factories of its own: those that the SDK registers for all add a store that leaves out what has not been changed.
	adapter, err := kiota.NewNetHttpRequestAdapterWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(
		&authentication.AnonymousAuthenticationProvider{}, // httpc authorises
		jsonserialization.NewJsonParseNodeFactory(), jsonserialization.NewJsonSerializationWriterFactory(), chain(httpc, user))
	if err != nil {
		return nil, refused(op, "no client can be made")
	}
	adapter.SetBaseUrl(d.config.APIURL)
	return &client{adapter: adapter, base: base, user: user, clock: d.config.Clock}, nil
}

// client acts for one account.
type client struct {
	adapter *kiota.NetHttpRequestAdapter
	base    *url.URL
	// user is the escaped path of the account: "me", or "users/" and what Graph knows it by.
	user  string
	clock clock.Clock
}

// me begins a request about the account itself. Builders are made anew for each request: they keep its parameters.
func (c *client) me() *users.UserItemRequestBuilder {
	return users.NewUserItemRequestBuilderInternal(map[string]string{"baseurl": c.adapter.GetBaseUrl(), "user%2Did": meToken}, c.adapter)
}

// events begins a request about the events of a calendar. The path names the calendar always: without it, events of shared calendars are
// not found (https://learn.microsoft.com/en-us/graph/api/event-get).
func (c *client) events(calendar cal.RemoteCalendarID) *users.ItemCalendarsItemEventsRequestBuilder {
	return c.me().Calendars().ByCalendarId(string(calendar)).Events()
}

func (c *client) event(ref provider.EventRef) *users.ItemCalendarsItemEventsEventItemRequestBuilder {
	return c.events(ref.Calendar).ByEventId(string(ref.ID))
}

func (c *client) subscriptions() *subscriptions.SubscriptionsRequestBuilder {
	return subscriptions.NewSubscriptionsRequestBuilderInternal(map[string]string{"baseurl": c.adapter.GetBaseUrl()}, c.adapter)
}
