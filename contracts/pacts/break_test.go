//go:build pact

package pacts_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// answer is what a provider has answered, or a message that it has made.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// breakage is a change of a provider's answers that its consumer does not survive.
type breakage struct {
	name  string
	spoil func(*answer)
}

// breakages are the breaking changes that an interaction has to notice, of those kinds that there are.
func breakages(i interaction) []breakage {
	var all []breakage
	expected, isMessage := i.Response.Body.Content, i.Response.Status == 0
	if isMessage {
		expected = i.Contents.Content
	}
	if path := leaf(expected); path != nil {
		name := path[len(path)-1]
		all = append(
			all,
			breakage{"the field " + name + " is renamed", onField(path, func(o object, n string) { o[n+"_renamed"] = o[n]; delete(o, n) })},
			breakage{"the field " + name + " has another type", onField(path, func(o object, n string) { o[n] = retyped(o[n]) })},
		)
	}
	headers := slices.Sorted(maps.Keys(i.Response.Headers))
	if isMessage {
		headers = slices.Sorted(maps.Keys(i.Metadata))
		headers = slices.DeleteFunc(headers, func(name string) bool { return name == "contentType" })
	} else {
		all = append(all, breakage{"the status changes", func(a *answer) { a.status = restated(a.status) }})
	}
	for _, name := range headers {
		all = append(all, breakage{"the header " + name + " is dropped", func(a *answer) { drop(a, name, isMessage) }})
	}
	return all
}

func drop(a *answer, name string, isMessage bool) {
	if isMessage {
		delete(a.header, name)
		return
	}
	plain := strings.HasPrefix(a.header.Get(name), "text/plain")
	a.header.Del(name)
	if plain { // pact-go's proxy would guess it again from the body
		a.header.Set(name, "application/octet-stream")
	}
}

func restated(status int) int {
	if status == http.StatusOK {
		return http.StatusAccepted
	}
	if status < http.StatusBadRequest {
		return http.StatusOK
	}
	return http.StatusTeapot
}

// leaf is the path to a field of an expected body, the deepest of the first in alphabetical order; nil if there is none. An element of a list is not
// part of the path: all of them are meant.
func leaf(v any) []string {
	switch v := v.(type) {
	case object:
		var best []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if path := append([]string{name}, leaf(v[name])...); len(path) > len(best) {
				best = path
			}
		}
		return best
	case []any:
		if len(v) > 0 {
			return leaf(v[0])
		}
	}
	return nil
}

func onField(path []string, change func(o object, name string)) func(*answer) {
	return func(a *answer) {
		var doc any
		if json.Unmarshal(a.body, &doc) != nil {
			return
		}
		each(doc, path, change)
		if raw, err := json.Marshal(doc); err == nil {
			a.body = raw
		}
	}
}

func each(v any, path []string, change func(o object, name string)) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			each(e, path, change)
		}
	case object:
		if _, there := v[path[0]]; !there {
			return
		}
		if len(path) == 1 {
			change(v, path[0])
			return
		}
		each(v[path[0]], path[1:], change)
	}
}

func retyped(v any) any {
	switch v.(type) {
	case string, nil:
		return object{"seven": 7}
	default:
		return "seven"
	}
}
