package scenario

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/calweave/calweave/internal/sim"
)

// unknownSwitches are the names under switches that the simulators do not have. The schema leaves them open, so that a switch is named in one
// place only.
func (s *source) unknownSwitches(given any) MistakesError {
	raw, err := json.Marshal(sim.DefaultSwitches())
	if err != nil {
		return s.mistake(err)
	}
	var known any
	if err := json.Unmarshal(raw, &known); err != nil {
		return s.mistake(err)
	}
	return s.beyond(given, known, "switches")
}

func (s *source) beyond(given, known any, path ...any) (mistakes MistakesError) {
	g, _ := given.(map[string]any)
	k, ok := known.(map[string]any)
	if !ok {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(g)) {
		at := append(slices.Clone(path), name)
		if _, ok := k[name]; !ok {
			mistakes = append(mistakes, s.at("there is no such switch; there are "+strings.Join(slices.Sorted(maps.Keys(k)), ", "), at...))
			continue
		}
		mistakes = append(mistakes, s.beyond(g[name], k[name], at...)...)
	}
	return mistakes
}

// joined is several errors in one.
type joined interface {
	error
	Unwrap() []error
}

// refusedSwitches are what the simulators say of the switches, all at once.
func (s *source) refusedSwitches(err error) (mistakes MistakesError) {
	all, ok := errors.AsType[joined](err)
	if !ok {
		return s.mistake(err, "switches")
	}
	for _, one := range all.Unwrap() {
		mistakes = append(mistakes, s.mistake(one, "switches")...)
	}
	return mistakes.inOrder()
}

// typed is where a value has the wrong type, below the path.
func typed(err error, path ...any) []any {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return below(path, wrong.Field)
	}
	return path
}

// below is the path with the names of a field, such as google.stop_unknown, added.
func below(path []any, field string) []any {
	for part := range strings.SplitSeq(field, ".") {
		path = append(path, part)
	}
	return path
}
