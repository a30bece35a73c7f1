package tryout

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/calweave/calweave/internal/clock"
)

// DefaultTolerance is how far a timestamp may be from now; the libraries of Standard Webhooks allow as much.
const DefaultTolerance = 5 * time.Minute

// The things that can be wrong with a secret. It is not repeated.
var (
	ErrNoSecret   = errors.New("the secret is empty")
	ErrAsymmetric = errors.New("the secret is a key of an asymmetric signature: calweave signs with a whsec_ secret")
	ErrSecret     = errors.New("the secret is not whsec_ and base64, as calweave gives it out when an endpoint is made")
)

// Verifier checks messages against one secret.
type Verifier struct {
	key       *standardwebhooks.Webhook
	tolerance time.Duration
	clock     clock.Clock
}

// NewVerifier returns a Verifier; its error is one of this file's.
func NewVerifier(secret string, tolerance time.Duration, c clock.Clock) (*Verifier, error) {
	if strings.HasPrefix(secret, "whsk_") || strings.HasPrefix(secret, "whpk_") {
		return nil, ErrAsymmetric
	}
	if strings.TrimPrefix(secret, "whsec_") == "" {
		return nil, ErrNoSecret
	}
	key, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return nil, ErrSecret
	}
	return &Verifier{key, tolerance, c}, nil
}

// Verify returns everything that is wrong with a message, and nothing for one that is valid.
func (v *Verifier) Verify(h http.Header, body []byte) []string {
	var wrong []string
	for _, name := range []string{standardwebhooks.HeaderWebhookID, standardwebhooks.HeaderWebhookTimestamp, standardwebhooks.HeaderWebhookSignature} {
		if h.Get(name) == "" {
			wrong = append(wrong, name+" is missing")
		}
	}
	if len(wrong) > 0 {
		return wrong
	}
	seconds, err := strconv.ParseInt(h.Get(standardwebhooks.HeaderWebhookTimestamp), 10, 64)
	if err != nil {
		return []string{standardwebhooks.HeaderWebhookTimestamp + " is no number of seconds since 1970"}
	}
	if what := v.stale(time.Unix(seconds, 0)); what != "" {
		wrong = append(wrong, what)
	}
	if v.key.VerifyIgnoringTimestamp(body, h) != nil {
		wrong = append(wrong, v.mismatch(h, body))
	}
	return wrong
}

func (v *Verifier) stale(at time.Time) string {
	age := v.clock.Now().Sub(at)
	switch {
	case age > v.tolerance:
		return fmt.Sprintf("the timestamp is %s old, and %s is allowed: the message was replayed, or a clock is wrong", age.Round(time.Second), v.tolerance)
	case age < -v.tolerance:
		return fmt.Sprintf("the timestamp is %s ahead, and %s is allowed: a clock is wrong", -age.Round(time.Second), v.tolerance)
	default:
		return ""
	}
}

// mismatch says why a signature is not that of a message. What it was made of cannot be read from it; only likely bodies can be tried.
func (v *Verifier) mismatch(h http.Header, body []byte) string {
	if what := malformed(h.Get(standardwebhooks.HeaderWebhookSignature)); what != "" {
		return what
	}
	if v.key.VerifyIgnoringTimestamp(bytes.TrimRight(body, "\r\n"), h) == nil {
		return "the body has a line end that was not signed: pass it on as it arrived"
	}
	var compact bytes.Buffer
	if json.Compact(&compact, body) == nil && v.key.VerifyIgnoringTimestamp(compact.Bytes(), h) == nil {
		return "the body was formatted anew: verify the bytes that arrived, before anything parses them"
	}
	return "the signature is of another secret, or of another id, timestamp or body"
}

// malformed says what is wrong with signatures of which none could ever match.
func malformed(signatures string) string {
	const size = 32 // HMAC-SHA256
	symmetric := 0
	for signature := range strings.FieldsSeq(signatures) {
		version, text, _ := strings.Cut(signature, ",")
		if version != "v1" {
			continue
		}
		symmetric++
		if raw, err := base64.StdEncoding.DecodeString(text); err == nil && len(raw) == size {
			return ""
		}
	}
	if symmetric == 0 {
		return standardwebhooks.HeaderWebhookSignature + " has no v1 signature, which looks like v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="
	}
	return "the v1 signature is not 32 bytes in base64: it was cut off or changed"
}
