package oauth

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/sim/stage"
)

// Why a refresh token is refused.
var (
	ErrUnknownToken = errors.New("unknown refresh token")
	ErrRevoked      = errors.New("the grant was revoked")
	ErrEnded        = errors.New("the grant was for a time that is over")
	ErrInactive     = errors.New("the refresh token was not used for too long")
)

// maxTokens and maxAsks bound what a ledger remembers of tokens, codes and requests, each: the oldest is forgotten, as if it had never been.
const (
	maxTokens = 100_000
	maxAsks   = 10_000
)

// Grant is what one account allowed one client. Its fields do not change.
type Grant struct {
	ID      string
	Account string
	Client  string
	Scopes  []string
	// Tenant is set where an application acts for itself in that tenant; there is no account then.
	Tenant string
}

// Access is an access token's meaning. Scopes are those that this token carries.
type Access struct {
	Grant

	Expires time.Time
}

// Ledger holds the grants and tokens of one authorization server. It is safe for concurrent use.
type Ledger struct {
	clock clock.Clock
	ids   *stage.IDs
	// Idle is how long a refresh token lives without being used; 0 is for good.
	idle time.Duration
	// keep is how many refresh tokens an account has per client; 0 is any number.
	keep int
	// most is maxTokens but in tests.
	most int

	mu        sync.RWMutex
	asks      map[string]Ask
	codes     map[string]*code
	access    map[string]Access
	refresh   map[string]*refreshToken
	revoked   map[string]bool
	consented map[string][]string
	// minted are the refresh tokens of an account and client, the oldest first, if only some are kept.
	minted map[string][]string
	// ends are the grants that end by themselves.
	ends map[string]time.Time
}

type refreshToken struct {
	grant Grant
	used  time.Time
}

// NewLedger returns an empty ledger whose refresh tokens die when they are not used for idle.
func NewLedger(c clock.Clock, ids *stage.IDs, idle time.Duration) *Ledger {
	return &Ledger{
		clock: c, ids: ids, idle: idle, most: maxTokens, asks: map[string]Ask{}, codes: map[string]*code{}, access: map[string]Access{},
		refresh: map[string]*refreshToken{}, revoked: map[string]bool{}, consented: map[string][]string{},
		minted: map[string][]string{}, ends: map[string]time.Time{},
	}
}

// Keep makes the ledger drop an account's oldest refresh token of a client, without a word, when there are more than n of them.
func (l *Ledger) Keep(n int) *Ledger {
	l.keep = n
	return l
}

// Limit ends the grant's refresh tokens after that time, however much they are used.
func (l *Ledger) Limit(g Grant, life time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ends[g.ID] = l.clock.Now().Add(life)
}

// Open makes a grant.
func (l *Ledger) Open(account, client string, scopes []string) Grant {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Grant{ID: l.ids.Hex(16), Account: account, Client: client, Scopes: scopes}
}

// Consented adds the scopes to those that the account ever allowed the client, and returns the ones from before; nil at the first consent.
func (l *Ledger) Consented(account, client string, scopes []string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := strings.ToLower(account) + " " + client
	before := l.consented[key]
	l.consented[key] = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(before), scopes...))))
	return before
}

// MintAccess makes an access token for the grant that carries the scopes and lives that long.
func (l *Ledger) MintAccess(prefix string, g Grant, scopes []string, life time.Duration) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := prefix + l.ids.Hex(48)
	g.Scopes = scopes
	l.access[name] = Access{Grant: g, Expires: l.clock.Now().Add(life)}
	stage.Trim(l.access, l.most, func(a Access) int64 { return a.Expires.UnixNano() })
	return name
}

// MintRefresh makes a further refresh token for the grant.
func (l *Ledger) MintRefresh(prefix string, g Grant) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := prefix + l.ids.Hex(48)
	l.refresh[name] = &refreshToken{grant: g, used: l.clock.Now()}
	stage.Trim(l.refresh, l.most, func(t *refreshToken) int64 { return t.used.UnixNano() })
	l.crowdOut(name, g)
	return name
}

