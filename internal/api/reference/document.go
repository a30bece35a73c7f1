package reference

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// node is a place in the document. What is not there is a node too, and empty.
type node struct{ yaml *yaml.Node }

// pair is a key of an object and its value.
type pair struct {
	key   string
	value node
}

// pairs are those of an object, in the order of the document.
func (n node) pairs() []pair {
	if n.yaml == nil || n.yaml.Kind != yaml.MappingNode {
		return nil
	}
	var out []pair
	for i := 0; i+1 < len(n.yaml.Content); i += 2 {
		out = append(out, pair{n.yaml.Content[i].Value, node{n.yaml.Content[i+1]}})
	}
	return out
}

// at follows keys.
func (n node) at(keys ...string) node {
	for _, key := range keys {
		pairs := n.pairs()
		i := slices.IndexFunc(pairs, func(p pair) bool { return p.key == key })
		if i < 0 {
			return node{}
		}
		n = pairs[i].value
	}
	return n
}

func (n node) items() []node {
	if n.yaml == nil || n.yaml.Kind != yaml.SequenceNode {
		return nil
	}
	out := make([]node, len(n.yaml.Content))
	for i, item := range n.yaml.Content {
		out[i] = node{item}
	}
	return out
}

// text is a scalar's, or empty.
func (n node) text() string {
	if n.yaml == nil || n.yaml.Kind != yaml.ScalarNode {
		return ""
	}
	return n.yaml.Value
}

func (n node) texts() []string {
	var out []string
	for _, item := range n.items() {
		out = append(out, item.text())
	}
	return out
}

// document is the whole of it.
type document struct{ root node }

// resolved follows a reference within the document.
func (d document) resolved(n node) node {
	ref := n.at("$ref").text()
	if ref == "" {
		return n
	}
	return d.root.at(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
}

// page is what page.html shows.
type page struct {
	Title, Version, About, Server string
	Key                           string
	Scopes                        []named
	Groups                        []group
	Schemas                       []schema
	Problems                      []Problem
}

type named struct{ Name, About string }

// group is the operations of a tag.
type group struct {
	Name, About string
	Operations  []operation
}

type operation struct {
	ID, Method, Path, Summary, About string
	// Scope is what a key needs; empty where no key is.
	Scope      string
	Parameters []field
	Body       *content
	Answers    []answer
	// Call is an example of a request, for a shell.
	Call string
}

// content is a body.
type content struct {
	Type   typ
	Media  string
	Sample string
}

type answer struct {
	Status, About string
	Headers       []named
	Body          *content
}

func (d document) page(problems []Problem) page {
	scheme := d.root.at("components", "securitySchemes", "key")
	out := page{
		Title: d.root.at("info", "title").text(), Version: d.root.at("info", "version").text(), About: d.root.at("info", "description").text(),
		Key: scheme.at("description").text(), Problems: problems, Schemas: d.schemas(),
	}
	for _, server := range d.root.at("servers").items() {
		out.Server = server.at("url").text()
	}
	for _, p := range scheme.at("x-scopes").pairs() {
		out.Scopes = append(out.Scopes, named{p.key, p.value.text()})
	}
	all := d.operations(out.Server)
	for _, tag := range d.root.at("tags").items() {
		g := group{Name: tag.at("name").text(), About: tag.at("description").text()}
		for _, op := range all {
			if op.tag == g.Name {
				g.Operations = append(g.Operations, op.operation)
			}
		}
		if len(g.Operations) > 0 {
			out.Groups = append(out.Groups, g)
		}
	}
	return out
}

type taggedOperation struct {
	operation

	tag string
}

func (d document) operations(server string) []taggedOperation {
	var out []taggedOperation
	for _, path := range d.root.at("paths").pairs() {
		shared := path.value.at("parameters").items()
		for _, method := range path.value.pairs() {
			if !slices.Contains([]string{"get", "put", "post", "patch", "delete"}, method.key) {
				continue
			}
			op := d.operation(method.value, shared)
			op.Method, op.Path = strings.ToUpper(method.key), path.key
			op.Call = call(server, op)
			tag := ""
			for _, name := range method.value.at("tags").texts() {
				tag = name
			}
			out = append(out, taggedOperation{op, tag})
		}
	}
	return out
}

func (d document) operation(n node, shared []node) operation {
	op := operation{ID: n.at("operationId").text(), Summary: n.at("summary").text(), About: n.at("description").text()}
	for _, need := range n.at("security").items() {
		for _, scope := range need.at("key").texts() {
			op.Scope = scope
		}
	}
	for _, p := range append(slices.Clone(shared), n.at("parameters").items()...) {
		p = d.resolved(p)
		f := d.field(p.at("name").text(), p.at("schema"), p.at("required").text() == "true")
		f.In = p.at("in").text()
		if about := p.at("description").text(); about != "" {
			f.About = about
		}
		op.Parameters = append(op.Parameters, f)
	}
	op.Body = d.content(n.at("requestBody", "content"))
	for _, p := range n.at("responses").pairs() {
		r := d.resolved(p.value)
		a := answer{Status: p.key, About: r.at("description").text(), Body: d.content(r.at("content"))}
		if a.Status == "default" {
			a.Status = "4xx, 5xx"
		}
		for _, h := range r.at("headers").pairs() {
			a.Headers = append(a.Headers, named{h.key, d.resolved(h.value).at("description").text()})
		}
		op.Answers = append(op.Answers, a)
	}
	return op
}

// content is the first form that a body may have; there is no second one.
func (d document) content(n node) *content {
	pairs := n.pairs()
	if len(pairs) == 0 {
		return nil
	}
	media, form := pairs[0].key, pairs[0].value.at("schema")
	c := &content{Media: media, Type: d.typeOf(form)}
	if strings.HasSuffix(media, "json") && c.Type.Ref != "Problem" {
		c.Sample = d.json(form)
	}
	return c
}
