package stage

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
)

// Forged is a push that no provider meant: a stranger's, or a real one that comes too early, too late or again. It is sent once and waits for
// no other.
type Forged struct {
	// Like is the number of a push to begin with; 0 begins with nothing.
	Like     uint64   `json:"like,omitempty"`
	Provider Provider `json:"provider,omitempty"`
	Account  string   `json:"account,omitempty"`
	Channel  string   `json:"channel,omitempty"`
	Kind     string   `json:"kind,omitempty"`
	URL      string   `json:"url,omitempty"`
	// Header replaces those headers of the push that it names; an empty value removes one.
	Header map[string]string `json:"header,omitempty"`
	// Body replaces the push's body; nil leaves it.
	Body *string `json:"body,omitempty"`
}

// Forge sends a forged push and returns its record's number.
func (p *Pusher) Forge(f Forged) (uint64, error) {
	push := Push{Header: http.Header{}, Judge: onlyOnce}
	if err := p.begin(&push, f.Like); err != nil {
		return 0, err
	}
	for _, given := range []struct {
		to   *string
		text string
	}{{(*string)(&push.Provider), string(f.Provider)}, {&push.Account, f.Account}, {&push.Channel, f.Channel}, {&push.Kind, f.Kind}, {&push.URL, f.URL}} {
		if given.text != "" {
			*given.to = given.text
		}
	}
	for name, value := range f.Header {
		push.Header.Del(name)
		if value != "" {
			push.Header.Set(name, value)
		}
	}
	if f.Body != nil {
		push.Body = []byte(*f.Body)
	}
	if u, err := url.Parse(push.URL); err != nil || u.Host == "" {
		return 0, fmt.Errorf("%w: a forged push needs an address, not %q", ErrInvalid, push.URL)
	}
	if push.Provider != Google && push.Provider != Microsoft {
		return 0, fmt.Errorf("%w: unknown provider %q", ErrInvalid, push.Provider)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.slip(push), nil
}

// begin takes over a push that was sent before.
func (p *Pusher) begin(push *Push, like uint64) error {
	if like == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.ring.at(like)
	if r == nil {
		return fmt.Errorf("%w: there is no push number %d", ErrInvalid, like)
	}
	push.Provider, push.Account, push.Channel, push.Kind, push.URL = r.Provider, r.Account, r.Channel, r.Kind, r.URL
	push.Header, push.Body = maps.Clone(r.Header), []byte(r.Body)
	return nil
}

// onlyOnce tries a push once.
func onlyOnce(status int) PushVerdict {
	if status/100 == 2 {
		return PushDelivered
	}
	return PushGivenUp
}

// forge sends what a stranger would make of the push. p.mu is held.
func (p *Pusher) forge(push Push) {
	if push.Stranger == nil {
		return
	}
	stranger := push.Stranger()
	stranger.Judge, stranger.Took = onlyOnce, nil
	p.slip(stranger)
}

// slip sends a push past its channel's queue and past all faults. p.mu is held.
func (p *Pusher) slip(push Push) uint64 {
	j := p.record(push)
	if p.closed {
		p.finish(j, StateDropped)
		return j.n
	}
	p.workers.Go(func() {
		state := p.deliver(j)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.finish(j, state)
	})
	p.world.Signal.Raise()
	return j.n
}
