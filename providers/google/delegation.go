package google

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/contracts/provider"
)

// assertionGrant is the grant type by which a service account asks for a token (RFC 7523, section 2.1), and assertionLife how long its assertion
// is good for: an hour at most (https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests).
const (
	assertionGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	assertionLife  = time.Hour
)

// serviceAccount is the part of a service account's JSON key file that is used
// (https://cloud.google.com/iam/docs/keys-create-delete#creating). Its token_uri is not: an assertion goes to Google and nowhere else.
type serviceAccount struct {
	Type         string `json:"type"`
	ClientEmail  string `json:"client_email"`
	PrivateKeyID string `json:"private_key_id"`
	PrivateKey   string `json:"private_key"`
}

// claims are what a service account asserts.
type claims struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Scope    string `json:"scope"`
	Audience string `json:"aud"`
	Issued   int64  `json:"iat"`
	Expires  int64  `json:"exp"`
}

// AppToken asks by domain-wide delegation: a service account signs that it acts for a user of a domain whose administrator has delegated these very
// scopes to it (https://developers.google.com/identity/protocols/oauth2/service-account). The credential is the service account's JSON key file.
func (d *Driver) AppToken(app provider.AppCredential, mailbox string) (provider.TokenRequest, error) {
	const op = "google: app-only token"
	account, key, problem := parseKeyFile(app)
	if problem != "" {
		return provider.TokenRequest{}, fault.Newf(fault.Misconfigured, op, "%s", problem)
	}
	now := d.config.Clock.Now()
	assertion, err := sign(key, account.PrivateKeyID, claims{
		Issuer: account.ClientEmail, Subject: mailbox, Scope: strings.Join(d.OAuth().Scopes, " "), Audience: d.config.TokenURL,
		Issued: now.Unix(), Expires: now.Add(assertionLife).Unix(),
	})
	if err != nil {
		return provider.TokenRequest{}, fault.Newf(fault.Misconfigured, op, "the private key cannot sign: make a new key of the service account")
	}
	return provider.TokenRequest{URL: d.config.TokenURL, Form: url.Values{"grant_type": {assertionGrant}, "assertion": {assertion}}}, nil
}

// parseKeyFile reads a key file, or says what is wrong with it without quoting any of it.
func parseKeyFile(app provider.AppCredential) (a serviceAccount, key *rsa.PrivateKey, problem string) {
	if json.Unmarshal([]byte(app.Secret), &a) != nil || a.Type != "service_account" {
		return a, nil, "it is no service account's key file: give the JSON file that the Google Cloud console made, whole"
	}
	if !strings.EqualFold(a.ClientEmail, app.ClientID) {
		return a, nil, "it is the key of another service account than client_id says: give the file's client_email as client_id"
	}
	block, _ := pem.Decode([]byte(a.PrivateKey))
	if block == nil {
		return a, nil, "private_key is no PEM: give the key file as it was made, with its \\n"
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return a, nil, "private_key cannot be read: make a new key of the service account"
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return a, nil, "private_key is no RSA key: make a new key of the service account"
	}
	return a, key, ""
}

// sign makes a JSON Web Token, signed by RS256 (RFC 7515, section 3.1; RFC 7518, section 3.3).
func sign(key *rsa.PrivateKey, id string, c claims) (string, error) {
	head, err := json.Marshal(map[string]string{"alg": "RS256", "typ": "JWT", "kid": id})
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(body)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), err
}

// OpenMailbox is Open: the token itself says for whom it acts.
func (d *Driver) OpenMailbox(httpc *http.Client, _ string) (provider.Client, error) {
	return d.Open(httpc)
}
