package store

import "sync"

// maxKnownKeys bounds how many API keys a process remembers.
const maxKnownKeys = 1 << 14

// keyring remembers API keys that were read, which never change: whether one is in force the directory says, each time anew. It is safe for concurrent
// use.
type keyring struct {
	mu    sync.RWMutex
	known map[string]Key
}

func (r *keyring) find(id string) (Key, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	k, ok := r.known[id]
	return k, ok
}

func (r *keyring) add(k Key) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil || len(r.known) >= maxKnownKeys {
		r.known = map[string]Key{}
	}
	r.known[k.ID] = k
}
