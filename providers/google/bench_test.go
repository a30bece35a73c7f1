package google

import (
	"strings"
	"testing"
)

// BenchmarkItem reads one row of a listing with everything in it.
func BenchmarkItem(b *testing.B) {
	raw := []byte(strings.TrimSuffix(row("a"), "}") + `,"summary":"Intro call","description":"Booked online","location":"Room 4",` +
		`"attendees":[` + hostRow + `,` + guestRow + `,` + aRow + `]}`)
	b.ReportAllocs()
	for b.Loop() {
		if item := itemOf(raw); item.Withheld != "" {
			b.Fatal(item.Withheld)
		}
	}
}
