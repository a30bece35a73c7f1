package sim

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxAdminWait bounds a long poll.
const maxAdminWait = 5 * time.Minute

func (s *Sim) adminRequests(r *http.Request) (int, any, error) {
	q, err := query(r, "after", "provider", "account", "method", "path")
	if err != nil {
		return 0, nil, err
	}
	n, err := after(q)
	all := filtered(s.Requests(n), func(e Request) bool {
		return is(q, "provider", string(e.Provider)) && is(q, "account", e.Account) && is(q, "method", e.Method) &&
			strings.Contains(e.Path, q.Get("path"))
	})
	return http.StatusOK, map[string]any{"requests": all}, err
}

func (s *Sim) adminMails(r *http.Request) (int, any, error) {
	q, err := query(r, "after", "provider", "to", "kind")
	if err != nil {
		return 0, nil, err
	}
	n, err := after(q)
	all := filtered(s.Mails(n), func(e Mail) bool {
		return is(q, "provider", string(e.Provider)) && is(q, "to", e.To) && is(q, "kind", string(e.Kind))
	})
	return http.StatusOK, map[string]any{"mails": all}, err
}

func (s *Sim) adminPushes(r *http.Request) (int, any, error) {
	q, err := query(r, "after", "provider", "account", "channel", "kind", "state")
	if err != nil {
		return 0, nil, err
	}
	n, err := after(q)
	all := filtered(s.Pushes(n), func(e Push) bool {
		return is(q, "provider", string(e.Provider)) && is(q, "account", e.Account) && is(q, "channel", e.Channel) && is(q, "kind", e.Kind) &&
			is(q, "state", string(e.State))
	})
	return http.StatusOK, map[string]any{"pushes": all, "pending": s.PushesPending()}, err
}

// adminWait answers once the state has changed more than "after" times, or when "timeout" (30s without a word) is over. A caller reads what it
// waits for, and if it is not there yet waits again with the number that it got.
func (s *Sim) adminWait(r *http.Request) (int, any, error) {
	q, err := query(r, "after", "timeout")
	if err != nil {
		return 0, nil, err
	}
	n, err := after(q)
	if err != nil {
		return 0, nil, err
	}
	timeout := 30 * time.Second
	if text := q.Get("timeout"); text != "" {
		if timeout, err = time.ParseDuration(text); err != nil || timeout < 0 || timeout > maxAdminWait {
			return 0, nil, fmt.Errorf("%w: timeout is a duration of at most %s, not %q", ErrInvalid, maxAdminWait, text)
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	ended := make(chan struct{})
	defer close(ended)
	go func() { // a long poll must not keep a server from closing
		select {
		case <-s.world.Done():
			cancel()
		case <-ended:
		}
	}()
	err = s.Wait(ctx, func() bool { return s.changes() > n })
	return http.StatusOK, map[string]any{"seq": s.changes(), "changed": err == nil}, nil
}

// changes is how often the state has changed.
func (s *Sim) changes() uint64 {
	n, _ := s.world.Signal.Next()
	return n
}

// is reports whether the query does not ask for something else.
func is(q url.Values, name, value string) bool {
	return !q.Has(name) || strings.EqualFold(q.Get(name), value)
}

func filtered[T any](all []T, keep func(T) bool) []T {
	kept := []T{}
	for _, e := range all {
		if keep(e) {
			kept = append(kept, e)
		}
	}
	return kept
}
