package message_test

import (
	"testing"

	"github.com/calweave/calweave/contracts/message"
)

// Every type has an example, which its schema takes, and nothing else has one.
func TestExamples(t *testing.T) {
	t.Parallel()
	whole := compile(t, message.EnvelopeSchema)
	for _, typ := range message.Types() {
		e, ok := message.Example(typ)
		if !ok || e.Type != typ {
			t.Errorf("%s: %+v", typ, e)
			continue
		}
		if err := whole.Validate(instance(t, e)); err != nil {
			t.Errorf("%s: %v", typ, err)
		}
	}
	for _, typ := range []message.Type{"", "booking.guessed", "../testdata/booking.moved"} {
		if e, ok := message.Example(typ); ok {
			t.Errorf("%q has an example: %+v", typ, e)
		}
	}
}
