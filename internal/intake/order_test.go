package intake

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/calweave/calweave/internal/record"
)

// In whatever order versions come in, how often, over which way, and however they meet between a decision and its commit: the highest accepted
// version stands, and no version was ever accepted with two contents.
func TestTheHighestVersionStands(t *testing.T) {
	t.Parallel()
	contents := []string{"a", "b", ""} // the empty one is a cancellation
	rapid.Check(t, func(r *rapid.T) {
		s := newShelf(t)
		accepted := map[int64]string{}
		highest := int64(0)
		var submit func(depth int)
		submit = func(depth int) {
			n, content := rapid.Int64Range(1, 6).Draw(r, "version"), rapid.SampledFrom(contents).Draw(r, "content")
			sub := Submission{ID: id, Unordered: rapid.Bool().Draw(r, "unordered")}
			if b := good(version(n), titled(content)); content == "" {
				sub.Cancel = &n
			} else {
				sub.Booking = &b
			}
			if depth < 3 && rapid.Bool().Draw(r, "overtaken") {
				s.before = func(call string) error {
					if call == "accept" {
						s.before = nil
						submit(depth + 1)
					}
					return nil
				}
			}
			receipt, err := s.service().Submit(t.Context(), ours, sub)
			s.before = nil
			before, known := accepted[n]
			switch {
			case err != nil:
				refusal, ok := errors.AsType[*record.RefusalError](err)
				if !ok {
					r.Fatalf("version %d: %v", n, err)
				}
				if known && before == content && n == highest {
					r.Fatalf("the version that stands is refused: %v", refusal)
				}
			case known && before != content:
				r.Fatalf("version %d was accepted with %q and with %q", n, before, content)
			case receipt.Repeat != known:
				r.Fatalf("version %d: repeat is %t", n, receipt.Repeat)
			case receipt.Repeat && n < highest && sub.Unordered: // nothing changed
			case n < highest:
				r.Fatalf("version %d was accepted after %d", n, highest)
			default:
				accepted[n], highest = content, n
			}
		}
		for range rapid.IntRange(1, 12).Draw(r, "submissions") {
			submit(0)
		}
		b := s.bookings[id]
		if b.Version != highest || highest > 0 && b.Cancelled != (accepted[highest] == "") {
			r.Fatalf("version %d stands (cancelled: %t), want %d with %q", b.Version, b.Cancelled, highest, accepted[highest])
		}
		if int(b.Revision) != len(accepted) {
			r.Fatalf("%d versions were accepted and %d committed", len(accepted), b.Revision)
		}
	})
}
