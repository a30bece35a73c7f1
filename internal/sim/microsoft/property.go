package microsoft

import (
	"encoding/json"
	"maps"
	"regexp"
	"strings"
)

// properties are single-value extended properties by their normal id
// (https://learn.microsoft.com/graph/api/resources/extended-properties-overview). They are shown to those who ask for them by $expand only.
type properties map[string]string

var propertyID = regexp.MustCompile(`^(?i)(Boolean|CLSID|Currency|Double|Float|Integer|Long|Short|String|SystemTime) +(?:(\{[0-9a-f-]{36}\}) +(Name|Id) +(\S.*)|(0x[0-9a-f]+))$`)

// normalProperty brings a property's id into the form in which Graph returns it: the name keeps its case, all else has a fixed one.
func normalProperty(id string) (string, bool) {
	m := propertyID.FindStringSubmatch(strings.TrimSpace(id))
	switch {
	case m == nil:
		return "", false
	case m[5] != "":
		return m[1] + " " + strings.ToLower(m[5]), true
	default:
		return m[1] + " " + strings.ToLower(m[2]) + " " + m[3] + " " + m[4], true
	}
}

type wireProperty struct {
	ID    string `json:"id"`
	Value string `json:"value"`
}

// parseProperties returns the old properties with those of the document set.
func parseProperties(raw json.RawMessage, old properties) (properties, error) {
	if isNull(raw) {
		return old, nil
	}
	var all []wireProperty
	if json.Unmarshal(raw, &all) != nil {
		return nil, unreadable("singleValueExtendedProperties")
	}
	p := properties{}
	maps.Copy(p, old)
	for _, one := range all {
		id, ok := normalProperty(one.ID)
		if !ok {
			return nil, badRequest("ErrorInvalidProperty", "PropertyId values may only be in one of the following formats: 'MapiPropertyType namespaceGuid Name propertyName', 'MapiPropertyType namespaceGuid Id propertyId' or 'MapiPropertyType propertyTag'.")
		}
		p[id] = one.Value
	}
	return p, nil
}

// wire shows those of the properties that are asked for.
func (p properties) wire(wanted []string) []wireProperty {
	var all []wireProperty
	for _, id := range wanted {
		if value, ok := p[id]; ok {
			all = append(all, wireProperty{ID: id, Value: value})
		}
	}
	return all
}
