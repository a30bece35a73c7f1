package message_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/calweave/calweave/contracts/message"
)

// released holds what the last version promised.
const released = "../released"

// A core that was written for the last version reads each message of this one: every field that it knows is there, and means the same. Fields
// may be added, which is why the last version's schemas are taken without their word about others.
func TestLastVersionsReadersTakeTheseMessages(t *testing.T) {
	t.Parallel()
	whole := lastSchema(t)
	for _, typ := range lastTypes(t) {
		if !slices.Contains(message.Types(), typ) {
			t.Errorf("%s is a message of the last version, and of this one no more", typ)
			continue
		}
		e, _ := message.Example(typ)
		if err := whole.Validate(instance(t, e)); err != nil {
			t.Errorf("%s is not what a reader of the last version expects: %v", typ, err)
		}
	}
}

// A message that the last version wrote is read by this one without loss: rows of it are still in the database, and are delivered.
func TestLastVersionsMessagesAreRead(t *testing.T) {
	t.Parallel()
	now := examples()
	for _, typ := range lastTypes(t) {
		raw, err := os.ReadFile(filepath.Join(released, "messages", string(typ)+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var e message.Envelope
		if err := json.Unmarshal(raw, &e); err != nil {
			t.Errorf("%s: %v", typ, err)
			continue
		}
		data := reflect.New(reflect.TypeOf(now[typ]))
		if err := json.Unmarshal(e.Data, data.Interface()); err != nil {
			t.Errorf("%s: %v", typ, err)
			continue
		}
		if lost := missing("", fromJSON(t, e.Data), instance(t, data.Interface())); len(lost) > 0 {
			t.Errorf("%s: this version loses %v", typ, lost)
		}
	}
}

// Each of these breaks, and the two tests above have to see it.
func TestBrokenMessagesAreSeen(t *testing.T) {
	t.Parallel()
	whole := lastSchema(t)
	for name, spoil := range map[string]func(data map[string]any){
		"a field has another name":   func(d map[string]any) { d["edition"] = d["version"]; delete(d, "version") },
		"a field is of another type": func(d map[string]any) { d["version"] = "3" },
		"a field is gone":            func(d map[string]any) { delete(d, "target") },
	} {
		e, _ := message.Example(message.BookingSynced)
		doc, _ := instance(t, e).(map[string]any)
		data, _ := doc["data"].(map[string]any)
		before := instance(t, data)
		spoil(data)
		if whole.Validate(doc) == nil {
			t.Errorf("%s: the last version's schema takes it", name)
		}
		if len(missing("", before, data)) == 0 {
			t.Errorf("%s: nothing seems to be lost", name)
		}
	}
}

// lastTypes are the types of the last version's messages.
func lastTypes(t *testing.T) []message.Type {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(released, "messages", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no messages of the last version: %v", err)
	}
	var out []message.Type
	for _, f := range files {
		out = append(out, message.Type(strings.TrimSuffix(filepath.Base(f), ".json")))
	}
	return out
}

// lastSchema is the last version's schema of a whole message, open to fields that it does not name.
func lastSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	files, err := filepath.Glob(filepath.Join(released, "schema", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		doc := fromJSON(t, raw)
		opened(doc)
		if err := c.AddResource(address(filepath.Base(f)), doc); err != nil {
			t.Fatal(err)
		}
	}
	s, err := c.Compile(address(message.EnvelopeSchema))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// opened takes the word about unknown fields out of a schema.
func opened(v any) {
	switch v := v.(type) {
	case map[string]any:
		if v["additionalProperties"] == false {
			delete(v, "additionalProperties")
		}
		for _, e := range v {
			opened(e)
		}
	case []any:
		for _, e := range v {
			opened(e)
		}
	}
}

// missing are the places of was that is has no more, or has something else in.
func missing(at string, was, is any) []string {
	old, ok := was.(map[string]any)
	if !ok {
		if reflect.DeepEqual(was, is) {
			return nil
		}
		return []string{at}
	}
	now, _ := is.(map[string]any)
	var out []string
	for key, value := range old {
		if other, there := now[key]; there {
			out = append(out, missing(at+"/"+key, value, other)...)
		} else {
			out = append(out, at+"/"+key)
		}
	}
	return out
}

func fromJSON(t *testing.T, raw []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	return v
}
