package fault

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// Kind says what to do about a failure.
type Kind string

// The kinds.
const (
	// Transient may pass: back off and try again. Whether the call took effect is unknown.
	Transient Kind = "transient"
	// RateLimited means too many calls: wait at least RetryAfter; no attempt is spent.
	RateLimited Kind = "rate_limited"
	// QuotaExhausted means hours, not seconds: park; no attempt is spent.
	QuotaExhausted Kind = "quota_exhausted"
	// Busy means that somebody else is at it (a token refresh, an open breaker): come back after RetryAfter; no attempt is spent.
	Busy Kind = "busy"
	// Unauthorized means that the access token was refused: read the grant again, refresh, try again. It never revokes a grant.
	Unauthorized Kind = "unauthorized"
	// NeedsReauth is the token endpoint's verdict that the grant is dead: stop all calls of the connection until its owner reconnects.
	NeedsReauth Kind = "needs_reauth"
	// NeedsConsent is NeedsReauth where signing in again is not enough: the owner has to allow the application again, or an administrator of the
	// owner's organisation has to.
	NeedsConsent Kind = "needs_consent"
	// Forbidden means that the account may not do this here: no retry helps until rights change.
	Forbidden Kind = "forbidden"
	// NotFound means that the provider does not know the thing or will not say: no proof that it was deleted.
	NotFound Kind = "not_found"
	// Gone is the provider's proof that the thing existed and was deleted.
	Gone Kind = "gone"
	// Conflict means that the thing changed since it was read: read it again and decide anew.
	Conflict Kind = "conflict"
	// Duplicate means that a create's key is taken: read what took it and adopt it.
	Duplicate Kind = "duplicate"
	// CursorLost means that an incremental listing cannot go on: begin a snapshot and keep the old rows until it is published.
	CursorLost Kind = "cursor_lost"
	// Invalid means that the request itself is wrong: no retry helps.
	Invalid Kind = "invalid"
	// Misconfigured means that only the operator of this installation can help: a client secret that is wrong or has expired, an API that is
	// switched off in the provider's project. No data and no grant is at fault: wait, and try again; no attempt is spent.
	Misconfigured Kind = "misconfigured"
	// Unsupported means that the provider cannot do this for this account.
	Unsupported Kind = "unsupported"
	// Canceled means that our own context ended the call: give the work back, nothing is spent.
	Canceled Kind = "canceled"
	// Fenced means that the lease was lost to somebody else: drop everything, write nothing.
	Fenced Kind = "fenced"
	// Held means that the work must wait for a person: a reconnect or an operator's approval.
	Held Kind = "held"
)

// ErrTooLarge stands in the chain of a failure whose answer was longer than its reader takes. Whoever asked for a list asks for less of it at
// once; the same question again would end the same way.
var ErrTooLarge = errors.New("the answer is too large")

// EndsGrant reports whether a kind is the token endpoint's verdict that a grant is dead.
func (k Kind) EndsGrant() bool { return k == NeedsReauth || k == NeedsConsent }

// Error is a failure with the caller's next move. Its text never holds a secret, a URL's query or a body: only the operation, the kind, and
// the provider's status and code.
type Error struct {
	Kind Kind
	// Op is the operation in our words, such as "google: create event".
	Op string
	// Status is the HTTP status; 0 when there was no answer.
	Status int
	// Code is the provider's machine-readable reason.
	Code string
	// Unlisted says that the driver's tables do not know Code, so that Kind is what is safe to take it for. It is worth a line in a log.
	Unlisted bool
	// RetryAfter is how long to stay away at least, counted from now; 0 when nothing was said.
	RetryAfter time.Duration
	// InLine says that RetryAfter is a place of its own among those who were refused: it needs little jitter, and is worth keeping.
	InLine bool
	// Scope says whom RateLimited and QuotaExhausted are about; empty stands for the mailbox.
	Scope Scope
	// Existing is the id of what holds a duplicate key, where the provider tells it.
	Existing string
	// Err is the cause. It has to keep the promise about secrets too.
	Err error
}

// New makes an Error of a kind for an operation.
func New(kind Kind, op string, err error) *Error { return &Error{Kind: kind, Op: op, Err: err} }

// Newf makes an Error of a kind for an operation with a reason in words.
func Newf(kind Kind, op, format string, args ...any) *Error {
	return New(kind, op, fmt.Errorf(format, args...))
}

// Error gives the operation, the kind and what is known about the cause.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	b.WriteString(": ")
	b.WriteString(string(e.Kind))
	if e.Status != 0 {
		fmt.Fprintf(&b, " (%d", e.Status)
		if e.Code != "" {
			b.WriteString(" " + e.Code)
		}
		b.WriteString(")")
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, ", retry after %s", e.RetryAfter)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// As returns the Error in err's chain, if there is one.
func As(err error) (*Error, bool) {
	e, ok := errors.AsType[*Error](err)
	return e, ok
}

// KindOf returns what to do about err. Without an Error in its chain, an ended context is Canceled and everything else Transient.
func KindOf(err error) Kind {
	if e, ok := As(err); ok {
		return e.Kind
	}
	if errors.Is(err, context.Canceled) {
		return Canceled
	}
	return Transient
}

// Is reports whether err is of the kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// RetryAfter returns how long err says to stay away, or 0.
func RetryAfter(err error) time.Duration {
	if e, ok := As(err); ok {
		return e.RetryAfter
	}
	return 0
}

// Network classifies a failure without an answer: our own cancellation, or something that may pass.
func Network(ctx context.Context, op string, err error) *Error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return New(Canceled, op, context.Canceled)
	}
	var ne net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &ne) && ne.Timeout() {
		return Newf(Transient, op, "no answer in time")
	}
	return Newf(Transient, op, "connection failed")
}