// crowdOut drops the oldest token that is alive once there are too many. l.mu is held.
func (l *Ledger) crowdOut(name string, g Grant) {
	if l.keep == 0 {
		return
	}
	key := strings.ToLower(g.Account) + " " + g.Client
	alive := slices.DeleteFunc(append(l.minted[key], name), func(one string) bool { return l.refresh[one] == nil || l.revoked[l.refresh[one].grant.ID] })
	for len(alive) > l.keep {
		delete(l.refresh, alive[0])
		alive = alive[1:]
	}
	l.minted[key] = alive
}

// Renew returns the grant of a refresh token that is alive, and notes its use.
func (l *Ledger) Renew(token, client string) (Grant, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.refresh[token]
	switch {
	case t == nil || t.grant.Client != client:
		return Grant{}, ErrUnknownToken
	case l.revoked[t.grant.ID]:
		return Grant{}, ErrRevoked
	case l.idle > 0 && l.clock.Now().Sub(t.used) > l.idle:
		return Grant{}, ErrInactive
	case !l.ends[t.grant.ID].IsZero() && !l.clock.Now().Before(l.ends[t.grant.ID]):
		return Grant{}, ErrEnded
	}
	t.used = l.clock.Now()
	return t.grant, nil
}

// Access returns what an access token stands for, unless it has expired or was revoked.
func (l *Ledger) Access(token string) (Access, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	a, ok := l.access[token]
	if !ok || l.revoked[a.ID] || !l.clock.Now().Before(a.Expires) {
		return Access{}, false
	}
	return a, true
}

// Owner returns the account of an access token, even of one that is no longer alive; "" for an unknown one.
func (l *Ledger) Owner(token string) string {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.access[token].Account
}

// Asker returns the account that a request to the token or revocation endpoint is about: whose refresh token, code or token its form holds;
// "" for any other request.
func (l *Ledger) Asker(r *http.Request) string {
	if r.Method != http.MethodPost || (!strings.HasSuffix(r.URL.Path, "/token") && r.URL.Path != "/revoke") || r.ParseForm() != nil {
		return ""
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, name := range []string{"refresh_token", "token"} {
		if t := l.refresh[r.Form.Get(name)]; t != nil {
			return t.grant.Account
		}
	}
	if c := l.codes[r.Form.Get("code")]; c != nil {
		return c.Account
	}
	return l.access[r.Form.Get("token")].Account
}

// Revoke ends what the account of an access or refresh token has allowed the token's client, with all tokens of it, and forgets that it ever
// consented. It reports whether the token was alive.
func (l *Ledger) Revoke(token string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.access[token].Grant
	if t := l.refresh[token]; t != nil {
		g = t.grant
	}
	if g.ID == "" || l.revoked[g.ID] {
		return false
	}
	l.revoke(func(one Grant) bool { return one.Client == g.Client && strings.EqualFold(one.Account, g.Account) })
	delete(l.consented, strings.ToLower(g.Account)+" "+g.Client)
	return true
}

// RevokeAccount ends every grant of the account, and forgets that it ever consented.
func (l *Ledger) RevokeAccount(account string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.revoke(func(one Grant) bool { return strings.EqualFold(one.Account, account) })
	for key := range l.consented {
		if strings.HasPrefix(key, strings.ToLower(account)+" ") {
			delete(l.consented, key)
		}
	}
}

// revoke ends the grants that are meant. l.mu is held.
func (l *Ledger) revoke(meant func(Grant) bool) {
	for _, t := range l.refresh {
		if meant(t.grant) {
			l.revoked[t.grant.ID] = true
		}
	}
	for _, a := range l.access {
		if meant(a.Grant) {
			l.revoked[a.ID] = true
		}
	}
}

// ExpireAccess ends the life of every access token of the account now. Refresh tokens stay.
func (l *Ledger) ExpireAccess(account string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, a := range l.access {
		if strings.EqualFold(a.Account, account) {
			a.Expires = time.Time{}
			l.access[name] = a
		}
	}
}

// Bearer returns the token of an Authorization header, or "".
func Bearer(header string) string {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
