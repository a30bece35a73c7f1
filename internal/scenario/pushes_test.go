package scenario_test

import (
	"encoding/json"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/sim/simtest"
)

// watch opens a channel or subscription for creations, and clears what came with that.
func (x *side) watch(t *testing.T) *simtest.Receiver {
	t.Helper()
	r := simtest.NewReceiver(t)
	a := x.c.Do("POST", x.events+"/watch", object{"id": "channel-1", "type": "web_hook", "address": r.URL, "token": "s3cret"})
	if x.provider == sim.Microsoft {
		a = x.c.Do("POST", "/subscriptions", object{
			"changeType": "created", "notificationUrl": r.URL, "resource": "me/events", "clientState": "s3cret",
			"expirationDateTime": x.Clock().Now.AddDate(0, 0, 1),
		})
	} else {
		r.Wait(1)
	}
	if a.Status/100 != 2 {
		t.Fatalf("%d %s", a.Status, a.Raw)
	}
	return r
}

// told are the pushes after the first message, each by what tells it from others.
func (x *side) told(r *simtest.Receiver) (all []string) {
	for _, p := range r.All() {
		if p.Header.Get("X-Goog-Resource-State") == "sync" {
			continue
		}
		all = append(all, p.Header.Get("X-Goog-Message-Number")+p.Body)
	}
	return all
}

func TestPushesGoWrong(t *testing.T) {
	t.Parallel()
	for action, want := range map[string]string{"drop": "2", "duplicate": "1 1 2", "reorder": "2 1", "delay, delay_ms: 600000": "2 1", "hold": "2 1"} {
		everywhere(t, "push_faults: [{action: "+action+", count: 1, kind: KIND, provider: PROVIDER, account: "+anna+"}]", func(t *testing.T, x *side) {
			t.Helper()
			r := x.watch(t)
			var order []string
			for range 2 {
				if _, err := x.write(); err != nil {
					t.Fatal(err)
				}
				x.Until("the push", func() bool {
					held := 0
					for _, f := range x.PushFaults() {
						held += f.Held
					}
					return x.PushesPending() == held
				})
			}
			for _, p := range x.Pushes(0) {
				if key := p.Header.Get("X-Goog-Message-Number") + p.Body; p.Kind != "sync" && (len(order) == 0 || order[len(order)-1] != key) {
					order = append(order, key)
				}
			}
			for _, f := range x.PushFaults() {
				x.ReleasePushFault(f.ID)
			}
			x.Until("all pushes", func() bool { return x.PushesPending() == 0 })
			var got []string
			for _, p := range x.told(r) {
				for i, o := range order {
					if o == p {
						got = append(got, string(rune('1'+i)))
					}
				}
			}
			if s := strings.Join(got, " "); s != want {
				t.Errorf("%s: %s, want %s", action, s, want)
			}
		})
	}
}

// A stranger who knows the address and all but the secret.
func TestForgeriesBesideTheTrueOnes(t *testing.T) {
	t.Parallel()
	everywhere(t, "push_faults: [{action: forge, kind: KIND, provider: PROVIDER}]", func(t *testing.T, x *side) {
		t.Helper()
		r := x.watch(t)
		before := len(r.All())
		if _, err := x.write(); err != nil {
			t.Fatal(err)
		}
		x.Until("all pushes", func() bool { return x.PushesPending() == 0 })
		secrets := map[string]int{}
		for _, p := range r.All()[before:] {
			secret := p.Header.Get("X-Goog-Channel-Token")
			var body struct {
				Value []struct{ ClientState string }
			}
			if json.Unmarshal([]byte(p.Body), &body) == nil && len(body.Value) > 0 {
				secret = body.Value[0].ClientState
			}
			secrets[secret]++
		}
		if !maps.Equal(secrets, map[string]int{"s3cret": 1, "guessed": 1}) {
			t.Errorf("the pushes' secrets are %v", secrets)
		}
	})
}

// A push comes while the change that it is about cannot be read yet.
func TestEarlyPushes(t *testing.T) {
	t.Parallel()
	everywhere(t, "faults: [{action: early, method: POST, path: '*/events', skip: 1, count: 1, provider: PROVIDER}]", func(t *testing.T, x *side) {
		t.Helper()
		r := x.watch(t)
		if _, err := x.write(); err != nil {
			t.Fatal(err)
		}
		x.Until("all pushes", func() bool { return x.PushesPending() == 0 })
		before := len(r.All())
		seen := make(chan int, 1)
		var once sync.Once
		r.OnPush(func() { once.Do(func() { seen <- x.stored(t) }) })
		if _, err := x.write(); err != nil {
			t.Fatal(err)
		}
		if n := <-seen; n != 1 {
			t.Errorf("when the push came %d events were stored", n)
		}
		x.Until("all pushes", func() bool { return x.PushesPending() == 0 })
		if n := len(r.All()) - before; n != 2 || x.stored(t) != 2 {
			t.Errorf("%d pushes came for the second event, and %d events are stored", n, x.stored(t))
		}
	})
}
