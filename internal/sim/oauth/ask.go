package oauth

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/calweave/calweave/internal/sim/stage"
)

// Why a code is not exchanged.
var (
	ErrUnknownCode  = errors.New("unknown code")
	ErrUsedCode     = errors.New("the code was used")
	ErrExpiredCode  = errors.New("the code has expired")
	ErrOtherClient  = errors.New("the code is another client's")
	ErrBadRedirect  = errors.New("the redirect URI differs")
	ErrBadVerifier  = errors.New("the code verifier does not match")
	ErrNoVerifier   = errors.New("the code verifier is missing")
	ErrBadChallenge = errors.New("the code challenge method is not S256 or plain")
	ErrNoHash       = errors.New("the code challenge is not the hash that S256 makes")
)

// codeLife is how long a code can be exchanged; about ten minutes at Microsoft
// (https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow).
const codeLife = 10 * time.Minute

// Ask is an authorization request (RFC 6749, section 4.1.1) that waits for a person's word.
type Ask struct {
	ID        string
	Client    string
	Redirect  string
	State     string
	Scopes    []string
	Challenge string
	Method    string
	Hint      string
	// Query is the whole request, for what only one provider knows.
	Query url.Values

	begun time.Time
}

// NewAsk reads an authorization request.
func NewAsk(q url.Values) Ask {
	return Ask{
		Client: q.Get("client_id"), Redirect: q.Get("redirect_uri"), State: q.Get("state"),
		Scopes:    strings.Fields(q.Get("scope")),
		Challenge: q.Get("code_challenge"), Method: q.Get("code_challenge_method"), Hint: q.Get("login_hint"), Query: q,
	}
}

// CheckChallenge fails on a code challenge method that is not known, and with S256 on a challenge that is missing or is no hash (RFC 7636,
// sections 4.2 and 4.3).
func (a Ask) CheckChallenge() error {
	if a.Method == "S256" && !hash(a.Challenge) {
		return ErrNoHash
	}
	if a.Challenge != "" && !slices.Contains([]string{"", "plain", "S256"}, a.Method) {
		return ErrBadChallenge
	}
	return nil
}

// hash reports whether the text is a SHA-256 hash in base64url without padding. The decoder passes over line breaks, so the length counts too.
func hash(text string) bool {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	return err == nil && len(raw) == sha256.Size && len(text) == base64.RawURLEncoding.EncodedLen(sha256.Size)
}

// verify compares a code verifier with the challenge (RFC 7636, section 4.6).
func (a Ask) verify(verifier string) error {
	if a.Challenge == "" {
		return nil
	}
	if verifier == "" {
		return ErrNoVerifier
	}
	want := verifier
	if a.Method == "S256" {
		sum := sha256.Sum256([]byte(verifier))
		want = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	if want != a.Challenge {
		return ErrBadVerifier
	}
	return nil
}

// Begin keeps the request until the person has decided, and returns its id.
func (l *Ledger) Begin(a Ask) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.ID = l.ids.Hex(24)
	a.begun = l.clock.Now()
	l.asks[a.ID] = a
	stage.Trim(l.asks, maxAsks, func(a Ask) int64 { return a.begun.UnixNano() })
	return a.ID
}

// Decide takes a request back once the person has decided.
func (l *Ledger) Decide(id string) (Ask, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a, ok := l.asks[id]
	delete(l.asks, id)
	return a, ok
}

// Consent is a person's yes to an Ask.
type Consent struct {
	Ask

	Account string
	// Granted are the scopes that the person agreed to.
	Granted []string
}

type code struct {
	Consent

	expires time.Time
	used    bool
}

// Code makes a code that stands for the consent.
func (l *Ledger) Code(prefix string, c Consent) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := prefix + l.ids.Hex(40)
	stage.Trim(l.codes, maxAsks, func(c *code) int64 { return c.expires.UnixNano() })
	l.codes[name] = &code{Consent: c, expires: l.clock.Now().Add(codeLife)}
	return name
}

// Redeem uses up a code. A refused request does not use it up.
func (l *Ledger) Redeem(client Client, form url.Values) (Consent, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.codes[form.Get("code")]
	switch {
	case c == nil:
		return Consent{}, ErrUnknownCode
	case c.used:
		return Consent{}, ErrUsedCode
	case l.clock.Now().After(c.expires):
		return Consent{}, ErrExpiredCode
	case c.Client != client.ID:
		return Consent{}, ErrOtherClient
	case c.Redirect != form.Get("redirect_uri"):
		return Consent{}, ErrBadRedirect
	}
	if err := c.verify(form.Get("code_verifier")); err != nil {
		return Consent{}, err
	}
	c.used = true
	return c.Consent, nil
}
