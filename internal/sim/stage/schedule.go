package stage

import "time"

// maxMinutes bounds for how long a fault can be set to last: ten years.
const maxMinutes = 10 * 366 * 24 * 60

// Schedule says which of the requests or pushes that a fault matches it strikes. The zero value is all of them. Time is the simulators'.
type Schedule struct {
	// Every strikes one in so many: the first, and then each that comes so many later.
	Every int `json:"every,omitempty"`
	// Rate is the portion that is struck at random, above 0 and at most 1; 0 is all.
	Rate float64 `json:"rate,omitempty"`
	// Seed makes what Rate strikes repeatable; 0 is the Sim's own seed.
	Seed uint64 `json:"seed,omitempty"`
	// From and Until bound when the fault strikes; Until itself is outside.
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// Minutes set Until to so long after the fault was added: a quota that is used up for three hours is 180.
	Minutes int `json:"minutes,omitempty"`
}

func (s Schedule) check() error {
	switch {
	case !(s.Rate >= 0 && s.Rate <= 1): // a number that is none fails too
		return badField("rate", "is 0 to 1, not %v", s.Rate)
	case s.Minutes > maxMinutes:
		return badField("minutes", "is at most %d, not %d", maxMinutes, s.Minutes)
	case s.Minutes > 0 && !s.Until.IsZero():
		return badField("minutes", "a fault ends after minutes or at until, not both")
	case !s.Until.IsZero() && !s.From.Before(s.Until):
		return badField("until", "a fault that ends at %s cannot begin at %s", s.Until.Format(time.RFC3339), s.From.Format(time.RFC3339))
	default:
		return firstError(notNegative("every", s.Every), notNegative("minutes", s.Minutes))
	}
}

// armed returns the schedule as it holds for a fault that is added now.
func (s Schedule) armed(now time.Time, seed uint64) Schedule {
	if s.Minutes > 0 {
		from := now
		if s.From.After(now) {
			from = s.From
		}
		s.Until = from.Add(time.Duration(s.Minutes) * time.Minute)
	}
	if s.Rate > 0 && s.Seed == 0 {
		s.Seed = seed
	}
	return s
}

// open reports whether the fault strikes at this time.
func (s Schedule) open(now time.Time) bool {
	return !now.Before(s.From) && (s.Until.IsZero() || now.Before(s.Until))
}

// strikes reports whether the nth that the fault matches, from 0 on, is struck.
func (s Schedule) strikes(n uint64) bool {
	if s.Every > 1 && n%uint64(s.Every) != 0 {
		return false
	}
	return s.Rate == 0 || draw(s.Seed, n) < s.Rate
}

// draw is the nth number of those that begin with seed, from 0 up to 1: SplitMix64 (https://prng.di.unimi.it/splitmix64.c).
func draw(seed, n uint64) float64 {
	z := seed + (n+1)*0x9e3779b97f4a7c15
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	z ^= z >> 31
	return float64(z>>11) / (1 << 53)
}
