package google

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/api/googleapi"

	"github.com/calweave/calweave/contracts/fault"
)

// refusal is how Google says no: a status and the reason in the first of its errors. An empty reason stands for all that are not listed.
type refusal struct {
	status int
	reason string
}

// kinds is the table of refusals (https://developers.google.com/workspace/calendar/api/guides/errors and
// https://developers.google.com/workspace/calendar/api/guides/push). The reason decides before the status does.
//
//nolint:gochecknoglobals // a table, never written to
var kinds = map[refusal]fault.Kind{
	{400, ""}:                            fault.Invalid,
	{400, "channelIdNotUnique"}:          fault.Duplicate,
	{400, "push.webhookUrlNotHttps"}:     fault.Misconfigured, // our own address
	{401, ""}:                            fault.Unauthorized,
	{401, "push.webhookUrlUnauthorized"}: fault.Misconfigured, // about the address, not about the token
	{403, ""}:                            fault.Forbidden,
	{403, "rateLimitExceeded"}:           fault.RateLimited,
	{403, "userRateLimitExceeded"}:       fault.RateLimited,
	{403, "quotaExceeded"}:               fault.QuotaExhausted,
	{403, "dailyLimitExceeded"}:          fault.QuotaExhausted,
	{403, "accessNotConfigured"}:         fault.Misconfigured, // the API is switched off in our own project
	{403, "forbiddenForServiceAccounts"}: fault.Misconfigured, // the domain has not delegated to our service account
	{403, "notACalendarUser"}:            fault.Unsupported,
	{404, ""}:                            fault.NotFound,
	{408, ""}:                            fault.Transient,
	{409, ""}:                            fault.Conflict,
	{409, "duplicate"}:                   fault.Duplicate,
	{410, ""}:                            fault.NotFound, // only "deleted" proves a deletion
	{410, "deleted"}:                     fault.Gone,
	{410, "fullSyncRequired"}:            fault.CursorLost,
	{410, "updatedMinTooLongAgo"}:        fault.CursorLost,
	{412, ""}:                            fault.Conflict,
	{429, ""}:                            fault.RateLimited,
	{429, "quotaExceeded"}:               fault.QuotaExhausted,
	{429, "dailyLimitExceeded"}:          fault.QuotaExhausted,
	{503, "rateLimitExceeded"}:           fault.RateLimited,
	{503, "userRateLimitExceeded"}:       fault.RateLimited,
}

// tokenKinds is the table of the authorization server's errors (RFC 6749, sections 4.1.2.1 and 5.2, and
// https://developers.google.com/identity/protocols/oauth2/web-server). The descriptions that come with them are never read.
//
//nolint:gochecknoglobals // a table, never written to
var tokenKinds = map[string]fault.Kind{
	"invalid_grant":           fault.NeedsReauth, // revoked, unused for six months, one of too many, or a code that was used
	"invalid_token":           fault.NeedsReauth, // of the revocation endpoint
	"access_denied":           fault.NeedsConsent,
	"admin_policy_enforced":   fault.NeedsConsent,  // an administrator does not allow the scopes
	"org_internal":            fault.Misconfigured, // our project admits its own organisation only
	"invalid_client":          fault.Misconfigured,
	"deleted_client":          fault.Misconfigured,
	"disabled_client":         fault.Misconfigured,
	"unauthorized_client":     fault.Misconfigured,
	"redirect_uri_mismatch":   fault.Misconfigured,
	"invalid_scope":           fault.Misconfigured,
	"invalid_request":         fault.Misconfigured,
	"unsupported_grant_type":  fault.Misconfigured,
	"rate_limit_exceeded":     fault.RateLimited,
	"server_error":            fault.Transient,
	"temporarily_unavailable": fault.Transient,
	"internal_failure":        fault.Transient,
}

