package oauth

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/calweave/calweave/internal/sim/stage"
)

// Application is one that acts by itself, and what the administrator of a domain has opened to it.
type Application struct {
	// Client is its id; of a service account its address.
	Client string `json:"-"`
	// Domain is that of the accounts which it may act for.
	Domain string `json:"domain"`
	// Permissions are scopes (Google) or application permissions (Microsoft); none closes the domain to it.
	Permissions []string `json:"permissions,omitempty"`
	// PublicKey is a service account's, as PEM.
	PublicKey string `json:"public_key,omitempty"`
}

// Applications are those that act by themselves. It is safe for concurrent use.
type Applications struct {
	mu    sync.RWMutex
	known map[string]*knownApplication
}

type knownApplication struct {
	key *rsa.PublicKey
	// permissions are by domain.
	permissions map[string][]string
}

// NewApplications returns none.
func NewApplications() *Applications { return &Applications{known: map[string]*knownApplication{}} }

// Put sets what one application may do in one domain, and the key that it signs with if it has one.
func (a *Applications) Put(app Application) error {
	if app.Client == "" || app.Domain == "" {
		return fmt.Errorf("%w: an application needs client and domain", stage.ErrInvalid)
	}
	var key *rsa.PublicKey
	if app.PublicKey != "" {
		var err error
		if key, err = publicKey(app.PublicKey); err != nil {
			return fmt.Errorf("%w: public_key: %w", stage.ErrInvalid, err)
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	one := a.known[strings.ToLower(app.Client)]
	if one == nil {
		one = &knownApplication{permissions: map[string][]string{}}
		a.known[strings.ToLower(app.Client)] = one
	}
	one.key, one.permissions[strings.ToLower(app.Domain)] = key, slices.Clone(app.Permissions)
	return nil
}

func publicKey(text string) (*rsa.PublicKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("no PEM")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, errors.New("no public key in PKIX form")
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("no RSA key")
	}
	return key, nil
}

// Permissions are what the application may do in the domain. It is not known if it was never put, for whichever domain.
func (a *Applications) Permissions(client, domain string) (permissions []string, known bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	one := a.known[strings.ToLower(client)]
	if one == nil {
		return nil, false
	}
	return one.permissions[strings.ToLower(domain)], true
}

// Claims are what an assertion says (RFC 7523, section 3).
type Claims struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Scope    string `json:"scope"`
	Audience string `json:"aud"`
	Issued   int64  `json:"iat"`
	Expires  int64  `json:"exp"`
}

// Why an assertion is refused.
var (
	ErrUnknownIssuer = errors.New("unknown issuer")
	ErrBadSignature  = errors.New("the signature does not fit")
	ErrNoAssertion   = errors.New("the assertion cannot be read")
)

// Verify reads an assertion that its issuer has signed by RS256 (RFC 7518, section 3.3).
func (a *Applications) Verify(assertion string) (Claims, error) {
	var c Claims
	var head struct {
		Algorithm string `json:"alg"`
	}
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 || readPart(parts[0], &head) != nil || readPart(parts[1], &c) != nil || head.Algorithm != "RS256" {
		return Claims{}, ErrNoAssertion
	}
	a.mu.RLock()
	one := a.known[strings.ToLower(c.Issuer)]
	a.mu.RUnlock()
	if one == nil || one.key == nil {
		return Claims{}, ErrUnknownIssuer
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || rsa.VerifyPKCS1v15(one.key, crypto.SHA256, sum[:], signature) != nil {
		return Claims{}, ErrBadSignature
	}
	return c, nil
}

func readPart(part string, into any) error {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}
