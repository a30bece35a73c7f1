package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// Verifier asks the provider at a URL as a pact of one interaction says, and compares the answer. What does not fit is its text, empty if all does.
type Verifier func(pact []byte, provider string) (diff string, err error)

// Outcome is what became of an interaction.
type Outcome struct {
	Interaction string `json:"interaction"`
	State       string `json:"state"`
	// Left is why it was not asked, Diff what does not fit.
	Left string `json:"left_out,omitempty"`
	Diff string `json:"diff,omitempty"`
}

var (
	errEmpty   = errors.New("the pact has no interaction that this account can be asked about")
	errUnasked = errors.New("the provider was never asked")
)

// pact is a pact, read as far as is needed here.
type pact struct {
	Consumer     json.RawMessage   `json:"consumer"`
	Interactions []json.RawMessage `json:"interactions"`
	Metadata     json.RawMessage   `json:"metadata"`
	Provider     json.RawMessage   `json:"provider"`
}

// Verify verifies each interaction of a pact against the account and tells what became of it. It ends early with an error if a state cannot be brought
// about or the context ends. The account is to be cleaned afterwards in any case.
func (a *Account) Verify(ctx context.Context, file []byte, verify Verifier, tell func(Outcome) error) error {
	var all pact
	if err := json.Unmarshal(file, &all); err != nil {
		return fmt.Errorf("the pact cannot be read: %w", err)
	}
	asked := 0
	for _, raw := range all.Interactions {
		if err := ctx.Err(); err != nil {
			return err
		}
		all.Interactions = []json.RawMessage{raw}
		out, err := a.one(ctx, all, raw, verify)
		if err != nil {
			return fmt.Errorf("%s: %w", out.Interaction, err)
		}
		if out.Left == "" {
			asked++
		}
		if err := tell(out); err != nil {
			return err
		}
	}
	if asked == 0 {
		return errEmpty
	}
	return nil
}

// one verifies one interaction, which is the only one of the pact.
func (a *Account) one(ctx context.Context, file pact, raw json.RawMessage, verify Verifier) (out Outcome, err error) {
	var doc object
	if err := json.Unmarshal(raw, &doc); err != nil {
		return out, err
	}
	out.State = stateName(doc)
	out.Interaction, _ = doc["description"].(string)
	of, err := a.stateOf(out.State, out.Interaction)
	if err != nil {
		return out, err
	}
	if a.trouble == nil && of.left != "" {
		out.Left = of.left
		return out, nil
	}
	delete(doc, "providerStates") // the state is brought about before the verifier begins
	if file.Interactions[0], err = json.Marshal(doc); err != nil {
		return out, err
	}
	single, err := json.Marshal(file)
	if err != nil {
		return out, err
	}
	s, err := a.begin(ctx, of)
	if s != nil && s.end != nil {
		defer func() { err = errors.Join(err, s.end()) }()
	}
	if err != nil {
		return out, fmt.Errorf("the state %q cannot be brought about: %w", out.State, err)
	}
	out.Diff, err = s.verify(ctx, single, out.Interaction, verify)
	return out, err
}

func stateName(doc object) string {
	states, _ := doc["providerStates"].([]any)
	var names []string
	for _, one := range states {
		s, _ := one.(object)
		name, _ := s["name"].(string)
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// verify serves the proxy for as long as the verifier runs.
func (s *scene) verify(ctx context.Context, single []byte, interaction string, verify Verifier) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	p := &proxy{scene: s, description: interaction}
	server := &http.Server{
		Handler: p, ReadHeaderTimeout: patience, BaseContext: func(net.Listener) context.Context { return ctx },
		IdleTimeout: time.Minute,
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // ends with Close
	}()
	diff, err := verify(single, "http://"+listener.Addr().String())
	err = errors.Join(err, server.Close())
	<-served
	switch {
	case err != nil:
		return "", err
	case ctx.Err() != nil:
		return "", ctx.Err()
	case p.asked.Load() == 0:
		return "", errUnasked
	}
	return diff, nil
}
