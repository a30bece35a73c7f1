package stage_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/calweave/calweave/internal/sim/stage"
)

// leaves are the switches by their names in JSON.
func leaves(t *testing.T, s stage.Switches) map[string]any {
	t.Helper()
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	out := map[string]any{}
	for name, v := range all {
		group, ok := v.(map[string]any)
		if !ok {
			out[name] = v
			continue
		}
		for own, v := range group {
			out[name+"."+own] = v
		}
	}
	return out
}

func TestEverySwitchHasAlternatives(t *testing.T) {
	t.Parallel()
	before := leaves(t, stage.DefaultSwitches())
	named := map[string]bool{}
	for _, a := range stage.Alternatives() {
		named[a.Switch] = true
		now, ok := before[a.Switch]
		if !ok {
			t.Errorf("%s is no switch", a.Switch)
		}
		if len(a.Values) < 2 || !slices.ContainsFunc(a.Values, func(v any) bool { return fmt.Sprint(v) == fmt.Sprint(now) }) {
			t.Errorf("%s has the values %v, and %v without a word", a.Switch, a.Values, now)
		}
		for _, v := range a.Values {
			s, err := stage.DefaultSwitches().With(a.Switch, v)
			if err != nil {
				t.Error(err)
			}
			after := leaves(t, s)
			for name := range before {
				if want := before[name]; name != a.Switch && after[name] != want {
					t.Errorf("%s = %v changes %s", a.Switch, v, name)
				}
			}
			if fmt.Sprint(after[a.Switch]) != fmt.Sprint(v) {
				t.Errorf("%s is %v after it was set to %v", a.Switch, after[a.Switch], v)
			}
		}
	}
	for name := range before {
		if !named[name] {
			t.Errorf("%s has no alternatives", name)
		}
	}
}

func TestSwitchesThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		value any
	}{
		{"google.nothing", 1},
		{"nothing", true},
		{"google.stop_unknown", 500},
		{"google.stop_unknown", "404"},
		{"page_cap", -1},
		{"microsoft.max_subscription_minutes", 44},
		{"microsoft.long_subscription", stage.Served},
		{"empty_first_page", func() {}},
	} {
		before := stage.DefaultSwitches()
		if _, err := before.With(c.name, c.value); !errors.Is(err, stage.ErrInvalid) {
			t.Errorf("%s = %v: %v", c.name, c.value, err)
		}
	}
}
