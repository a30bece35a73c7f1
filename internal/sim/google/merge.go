package google

import (
	"encoding/json"
	"maps"
)

// merge applies a patch as https://developers.google.com/workspace/calendar/api/guides/performance#patch says: objects are merged, null
// deletes, everything else, arrays among it, is replaced.
func merge(doc, patch map[string]json.RawMessage) map[string]json.RawMessage {
	out := make(map[string]json.RawMessage, len(doc)+len(patch))
	maps.Copy(out, doc)
	for name, value := range patch {
		if isNull(value) {
			delete(out, name)
			continue
		}
		out[name] = mergeValue(out[name], value)
	}
	return out
}

func mergeValue(old, patch json.RawMessage) json.RawMessage {
	var into, from map[string]json.RawMessage
	if json.Unmarshal(patch, &from) != nil {
		return patch
	}
	if isNull(old) || json.Unmarshal(old, &into) != nil {
		into = nil
	}
	raw, err := json.Marshal(merge(into, from))
	if err != nil {
		return patch // unreachable: the parts were JSON a moment ago
	}
	return raw
}
