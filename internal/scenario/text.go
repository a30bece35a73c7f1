package scenario

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"github.com/goccy/go-yaml/token"
)

const (
	// maxFile bounds a scenario file.
	maxFile = 4 << 20
	// maxDepth bounds how deep a file's lists and fields are nested: a scenario needs six levels, and a parser that descends runs out of stack.
	maxDepth = 32
)

// Read reads the scenario in a file, of which it never takes in more than a scenario can hold.
func Read(path string) (*Scenario, error) {
	f, err := os.Open(path) //nolint:gosec // the file is named by whoever runs the program
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // nothing was written
	raw, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	return Parse(path, raw)
}

// checkText looks at the bytes: what is no text is told by its line, and not by what a parser makes of it.
func (s *source) checkText(raw []byte) MistakesError {
	if len(raw) > maxFile {
		return MistakesError{s.at(fmt.Sprintf("is larger than %d bytes", maxFile))}
	}
	for i := 0; i < len(raw); {
		r, size := utf8.DecodeRune(raw[i:])
		what := ""
		switch {
		case r == utf8.RuneError && size == 1:
			what = fmt.Sprintf("the byte %#02x is not UTF-8", raw[i])
		case r == 0x7f || (r < ' ' && r != '\n' && r != '\r' && r != '\t'):
			what = fmt.Sprintf("the control character %U cannot stand in YAML", r)
		}
		if what != "" {
			line := bytes.Count(raw[:i], []byte("\n")) + 1
			column := utf8.RuneCount(raw[bytes.LastIndexByte(raw[:i], '\n')+1:i]) + 1
			return MistakesError{{File: s.name, Line: line, Column: column, What: what}}
		}
		i += size
	}
	return nil
}

// checkTokens refuses what YAML has and a scenario does not need: it would make a small file a huge one, or a mistake's place wrong.
func (s *source) checkTokens(all token.Tokens) MistakesError {
	var n nesting
	for _, t := range all {
		what := needless(t)
		if n.step(t); what == "" && n.tooDeep() {
			what = fmt.Sprintf("is nested more than %d levels deep", maxDepth)
		}
		if what != "" {
			m := Mistake{File: s.name, Line: 1, Column: 1, What: what}
			m.take(t)
			return MistakesError{m}
		}
	}
	return nil
}

// needless says what is wrong with a token that no scenario needs; "" for all others.
func needless(t *token.Token) string {
	switch t.Type {
	case token.AnchorType, token.AliasType, token.MergeKeyType:
		return "anchors and aliases are not read: write out what is meant"
	case token.TagType, token.DirectiveType:
		return "tags and directives are not read: a value is what it looks like"
	case token.MappingKeyType:
		return "a field's name is a text"
	case token.InfinityType, token.NanType:
		return t.Value + " is not a number that can be used; a text stands in quotes"
	default:
		return ""
	}
}

// nesting counts how deep a token stands in brackets, or behind dashes of one line. Levels by indentation need no bound: each is wider than the
// one before.
type nesting struct{ brackets, dashes, line int }

func (n *nesting) step(t *token.Token) {
	if t.Position != nil && t.Position.Line != n.line {
		n.line, n.dashes = t.Position.Line, 0
	}
	switch t.Type {
	case token.SequenceStartType, token.MappingStartType:
		n.brackets++
	case token.SequenceEndType, token.MappingEndType:
		n.brackets--
	case token.SequenceEntryType:
		n.dashes++
	default:
	}
}

func (n *nesting) tooDeep() bool { return max(n.brackets, n.dashes) > maxDepth }
