package record

import (
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/cal"
)

// AppKind says by whose word an application acts.
type AppKind string

// The kinds.
const (
	// AppDelegated acts for owners who have consented.
	AppDelegated AppKind = "delegated"
	// AppOnly acts by itself, for mailboxes that an administrator has opened to it.
	AppOnly AppKind = "app_only"
)

// MaxApplications is how many applications a tenant may have.
const MaxApplications = 50

// AppPrefix is what the ids of tenants' applications begin with. The ids of the installation's own are the names of their providers.
const AppPrefix = "app"

// OfTenant reports whether an application is a tenant's, and not the installation's own.
func OfTenant(id cal.AppID) bool { return strings.HasPrefix(string(id), AppPrefix+"_") }

// Application is a client that a tenant has registered with a provider.
type Application struct {
	ID       cal.AppID
	Provider cal.Provider
	Kind     AppKind
	// Name is for people.
	Name string
	// ClientID is the provider's name of it; of a service account its address.
	ClientID string
	// EntraTenant is the id or a domain of the Entra tenant that it is asked for tokens in; empty for the installation's setting, and at other
	// providers.
	EntraTenant string
	// Credential is the client secret, or the JSON key file of a service account; empty where it is not needed.
	Credential string
	CreatedAt  time.Time
}

// NewMailbox is a mailbox to be connected by an app-only application.
type NewMailbox struct {
	Provider cal.Provider
	AppID    cal.AppID
	// Mailbox is what the provider knows it by: an address, or at Microsoft also a user's id.
	Mailbox string
	// Again names a connection of that mailbox to connect anew; empty for a new one.
	Again cal.ConnectionID
	Actor string
}
