package grant

import (
	"sync"

	"github.com/calweave/calweave/contracts/cal"
)

// maxIssued bounds how many access tokens a process remembers: some 16 MB of them.
const maxIssued = 1 << 12

// issued remembers access tokens by the version of their grant. Which version is in force, and whether its access token was refused, SQL says, each
// time anew: what is remembered only saves opening it once more. It is safe for concurrent use.
type issued struct {
	mu     sync.RWMutex
	tokens map[account]token
}

type account struct {
	tenant cal.TenantID
	id     cal.ConnectionID
}

func (i *issued) find(a account, version int64) (token, bool) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	t, ok := i.tokens[a]
	return t, ok && t.version == version
}

func (i *issued) add(a account, t token) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if _, known := i.tokens[a]; i.tokens == nil || !known && len(i.tokens) >= maxIssued {
		i.tokens = map[account]token{}
	}
	i.tokens[a] = t
}
