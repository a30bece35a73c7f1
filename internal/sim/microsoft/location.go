package microsoft

import (
	"encoding/json"
	"maps"
)

// location is one place (https://learn.microsoft.com/graph/api/resources/location). Members that are not named here are kept as they are.
type location map[string]any

// parseLocations reads the location, or the locations if the writer says those.
func parseLocations(doc map[string]json.RawMessage) ([]location, error) {
	if raw, said := doc["locations"]; said && !isNull(raw) {
		var all []location
		if json.Unmarshal(raw, &all) != nil {
			return nil, unreadable("locations")
		}
		return all, nil
	}
	raw := doc["location"]
	if isNull(raw) {
		return nil, nil
	}
	var one location
	if json.Unmarshal(raw, &one) != nil {
		return nil, unreadable("location")
	}
	if name, _ := one["displayName"].(string); name == "" && len(one) <= 1 {
		return nil, nil
	}
	return []location{one}, nil
}

// name is the place's name, or "".
func (l location) name() string {
	name, _ := l["displayName"].(string)
	return name
}

// shown completes a place as Outlook does.
func (l location) shown(idType string) location {
	v := location{"locationType": "default", "uniqueIdType": idType}
	maps.Copy(v, l)
	if idType == "private" {
		v["uniqueId"] = l.name()
	}
	return v
}

// showLocations returns the values of "location" and "locations".
func showLocations(all []location) (location, []location) {
	if len(all) == 0 {
		return location{"displayName": "", "locationType": "default", "uniqueIdType": "unknown", "address": map[string]any{}, "coordinates": map[string]any{}}, []location{}
	}
	list := make([]location, 0, len(all))
	for _, l := range all {
		list = append(list, l.shown("unknown"))
	}
	return all[0].shown("private"), list
}
