package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	contract "github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/record"
)

// A document is read twice, once to be validated and once into Go's types, and both have to see the same. Where encoding/json guesses, the two
// guess differently: of a name that is given twice the one takes the last value and the other merges both, so that what was never validated
// would get in. Hence a document has to be I-JSON (RFC 7493): UTF-8, whole characters, and each name once.

// The bounds of a document beside its size.
const (
	// deepest is far beyond what any schema nests.
	deepest = 64
	// longestNumber bounds a number's digits: all numbers of the contract are whole, and reckoning with a huge one takes long.
	longestNumber = 19
)

var wholeNumber = regexp.MustCompile(`^-?[0-9]{1,` + strconv.Itoa(longestNumber) + `}$`)

// read parses a document. problems are what is wrong with single values that could be read nevertheless; an error is a refusal of the whole.
func read(raw []byte) (doc any, problems []contract.Problem, err error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil, nil, malformed("the body is empty: send a JSON document")
	}
	if what, at := hazard(raw); what != "" {
		return nil, nil, malformed("the body is no JSON: " + what + place(raw, at))
	}
	var whole json.RawMessage
	if err := json.Unmarshal(raw, &whole); err != nil {
		return nil, nil, malformed("the body is no JSON: " + whereBroken(raw, err))
	}
	b := &builder{dec: json.NewDecoder(bytes.NewReader(raw))}
	b.dec.UseNumber()
	if doc, err = b.value(); err != nil {
		return nil, nil, malformed("the body is no JSON: it could not be read")
	}
	return doc, b.problems, nil
}

func malformed(detail string) error {
	return &record.RefusalError{Reason: record.ReasonMalformed, Detail: detail}
}

// hazard finds what encoding/json would let pass or mend: bytes that are not UTF-8, escapes of half a character, and nesting without end. at
// counts the bytes up to the place.
func hazard(raw []byte) (what string, at int) {
	if i := noText(raw); i >= 0 {
		return "it is not UTF-8", i + 1
	}
	depth, quoted := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			size, whole := escaped(raw[i:])
			if !whole {
				return `\u escapes name half a character`, i + 1
			}
			i += size - 1
		case quoted:
		case c == '{', c == '[':
			if depth++; depth > deepest {
				return fmt.Sprintf("it is nested deeper than %d levels", deepest), i + 1
			}
		case c == '}', c == ']':
			depth--
		}
	}
	return "", 0
}

// noText returns where bytes stop being UTF-8, or -1.
func noText(raw []byte) int {
	for i := 0; i < len(raw); {
		r, size := utf8.DecodeRune(raw[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// escaped measures the escape that s begins with, both parts of a surrogate pair together. whole is false for one part alone.
func escaped(s []byte) (size int, whole bool) {
	const single, pair = len(`\uXXXX`), len(`\uXXXX\uXXXX`)
	first, ok := codeUnit(s)
	switch {
	case !ok:
		return 2, true // another escape, or none: the parser tells
	case !utf16.IsSurrogate(first):
		return single, true
	}
	second, ok := codeUnit(s[single:])
	return pair, ok && utf16.DecodeRune(first, second) != utf8.RuneError
}

// codeUnit reads the escape of a UTF-16 code unit.
func codeUnit(s []byte) (rune, bool) {
	const prefix, end = `\u`, 6
	if len(s) < end || string(s[:len(prefix)]) != prefix {
		return 0, false
	}
	n, err := strconv.ParseUint(string(s[len(prefix):end]), 16, 16)
	return rune(n), err == nil
}

// builder makes a document's tree, as encoding/json would, and notes what encoding/json would not.
type builder struct {
	dec      *json.Decoder
	at       []string
	problems []contract.Problem
}

func (b *builder) value() (any, error) {
	token, err := b.dec.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '{' {
			return b.object()
		}
		return b.array()
	case json.Number:
		if !wholeNumber.MatchString(token.String()) {
			b.note("write a whole number of at most " + strconv.Itoa(longestNumber) + " digits, without fraction and exponent")
			return json.Number("1"), nil // so that the schema has nothing to add
		}
		return token, nil
	default:
		return token, nil
	}
}

func (b *builder) object() (any, error) {
	out := map[string]any{}
	for b.dec.More() {
		token, err := b.dec.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return nil, errors.Join(err, errName)
		}
		b.at = append(b.at, name)
		if _, twice := out[name]; twice {
			b.note("this name is given more than once: keep one of them")
		}
		if out[name], err = b.value(); err != nil {
			return nil, err
		}
		b.at = b.at[:len(b.at)-1]
	}
	_, err := b.dec.Token()
	return out, err
}

var errName = errors.New("no name")

func (b *builder) array() (any, error) {
	out := []any{}
	for b.dec.More() {
		b.at = append(b.at, strconv.Itoa(len(out)))
		v, err := b.value()
		if err != nil {
			return nil, err
		}
		out = append(out, v)
		b.at = b.at[:len(b.at)-1]
	}
	_, err := b.dec.Token()
	return out, err
}

func (b *builder) note(detail string) {
	if len(b.problems) < problemLimit {
		b.problems = append(b.problems, contract.Problem{Pointer: pointer(b.at), Detail: detail})
	}
}

// whereBroken says at which line and column a document stops being JSON, without quoting it.
func whereBroken(raw []byte, err error) string {
	syntax, ok := errors.AsType[*json.SyntaxError](err)
	if !ok {
		return "it could not be read"
	}
	return syntax.Error() + place(raw, int(min(int64(len(raw)), max(0, syntax.Offset))))
}

// place is the line and column of a document's n-th byte.
func place(raw []byte, n int) string {
	before := raw[:n]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return fmt.Sprintf(" at line %d, column %d", line, max(1, column))
}
