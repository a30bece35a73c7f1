package microsoft

import (
	"context"
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
	{0, "errorduplicatetransactionid"}:   fault.Duplicate,
	{0, "applicationthrottled"}:          fault.RateLimited, // more than four requests at once for a mailbox, among others
	{0, "mailboxconcurrency"}:            fault.RateLimited,
	{0, "toomanyrequests"}:               fault.RateLimited,
	{0, "activitylimitreached"}:          fault.RateLimited,
	{0, "errorquotaexceeded"}:            fault.QuotaExhausted, // the mailbox is full
	{0, "syncstatenotfound"}:             fault.CursorLost,
	{0, "syncstateinvalid"}:              fault.CursorLost,
	{0, "resyncrequired"}:                fault.CursorLost,
	{0, "mailboxnotenabledforrestapi"}:   fault.Unsupported,
	{0, "mailboxnotsupportedforrestapi"}: fault.Unsupported,
	{400, ""}:                            fault.Invalid,
	{400, "validationerror"}:             fault.Transient, // our own address did not answer the handshake of a subscription
	{400, "extensionerror"}:              fault.Unsupported,
	{403, "extensionerror"}:              fault.Unsupported,
	{401, ""}:                            fault.Unauthorized,
	{403, ""}:                            fault.Forbidden,
	{404, ""}:                            fault.NotFound, // never fault.Gone: what was deleted and what the account may not see answer the same
	{408, ""}:                            fault.Transient,
	{409, ""}:                            fault.Conflict,
	{410, ""}:                            fault.NotFound,
	{412, ""}:                            fault.Conflict,
	{423, ""}:                            fault.Transient,
	{429, ""}:                            fault.RateLimited,
	{501, ""}:                            fault.Unsupported,
	{507, ""}:                            fault.QuotaExhausted,
	{509, ""}:                            fault.RateLimited,
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
