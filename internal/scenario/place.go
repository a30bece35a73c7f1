package scenario

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/calweave/calweave/internal/sim"
)

// source is a file and its tree, in which places are looked up.
type source struct {
	name string
	root ast.Node
}

// mistake is what is wrong at a path of names and indices, in a MistakesError. An error that names a field is at that field.
func (s *source) mistake(err error, path ...any) MistakesError {
	if bad, ok := errors.AsType[*sim.FieldError](err); ok {
		return MistakesError{s.at(bad.What, below(path, bad.Field)...)}
	}
	return MistakesError{s.at(err.Error(), path...)}
}

// at is a mistake at a path. If the path goes further than the file, the place is that of what there is.
func (s *source) at(what string, path ...any) Mistake {
	m := Mistake{File: s.name, Line: 1, Column: 1, What: what}
	node := s.root
	m.take(start(node))
	for _, step := range path {
		var t *token.Token
		node, t = descend(node, step)
		m.take(t)
		switch step := step.(type) {
		case int:
			m.Field += fmt.Sprintf("[%d]", step)
		default:
			if m.Field != "" {
				m.Field += "."
			}
			m.Field += fmt.Sprint(step)
		}
	}
	return m
}

func (m *Mistake) take(t *token.Token) {
	if t != nil && t.Position != nil {
		m.Line, m.Column = t.Position.Line, t.Position.Column
	}
}

// descend returns what stands under a name or index, and the token with which that begins.
func descend(node ast.Node, step any) (ast.Node, *token.Token) {
	switch n := node.(type) {
	case *ast.MappingValueNode:
		if name(n) == fmt.Sprint(step) {
			return n.Value, n.Key.GetToken()
		}
	case *ast.MappingNode:
		for _, v := range n.Values {
			if name(v) == fmt.Sprint(step) {
				return v.Value, v.Key.GetToken()
			}
		}
	case *ast.SequenceNode:
		if i, ok := step.(int); ok && i >= 0 && i < len(n.Values) {
			return n.Values[i], start(n.Values[i])
		}
	}
	return nil, nil
}

func name(n *ast.MappingValueNode) string { return n.Key.GetToken().Value }

// start is the token with which a node begins: a mapping's own is the colon behind its first name.
func start(node ast.Node) *token.Token {
	switch n := node.(type) {
	case nil:
		return nil
	case *ast.MappingNode:
		if len(n.Values) > 0 && !n.IsFlowStyle {
			return n.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		return n.Key.GetToken()
	}
	return node.GetToken()
}

// steps turns the parts of a JSON pointer into a path: what the tree has a list for is an index.
func (s *source) steps(parts []string) []any {
	node := s.root
	path := make([]any, 0, len(parts))
	for _, part := range parts {
		var step any = part
		if _, list := node.(*ast.SequenceNode); list {
			if i, err := strconv.Atoi(part); err == nil {
				step = i
			}
		}
		path = append(path, step)
		node, _ = descend(node, step)
	}
	return path
}
