package microsoft

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/microsoftgraph/msgraph-sdk-go/models/odataerrors"

	"github.com/calweave/calweave/contracts/fault"
)

// refusal is how Graph says no: a status and a code in lower case. Status 0 stands for any, an empty code for all that are not listed.
type refusal struct {
	status int
	code   string
}

// kinds is the table of refusals (https://learn.microsoft.com/en-us/graph/errors, https://learn.microsoft.com/en-us/graph/throttling and
// https://learn.microsoft.com/en-us/graph/delta-query-overview). The code decides before the status does; Graph is not consistent in the
// case of codes, nor in the status that it sends some of them with.
//
//nolint:gochecknoglobals // a table, never written to
var kinds = map[refusal]fault.Kind{
	{0, "errorduplicatetransactionid"}:       fault.Duplicate,
	{0, "applicationthrottled"}:              fault.RateLimited, // more than four requests at once for a mailbox, among others
	{0, "mailboxconcurrency"}:                fault.RateLimited,
	{0, "toomanyrequests"}:                   fault.RateLimited,
	{0, "activitylimitreached"}:              fault.RateLimited,
	{0, "errorquotaexceeded"}:                fault.QuotaExhausted, // the mailbox is full
	{0, "syncstatenotfound"}:                 fault.CursorLost,
	{0, "syncstateinvalid"}:                  fault.CursorLost,
	{0, "resyncrequired"}:                    fault.CursorLost,
	{0, "mailboxnotenabledforrestapi"}:       fault.Unsupported,
	{0, "mailboxnotsupportedforrestapi"}:     fault.Unsupported,
	{400, ""}:                                fault.Invalid,
	{400, "erroroccurrencecrossingboundary"}: fault.Invalid,   // an occurrence may not be moved to or past the day of its neighbours
	{400, "validationerror"}:                 fault.Transient, // our own address did not answer the handshake of a subscription
	{400, "extensionerror"}:                  fault.Unsupported,
	{403, "extensionerror"}:                  fault.Unsupported,
	{401, ""}:                                fault.Unauthorized,
	{403, ""}:                                fault.Forbidden,
	{404, ""}:                                fault.NotFound, // never fault.Gone: what was deleted and what the account may not see answer the same
	{408, ""}:                                fault.Transient,
	{409, ""}:                                fault.Conflict,
	{410, ""}:                                fault.NotFound,
	{412, ""}:                                fault.Conflict,
	{423, ""}:                                fault.Transient,
	{429, ""}:                                fault.RateLimited,
	{501, ""}:                                fault.Unsupported,
	{507, ""}:                                fault.QuotaExhausted,
	{509, ""}:                                fault.RateLimited,
}

// tokenKinds is the table of the authorization server's errors
// (https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow#error-codes-for-token-endpoint-errors), aadsts that of the
// codes which say more (https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes). The descriptions are never read: they
// are for persons, and change.
//
//nolint:gochecknoglobals // tables, never written to
var (
	tokenKinds = map[string]fault.Kind{
		"invalid_grant":           fault.NeedsReauth,
		"interaction_required":    fault.NeedsReauth,
		"login_required":          fault.NeedsReauth,
		"consent_required":        fault.NeedsConsent,
		"access_denied":           fault.NeedsConsent,
		"invalid_request":         fault.Misconfigured,
		"invalid_client":          fault.Misconfigured,
		"unauthorized_client":     fault.Misconfigured,
		"invalid_scope":           fault.Misconfigured,
		"invalid_resource":        fault.Misconfigured,
		"unsupported_grant_type":  fault.Misconfigured,
		"temporarily_unavailable": fault.Transient,
		"server_error":            fault.Transient,
	}

	aadsts = map[string]fault.Kind{
		"65001": fault.NeedsConsent, // nobody has consented, or not any more
		"65004": fault.NeedsConsent, // the owner said no
		"90094": fault.NeedsConsent, // an administrator has to approve
		"90095": fault.NeedsConsent,

		"50072":  fault.NeedsReauth, // another factor: to be set up, asked for, or too old
		"50074":  fault.NeedsReauth,
		"50076":  fault.NeedsReauth,
		"50078":  fault.NeedsReauth,
		"50079":  fault.NeedsReauth,
		"50158":  fault.NeedsReauth, // a challenge elsewhere
		"53000":  fault.NeedsReauth, // Conditional Access
		"53001":  fault.NeedsReauth,
		"53002":  fault.NeedsReauth,
		"53003":  fault.NeedsReauth,
		"53004":  fault.NeedsReauth,
		"530032": fault.NeedsReauth,
		"530035": fault.NeedsReauth,
		"70000":  fault.NeedsReauth, // the token: not one, unused for too long, revoked, of another password, too old for the sign-in frequency
		"70008":  fault.NeedsReauth,
		"700082": fault.NeedsReauth,
		"700084": fault.NeedsReauth,
		"50173":  fault.NeedsReauth,
		"50132":  fault.NeedsReauth,
		"50133":  fault.NeedsReauth,
		"70043":  fault.NeedsReauth,
		"50020":  fault.NeedsReauth, // the account: not of the directory, disabled, locked, with an ended password, not assigned to the application
		"50034":  fault.NeedsReauth,
		"50053":  fault.NeedsReauth,
		"50055":  fault.NeedsReauth,
		"50057":  fault.NeedsReauth,
		"50105":  fault.NeedsReauth,
		"50144":  fault.NeedsReauth,

		"7000215": fault.Misconfigured, // our secret: wrong, missing, expired
		"7000218": fault.Misconfigured,
		"7000222": fault.Misconfigured,
		"50011":   fault.Misconfigured, // our registration: redirect URI, directory, audience, permissions
		"700011":  fault.Misconfigured,
		"700016":  fault.Misconfigured,
		"50194":   fault.Misconfigured,
		"90130":   fault.Misconfigured,
		"9002332": fault.Misconfigured,
		"65005":   fault.Misconfigured,
		"650052":  fault.Misconfigured,
		"650056":  fault.Misconfigured,
		"70011":   fault.Misconfigured, // our request: scope, more than one resource
		"700022":  fault.Misconfigured,
		"54005":   fault.Misconfigured, // our use of a code: redeemed before, or with another verifier
		"50147":   fault.Misconfigured,
		"501481":  fault.Misconfigured,

		"50033": fault.Transient, // busy, throttled, or the same request in a loop
		"50196": fault.Transient,
		"90024": fault.Transient,
		"90033": fault.Transient,
		"90055": fault.Transient,
	}
)

