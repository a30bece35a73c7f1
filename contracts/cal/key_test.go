package cal_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/calweave/calweave/contracts/cal"
)

// These values are stamped into events of live calendars: a change of any of them makes every event a stranger.
func TestKeyIsStable(t *testing.T) {
	t.Parallel()
	k := cal.NewKey("ten_1", "booking-1", "cal_1", "", 1)
	for name, c := range map[string]struct{ got, want string }{
		"String":    {k.String(), "1e5d52362beea5e6d7aa035febc122aeb002e160eb98104b304564bde0db7a9d"},
		"Base32Hex": {k.Base32Hex(), "3pel4dhbtqiudlta0dfung92lqo05ob0tec10ipg8libro6rfaeg"},
		"UUID":      {k.UUID(), "1e5d5236-2bee-85e6-97aa-035febc122ae"},
		"part":      {cal.NewKey("ten_1", "booking-1", "cal_1", "2026-10-01T10:00:00Z", 1).String(), "e200885744b2b6d6110b7566d92caf82c4150b42946e03155fb2d8695ba06f37"},
		"next":      {cal.NewKey("ten_1", "booking-1", "cal_1", "", 2).String(), "a746046954e3f38754f42ee9babe601420068b151a8be3a567d2cd25ed7dd8b9"},
	} {
		if c.got != c.want {
			t.Errorf("%s = %q, want %q", name, c.got, c.want)
		}
	}
}

func TestKeyPartsLendNoByteToTheirNeighbours(t *testing.T) {
	t.Parallel()
	keys := map[cal.Key]string{}
	for name, k := range map[string]cal.Key{
		"plain":                  cal.NewKey("a", "b", "c", "d", 1),
		"tenant takes booking":   cal.NewKey("ab", "", "c", "d", 1),
		"booking takes tenant":   cal.NewKey("", "ab", "c", "d", 1),
		"booking takes calendar": cal.NewKey("a", "bc", "", "d", 1),
		"calendar takes part":    cal.NewKey("a", "b", "cd", "", 1),
		"swapped":                cal.NewKey("b", "a", "c", "d", 1),
		"zero bytes":             cal.NewKey("a", "b", "c", "d\x00\x00\x00\x00\x00\x00\x00", 1),
		"generation":             cal.NewKey("a", "b", "c", "d", 2),
		"generation 256":         cal.NewKey("a", "b", "c", "d", 256),
	} {
		if other, taken := keys[k]; taken {
			t.Errorf("%q and %q share a key", name, other)
		}
		keys[k] = name
	}
}

func TestKeyForms(t *testing.T) {
	t.Parallel()
	text := rapid.String()
	rapid.Check(t, func(t *rapid.T) {
		k := cal.NewKey(cal.TenantID(text.Draw(t, "tenant")), cal.BookingID(text.Draw(t, "booking")), cal.CalendarID(text.Draw(t, "calendar")),
			text.Draw(t, "part"), rapid.IntRange(0, 1000).Draw(t, "generation"))
		if id := k.Base32Hex(); len(id) != 52 || strings.Trim(id, "0123456789abcdefghijklmnopqrstuv") != "" {
			t.Fatalf("Base32Hex %q is no Google event id", id)
		}
		if s := k.String(); len(s) != 64 || strings.Trim(s, "0123456789abcdef") != "" {
			t.Fatalf("String %q is not 32 bytes in hexadecimal", s)
		}
		checkUUIDv8(t, k.UUID())
	})
}

func checkUUIDv8(t *rapid.T, u string) {
	t.Helper()
	parts := strings.Split(u, "-")
	if len(u) != 36 || len(parts) != 5 || len(parts[0]) != 8 || len(parts[1]) != 4 || len(parts[2]) != 4 || len(parts[3]) != 4 {
		t.Fatalf("%q has not the shape of a UUID", u)
	}
	if parts[2][0] != '8' || !strings.ContainsRune("89ab", rune(parts[3][0])) {
		t.Fatalf("%q: want version 8 and the variant of RFC 9562", u)
	}
}
