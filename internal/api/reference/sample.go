package reference

import (
	"fmt"
	"net/http"
	"strings"
)

// deepest bounds how far a sample goes into schemas that hold each other.
const deepest = 6

// json is an example of what a schema describes: its own if it has one, else put together from those of its fields.
func (d document) json(n node) string {
	var b strings.Builder
	d.write(&b, n, "", 0)
	return b.String()
}

func (d document) write(b *strings.Builder, n node, name string, depth int) {
	if examples := n.at("examples").items(); len(examples) > 0 {
		literal(b, examples[0], depth)
		return
	}
	if ref := n.at("$ref").text(); ref != "" {
		d.write(b, d.resolved(n), name, depth)
		return
	}
	switch kind := n.at("type").text(); {
	case kind == "object":
		d.writeObject(b, n, depth)
	case kind == "array" && depth < deepest:
		b.WriteString("[")
		d.write(b, n.at("items"), name, depth)
		b.WriteString("]")
	case kind == "array":
		b.WriteString("[]")
	case n.at("default").text() != "" && kind != "string":
		b.WriteString(n.at("default").text())
	case kind == "integer":
		b.WriteString("1")
	case kind == "boolean":
		b.WriteString("false")
	default:
		fmt.Fprintf(b, "%q", stringSample(n, name))
	}
}

func (d document) writeObject(b *strings.Builder, n node, depth int) {
	properties := n.at("properties").pairs()
	if len(properties) == 0 || depth >= deepest {
		b.WriteString("{}")
		return
	}
	b.WriteString("{\n")
	for i, p := range properties {
		fmt.Fprintf(b, "%s%q: ", strings.Repeat("  ", depth+1), p.key)
		d.write(b, p.value, p.key, depth+1)
		if i < len(properties)-1 {
			b.WriteString(",")
		}
		b.WriteString("\n")
	}
	b.WriteString(strings.Repeat("  ", depth) + "}")
}

// literal writes an example as it stands in the document.
func literal(b *strings.Builder, n node, depth int) {
	indent := strings.Repeat("  ", depth+1)
	switch pairs, items := n.pairs(), n.items(); {
	case len(pairs) > 0:
		b.WriteString("{\n")
		for i, p := range pairs {
			fmt.Fprintf(b, "%s%q: ", indent, p.key)
			literal(b, p.value, depth+1)
			if i < len(pairs)-1 {
				b.WriteString(",")
			}
			b.WriteString("\n")
		}
		b.WriteString(indent[2:] + "}")
	case len(items) > 0:
		b.WriteString("[")
		for i, item := range items {
			if i > 0 {
				b.WriteString(", ")
			}
			literal(b, item, depth)
		}
		b.WriteString("]")
	case n.yaml.Tag == "!!str" || n.yaml.Tag == "!!timestamp":
		fmt.Fprintf(b, "%q", n.text())
	default:
		b.WriteString(n.text())
	}
}

// stringSample is a text that could stand in a field.
func stringSample(n node, name string) string {
	if values := n.at("enum").texts(); len(values) > 0 {
		return values[0]
	}
	switch n.at("format").text() {
	case "date-time":
		return "2026-10-01T08:00:00Z"
	case "uri", "uri-reference":
		return "https://core.example.com/calweave"
	}
	if text, ok := byName()[name]; ok {
		return text
	}
	return "…"
}

// byName are texts for fields that schemas say no more about.
func byName() map[string]string {
	return map[string]string{ //nolint:gosec // no field of these is a secret: they are examples
		"account": "ada@example.com", "email": "guest@example.org", "title": "Intro call", "location": "Room 1", "time_zone": "Europe/Berlin",
		"url": "https://core.example.com/calweave", "connect_url": "https://calweave.example.com/connect/…", "secret": "whsec_…",
		"booking_id": "order-1042", "calendar_id": "cal_…", "connection_id": "con_…", "endpoint_id": "end_…", "message_id": "msg_…",
		"reservation_token": "rsv_…", "token": "rsv_…",
	}
}

// call is an operation as a shell sends it.
func call(server string, op operation) string {
	var b strings.Builder
	b.WriteString("curl")
	if op.Method != http.MethodGet {
		b.WriteString(" -X " + op.Method)
	}
	if op.Scope != "" {
		b.WriteString(" -H \"Authorization: Bearer $KEY\"")
	}
	if op.Body != nil {
		b.WriteString(" -H 'Content-Type: application/json'")
	}
	query := ""
	for _, p := range op.Parameters {
		if p.In == "query" && p.Required {
			query += "&" + p.Name + "=…"
		}
	}
	if query != "" {
		query = "?" + query[1:]
	}
	b.WriteString(" \\\n  '" + server + op.Path + query + "'")
	if op.Body != nil {
		b.WriteString(" \\\n  -d '" + strings.ReplaceAll(op.Body.Sample, "'", `'\''`) + "'")
	}
	return b.String()
}