// tokenKind reports what an error of the authorization server means and whether it is listed. One that is not may pass: a grant that is given up
// wrongly costs its owner a visit.
func tokenKind(said string) (kind fault.Kind, listed bool) {
	if kind, listed = tokenKinds[said]; listed {
		return kind, true
	}
	return fault.Transient, false
}

// quotaPause is how long to stay away from an account that is over its usage limits: they are lifted after hours
// (https://knowledge.workspace.google.com/admin/calendar/avoid-calendar-use-limits).
const quotaPause = time.Hour

func kindOf(status int, reason string) fault.Kind {
	if kind, ok := kinds[refusal{status, reason}]; ok {
		return kind
	}
	if kind, ok := kinds[refusal{status, ""}]; ok {
		return kind
	}
	if status >= http.StatusBadRequest && status < http.StatusInternalServerError {
		return fault.Invalid
	}
	return fault.Transient
}

// throttled says whom a refusal is about, if it is about too many calls. rateLimitExceeded is "per calendar or per authenticated user";
// userRateLimitExceeded is the limit of the user in the project's console, quotaExceeded one of the limits that protect Google from a user,
// dailyLimitExceeded one of the whole project (https://developers.google.com/workspace/calendar/api/guides/errors).
func throttled(kind fault.Kind, reason string) fault.Scope {
	switch {
	case kind != fault.RateLimited && kind != fault.QuotaExhausted:
		return ""
	case reason == "dailyLimitExceeded":
		return fault.ScopeApplication
	case reason == "rateLimitExceeded":
		return fault.ScopeCalendar
	default:
		return fault.ScopeMailbox
	}
}

// fault says what to do about err, which is never nil.
func (c *client) fault(ctx context.Context, op string, err error) *fault.Error {
	if f, ok := fault.As(err); ok { // of the given transport: no token, no budget, an open breaker
		g := *f
		g.Op = op
		return &g
	}
	said, ok := errors.AsType[*googleapi.Error](err)
	if !ok {
		return unanswered(ctx, op, err)
	}
	reason := ""
	if len(said.Errors) > 0 {
		reason = said.Errors[0].Reason
	}
	status, err := strconv.Atoi(said.Header.Get(statusHeader))
	if err != nil {
		status = said.Code
	}
	f := &fault.Error{
		Kind: kindOf(status, reason), Op: op, Status: status, Code: code(reason),
		RetryAfter: fault.ParseRetryAfter(said.Header, c.clock.Now()),
	}
	if f.Kind == fault.Forbidden && reason == "" && said.Message == "" {
		f.Kind = fault.Transient // not the API's own words: something in between is refusing
	}
	f.Scope = throttled(f.Kind, reason)
	if f.Kind == fault.QuotaExhausted {
		f.RetryAfter = max(f.RetryAfter, quotaPause)
	}
	return f
}

// unanswered classifies a call that ended without an answer that can be read.
func unanswered(ctx context.Context, op string, err error) *fault.Error {
	_, syntax := errors.AsType[*json.SyntaxError](err)
	_, mistyped := errors.AsType[*json.UnmarshalTypeError](err)
	if ctx.Err() == nil && (syntax || mistyped) {
		return unreadable(op)
	}
	if ctx.Err() == nil && errors.Is(err, fault.ErrTooLarge) {
		return fault.New(fault.Transient, op, fault.ErrTooLarge)
	}
	return fault.Network(ctx, op, err)
}

// unreadable is a 2xx that makes no sense. A write may have taken effect.
func unreadable(op string) *fault.Error {
	return fault.Newf(fault.Transient, op, "the answer cannot be read")
}

// refused is a request that is wrong before it is sent.
func refused(op, why string) *fault.Error { return fault.Newf(fault.Invalid, op, "%s", why) }

// code returns a machine-readable reason if it looks like one: what a provider or something in between sends as a reason may be anything.
func code(reason string) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
	if len(reason) > 64 || strings.Trim(reason, letters) != "" {
		return ""
	}
	return reason
}
