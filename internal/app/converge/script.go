package converge

import (
	"encoding/hex"
	"fmt"
	"slices"

	"pgregory.net/rapid"
)

// Step is what one actor does: Op says what, the others which and how. Any number means something.
type Step struct{ Op, A, B, C byte }

// Script is a history before it happens.
type Script struct {
	// Setting says what providers and policies are like.
	Setting Step
	Steps   []Step
}

// stepBytes is how long a step is once it is written down.
const stepBytes = 4

// String is the script in the form that Parse reads.
func (s Script) String() string {
	raw := []byte{s.Setting.Op, s.Setting.A, s.Setting.B, s.Setting.C}
	for _, each := range s.Steps {
		raw = append(raw, each.Op, each.A, each.B, each.C)
	}
	return hex.EncodeToString(raw)
}

// Parse reads a script that was written down.
func Parse(text string) (Script, error) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) < stepBytes || len(raw)%stepBytes != 0 {
		return Script{}, fmt.Errorf("converge: %q is no script", text)
	}
	var all []Step
	for four := range slices.Chunk(raw, stepBytes) {
		all = append(all, Step{four[0], four[1], four[2], four[3]})
	}
	return Script{Setting: all[0], Steps: all[1:]}, nil
}

// longest is how many steps a history has at the most.
const longest = 36

// Scripts draws scripts.
func Scripts() *rapid.Generator[Script] {
	return rapid.Custom(func(t *rapid.T) Script {
		step := rapid.Custom(func(t *rapid.T) Step {
			one := rapid.Byte()
			return Step{rapid.SampledFrom(weighted()).Draw(t, "op"), one.Draw(t, "a"), one.Draw(t, "b"), one.Draw(t, "c")}
		})
		one := rapid.Byte()
		return Script{
			Setting: Step{one.Draw(t, "kind"), one.Draw(t, "policy"), one.Draw(t, "first"), one.Draw(t, "second")},
			Steps:   rapid.SliceOfN(step, 8, longest).Draw(t, "steps"),
		}
	})
}

// Draw is the script of a seed.
func Draw(seed int) Script { return Scripts().Example(seed) }

// Smaller returns a script that still fails and loses that when any one of its steps is left out. It asks at most tries times.
func Smaller(s Script, tries int, fails func(Script) bool) Script {
	for size := max(1, len(s.Steps)/2); ; size = max(1, size/2) {
		shrunk := false
		for from := 0; from < len(s.Steps) && tries > 0; {
			less := s
			less.Steps = slices.Delete(slices.Clone(s.Steps), from, min(from+size, len(s.Steps)))
			if tries--; fails(less) {
				s, shrunk = less, true
				continue
			}
			from += size
		}
		if tries <= 0 || size == 1 && !shrunk {
			return s
		}
	}
}