// tokenKind reports what a refusal means and whether all that it says is listed. A code decides within what its error leaves open. One that is not
// listed follows its error, and an error that is not listed never ends a grant: one that is given up wrongly costs its owner a visit.
func tokenKind(said tokenRefusal) (kind fault.Kind, listed bool) {
	byError, known := tokenKinds[said.Error]
	byCode, told := codeKind(said.Codes)
	listed = known && unlisted(said.Codes) == ""
	if !known {
		byError = fault.Transient
	}
	if !told && said.Sub == "consent_required" {
		byCode, told = fault.NeedsConsent, true
	}
	if told && overrules(byCode, byError, known) {
		return byCode, listed
	}
	return byError, listed
}

// overrules reports whether a code decides about an error that it came with.
func overrules(byCode, byError fault.Kind, known bool) bool {
	switch {
	case !known:
		return !byCode.EndsGrant()
	case byError == fault.Misconfigured:
		return byCode == fault.Transient
	default:
		return byError.EndsGrant()
	}
}

// unlisted is the first code that is in no table; empty for none.
func unlisted(codes []json.Number) string {
	for _, number := range codes {
		if _, ok := aadsts[number.String()]; !ok {
			return number.String()
		}
	}
	return ""
}

// codeKind is what the codes say. Of several, one that leaves the grant alive is believed.
func codeKind(codes []json.Number) (kind fault.Kind, told bool) {
	for _, number := range codes {
		one, ok := aadsts[number.String()]
		if ok && (!told || kind.EndsGrant() && !one.EndsGrant()) {
			kind, told = one, true
		}
	}
	return kind, told
}

func kindOf(status int, code string) fault.Kind {
	code = strings.ToLower(code)
	for _, r := range []refusal{{status, code}, {0, code}, {status, ""}} {
		if kind, ok := kinds[r]; ok {
			return kind
		}
	}
	if status >= http.StatusBadRequest && status < http.StatusInternalServerError {
		return fault.Invalid
	}
	return fault.Transient
}

// fault says what to do about err, which is never nil.
func (c *client) fault(ctx context.Context, op string, err error) *fault.Error {
	if f, ok := fault.As(err); ok { // of the given transport: no token, no budget, an open breaker
		g := *f
		g.Op = op
		return &g
	}
	said, ok := errors.AsType[*odataerrors.ODataError](err)
	if !ok {
		return unanswered(ctx, op, err)
	}
	f := &fault.Error{Op: op, Status: said.ResponseStatusCode}
	if inner := said.GetErrorEscaped(); inner != nil {
		f.Code = text(inner.GetCode())
		f.Existing = text(extra(inner.GetAdditionalData(), "@event.existingEventId"))
	}
	f.Kind = kindOf(f.Status, f.Code)
	if f.Kind == fault.RateLimited || f.Kind == fault.QuotaExhausted {
		// Outlook's limits are per application and mailbox, and other mailboxes are not affected
		// (https://learn.microsoft.com/en-us/graph/throttling-limits).
		f.Scope = fault.ScopeMailbox
	}
	if f.Kind == fault.Forbidden && f.Code == "" {
		f.Kind = fault.Transient // not Graph's own words: something in between is refusing
	}
	for _, value := range said.ResponseHeaders.Get("Retry-After") {
		f.RetryAfter = max(f.RetryAfter, fault.ParseRetryAfter(http.Header{"Retry-After": {value}}, c.clock.Now()))
	}
	return f
}

// unanswered classifies a call that ended without an answer that can be read.
func unanswered(ctx context.Context, op string, err error) *fault.Error {
	switch {
	case ctx.Err() == nil && errors.Is(err, errNoObject):
		return unreadable(op)
	case ctx.Err() == nil && errors.Is(err, fault.ErrTooLarge):
		return fault.New(fault.Transient, op, fault.ErrTooLarge)
	default:
		return fault.Network(ctx, op, err)
	}
}

// unreadable is a 2xx that makes no sense. A write may have taken effect.
func unreadable(op string) *fault.Error {
	return fault.Newf(fault.Transient, op, "the answer cannot be read")
}

// refused is a request that is wrong before it is sent.
func refused(op, why string) *fault.Error { return fault.Newf(fault.Invalid, op, "%s", why) }

// code returns a machine-readable code if it looks like one: what a provider or something in between sends as a code may be anything.
func code(said string) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
	if len(said) > 64 || strings.Trim(said, letters) != "" {
		return ""
	}
	return said
}
