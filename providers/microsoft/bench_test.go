package microsoft

import (
	"strings"
	"testing"
)

// BenchmarkItem reads one row of a delta with everything in it.
func BenchmarkItem(b *testing.B) {
	raw := []byte(strings.TrimSuffix(row("a"), "}") + `,"subject":"Intro call","body":{"contentType":"text","content":"Booked online"},"location":{"displayName":"Room 4"},` +
		`"organizer":{"emailAddress":{"name":"Host","address":"host@contoso.onmicrosoft.com"}},"attendees":[` + hostRow + `,` + guestRow + `,` + aRow + `]}`)
	b.ReportAllocs()
	for b.Loop() {
		if item := itemOf(raw); item.Withheld != "" {
			b.Fatal(item.Withheld)
		}
	}
}
