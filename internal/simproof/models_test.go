package simproof_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/microsoft/kiota-abstractions-go/serialization"
	"github.com/microsoft/kiota-abstractions-go/store"
	kiotajson "github.com/microsoft/kiota-serialization-json-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// through reads JSON as the SDK's model, and says what the model does not know or does not keep. extra are members below which nothing is
// expected of the model: annotations, which OData allows anywhere, always are.
func through(body []byte, factory serialization.ParsableFactory, extra ...string) error {
	root, err := kiotajson.NewJsonParseNode(body)
	if err != nil {
		return err
	}
	model, err := root.GetObjectValue(factory)
	if err != nil {
		return fmt.Errorf("the SDK cannot read it: %w", err)
	}
	if unknown := unknownTo(model, extra); unknown != nil {
		return fmt.Errorf("the SDK's model does not have %q", unknown)
	}
	w := kiotajson.NewJsonSerializationWriter()
	defer func() { _ = w.Close() }()
	if err := w.WriteObjectValue("", model); err != nil {
		return fmt.Errorf("the SDK cannot write it: %w", err)
	}
	again, err := w.GetSerializedContent()
	if err != nil {
		return err
	}
	var before, after any
	if err := errors.Join(json.Unmarshal(body, &before), json.Unmarshal(again, &after)); err != nil {
		return err
	}
	return lost("", before, after)
}

// unknownTo returns the names that ended as additional data, in the model and in all below it.
func unknownTo(v any, extra []string) (names []string) {
	if holder, ok := v.(serialization.AdditionalDataHolder); ok {
		for name := range holder.GetAdditionalData() {
			if !strings.HasPrefix(name, "@") && !slices.Contains(extra, name) {
				names = append(names, name)
			}
		}
	}
	if backed, ok := v.(store.BackedModel); ok {
		for _, value := range backed.GetBackingStore().Enumerate() {
			names = append(names, unknownTo(value, extra)...)
		}
		return names
	}
	if list := reflect.ValueOf(v); list.Kind() == reflect.Slice {
		for i := range list.Len() {
			names = append(names, unknownTo(list.Index(i).Interface(), extra)...)
		}
	}
	return names
}

// lost says where something that came in did not come out again as it was. A null may be left out: it means the same.
func lost(at string, before, after any) error {
	switch b := before.(type) {
	case nil:
		return nil
	case object:
		a, ok := after.(object)
		if !ok {
			return fmt.Errorf("%s: an object became %v", at, after)
		}
		for _, name := range slices.Sorted(maps.Keys(b)) {
			if _, kept := a[name]; !kept && b[name] != nil {
				return fmt.Errorf("%s.%s (%v) is lost", at, name, b[name])
			}
			if err := lost(at+"."+name, b[name], a[name]); err != nil {
				return err
			}
		}
	case []any:
		a, ok := after.([]any)
		if len(b) == 0 && after == nil {
			return nil
		}
		if !ok || len(a) != len(b) {
			return fmt.Errorf("%s: %d elements became %v", at, len(b), after)
		}
		for i := range b {
			if err := lost(fmt.Sprintf("%s[%d]", at, i), b[i], a[i]); err != nil {
				return err
			}
		}
	default:
		if !same(before, after) {
			return fmt.Errorf("%s: %v became %v", at, before, after)
		}
	}
	return nil
}

// same compares values; a time is the same however it is written, to the second, which is all that the SDK writes.
func same(before, after any) bool {
	if before == after {
		return true
	}
	b, isText := before.(string)
	a, stillText := after.(string)
	if !isText || !stillText {
		return false
	}
	if t, err := time.Parse("15:04:05", b); err == nil { // a time of day
		u, err := time.Parse("15:04:05", a)
		return err == nil && u.Equal(t)
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, b); err == nil {
			u, err := time.Parse(time.RFC3339Nano, a)
			return err == nil && u.Equal(t.Truncate(time.Second))
		}
	}
	return false
}

// A check that lets everything pass would prove nothing.
func TestModelCheckCanFail(t *testing.T) {
	t.Parallel()
	event := models.CreateEventFromDiscriminatorValue
	for name, c := range map[string]struct {
		body, want string
	}{
		"an event":               {`{"@odata.etag":"x","id":"a","subject":"b","start":{"dateTime":"2026-04-15T11:00:00.0000000","timeZone":"UTC"}}`, ""},
		"a field that is no":     {`{"title":"x"}`, "title"},
		"a field below":          {`{"attendees":[{"emailAddress":{"mail":"x"}}]}`, "mail"},
		"another type":           {`{"subject":1}`, "not compatible"},
		"another word":           {`{"type":"single"}`, "type"},
		"another word in a list": {`{"recurrence":{"pattern":{"daysOfWeek":["monday","mon"]}}}`, "daysOfWeek"},
		"a text for a number":    {`{"reminderMinutesBeforeStart":"15"}`, "not compatible"},
		"a time that is none":    {`{"createdDateTime":"yesterday"}`, "yesterday"},
		"a text for a list":      {`{"categories":"a"}`, "not a collection"},
		"no JSON":                {`<html>`, "invalid"},
	} {
		err := through([]byte(c.body), event)
		if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
