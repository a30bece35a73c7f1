package google

import (
	"encoding/json"
	"maps"
	"slices"
	"unicode/utf8"
)

// The limits of https://developers.google.com/workspace/calendar/api/guides/extended-properties: what is over them vanishes without a word.
// Private and shared ones count together. Those of the guests' copies, which the page counts too, are not counted here, and which of them vanish is
// not documented.
const (
	maxPropertyKey   = 44
	maxPropertyValue = 1024
	maxProperties    = 300
	maxPropertyBytes = 32 << 10
)

// properties are an event's extended properties.
type properties struct {
	Private map[string]string `json:"private,omitempty"`
	Shared  map[string]string `json:"shared,omitempty"`
}

func parseProperties(raw json.RawMessage) (properties, error) {
	if isNull(raw) {
		return properties{}, nil
	}
	var in struct {
		Private map[string]*string `json:"private"`
		Shared  map[string]*string `json:"shared"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return properties{}, invalid("Invalid value for: extendedProperties")
	}
	left, room := maxProperties, maxPropertyBytes
	var p properties
	p.Private, left, room = within(in.Private, left, room)
	p.Shared, _, _ = within(in.Shared, left, room)
	return p, nil
}

// within keeps the properties that the limits allow, in the order of their names.
func within(in map[string]*string, left, room int) (map[string]string, int, int) {
	var out map[string]string
	for _, key := range slices.Sorted(maps.Keys(in)) {
		value := in[key]
		if value == nil || key == "" || utf8.RuneCountInString(key) > maxPropertyKey {
			continue
		}
		text := *value
		if utf8.RuneCountInString(text) > maxPropertyValue {
			text = string([]rune(text)[:maxPropertyValue])
		}
		if left == 0 || room < len(key)+len(text) {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		out[key] = text
		left, room = left-1, room-len(key)-len(text)
	}
	return out, left, room
}

func (p properties) empty() bool { return len(p.Private) == 0 && len(p.Shared) == 0 }
