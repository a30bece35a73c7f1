package message

import (
	"embed"
	"encoding/json"
	"slices"
)

//go:embed testdata/*.json
var examples embed.FS

// Example returns a message of a type, as a receiver could be sent it; ok is false for a type that there is none of.
func Example(t Type) (e Envelope, ok bool) {
	if !slices.Contains(Types(), t) {
		return Envelope{}, false
	}
	raw, err := examples.ReadFile("testdata/" + string(t) + ".json")
	if err != nil || json.Unmarshal(raw, &e) != nil {
		return Envelope{}, false // unreachable: each type has a golden example
	}
	return e, true
}
