package cal_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
)

// Global object ids as Exchange writes them: of a meeting of its own, of one occurrence of it, and of a meeting that came by mail from elsewhere.
const (
	exchangeUID = "040000008200E00074C5B7101A82E00800000000DA2B357D94B5D2010000000000000000100000001F2E3D4C5B6A798897A6B5C4D3E2F100"
	onThatDay   = "040000008200E00074C5B7101A82E00807EA0A01DA2B357D94B5D2010000000000000000100000001F2E3D4C5B6A798897A6B5C4D3E2F100"
	wrapped     = "040000008200E00074C5B7101A82E00800000000000000000000000000000000000000002F000000"
)

func TestMeeting(t *testing.T) {
	t.Parallel()
	const googles = "0f3vq2m1u5d8k7b4c6s9t0a1eo@google.com"
	at := func(kind cal.EventKind, uid string, original cal.Moment) cal.Event {
		return cal.Event{Kind: kind, ICalUID: uid, OriginalStart: original}
	}
	none, ten := cal.Moment{}, cal.Moment{Instant: instant(600)}
	foreign := wrapped + strings.ToUpper(hex.EncodeToString([]byte("vCal-Uid\x01\x00\x00\x00"+googles+"\x00")))
	for name, c := range map[string]struct {
		a, b cal.Event
		same bool
	}{
		"copies of one":                               {at(cal.KindSingle, googles, none), at("", googles, none), true},
		"two meetings":                                {at(cal.KindSingle, googles, none), at(cal.KindSingle, "1"+googles, none), false},
		"in another mailbox's letters":                {at(cal.KindSingle, exchangeUID, none), at(cal.KindSingle, strings.ToLower(exchangeUID), none), true},
		"letters count elsewhere":                     {at(cal.KindSingle, googles, none), at(cal.KindSingle, strings.ToUpper(googles), none), false},
		"as Exchange wraps it":                        {at(cal.KindSingle, googles, none), at(cal.KindSingle, foreign, none), true},
		"one occurrence, of its own UID and of all's": {at(cal.KindOccurrence, onThatDay, ten), at(cal.KindException, exchangeUID, ten), true},
		"two occurrences":                             {at(cal.KindException, googles, ten), at(cal.KindException, googles, cal.Moment{Instant: instant(601)}), false},
		"an occurrence and its series":                {at(cal.KindException, googles, ten), at(cal.KindSeries, googles, none), false},
		"where its place is told in another zone":     {at(cal.KindException, googles, ten), at(cal.KindException, googles, cal.Moment{Instant: ten.Instant, Zone: "Asia/Tokyo"}), true},
		"all day": {at(cal.KindException, googles, cal.Moment{Date: "2026-10-01"}), at(cal.KindException, googles, cal.Moment{Date: "2026-10-02"}), false},
	} {
		if got := c.a.Meeting() == c.b.Meeting(); got != c.same || c.a.Meeting() == "" {
			t.Errorf("%s: %q and %q", name, c.a.Meeting(), c.b.Meeting())
		}
	}
	for name, e := range map[string]cal.Event{"no UID": at(cal.KindSingle, "", none), "an occurrence of no known place": at(cal.KindOccurrence, exchangeUID, none)} {
		if got := e.Meeting(); got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
	for _, odd := range []string{exchangeUID[:32], exchangeUID[:39], exchangeUID + "ZZ", exchangeUID[:36]} {
		if got := at(cal.KindSingle, odd, none).Meeting(); got != odd {
			t.Errorf("%q became %q", odd, got)
		}
	}
}
