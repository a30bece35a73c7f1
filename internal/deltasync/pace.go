package deltasync

import "time"

// The spacing of listings: none after a quiet spell, and longer the closer they follow each other.
const (
	quiet        = 10 * time.Second
	firstSpacing = 1250 * time.Millisecond
	fullSpacing  = 2 * time.Second
)

// pace returns how long the next listing of a calendar has to wait after one that ends at now, when the one before it was published at last
// and was followed by a wait of spacing. With it a thousand notifications within a second cost three listings: one for the first, one for what
// came during it, and one after firstSpacing for all the rest.
func pace(now, last time.Time, spacing time.Duration) time.Duration {
	switch {
	case last.IsZero(), now.Sub(last) > quiet:
		return 0
	case spacing == 0:
		return firstSpacing
	default:
		return fullSpacing
	}
}
