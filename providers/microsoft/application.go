package microsoft

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

// appScope asks for all application permissions that an administrator has granted
// (https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow).
const appScope = "https://graph.microsoft.com/.default"

// In returns the driver for an Entra tenant: each has an address of its own at the authorization server, which is the only one that serves what is
// registered for that tenant alone (https://learn.microsoft.com/en-us/entra/identity-platform/v2-protocols#endpoints).
func (d *Driver) In(tenant string) (provider.Driver, error) {
	const op = "microsoft: tenant"
	config := d.config
	for _, address := range []*string{&config.AuthURL, &config.TokenURL} {
		root, rest, ok := splitTenant(*address)
		if !ok {
			return nil, fault.Newf(fault.Misconfigured, op, "the configured addresses name no tenant that another could take the place of")
		}
		if url.PathEscape(tenant) != tenant || !segment(tenant) {
			return nil, fault.Newf(fault.Misconfigured, op, "give the tenant's id, or one of its domains")
		}
		*address = root + tenant + rest
	}
	return &Driver{config: config}, nil
}

// splitTenant takes the tenant out of an address of the authorization server.
func splitTenant(address string) (root, rest string, ok bool) {
	const platform = "/oauth2/v2.0/"
	end := strings.LastIndex(address, platform)
	if end < 0 {
		return "", "", false
	}
	begin := strings.LastIndexByte(address[:end], '/') + 1
	return address[:begin], address[end:], begin > 0 && begin < end
}

// AppToken asks by client credentials: the application acts with the permissions that an administrator of the Entra tenant has granted it, which
// are for all mailboxes of the tenant unless Exchange narrows them
// (https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow). The credential is a client secret.
func (d *Driver) AppToken(app provider.AppCredential, _ string) (provider.TokenRequest, error) {
	root, rest, ok := splitTenant(d.config.TokenURL)
	tenant := strings.TrimSuffix(strings.TrimPrefix(d.config.TokenURL, root), rest)
	if !ok || slices.Contains([]string{"common", "organizations", "consumers"}, strings.ToLower(tenant)) {
		return provider.TokenRequest{}, fault.Newf(fault.Misconfigured, "microsoft: app-only token", "an application that acts by itself needs entra_tenant")
	}
	return provider.TokenRequest{URL: d.config.TokenURL, Form: url.Values{
		"grant_type": {"client_credentials"}, "client_id": {app.ClientID}, "client_secret": {app.Secret}, "scope": {appScope},
	}}, nil
}

// OpenMailbox returns a client of a mailbox. There is no /me without an owner who has signed in: paths name the user
// (https://learn.microsoft.com/en-us/graph/api/user-list-calendars).
func (d *Driver) OpenMailbox(httpc *http.Client, mailbox string) (provider.Client, error) {
	if !segment(mailbox) {
		return nil, refused("microsoft: open", "the mailbox is no address and no id")
	}
	return d.open(httpc, "users/"+url.PathEscape(mailbox))
}
