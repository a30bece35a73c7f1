package record

import "time"

// Allowance is how it goes with a provider application, and what is left of the limits that all its accounts share. What does not exist is nil, a moment
// that does not hold zero.
type Allowance struct {
	// DownUntil is when the next call tries whether the provider is back; LimitedUntil is until when it wants to be left alone.
	DownUntil, LimitedUntil time.Time
	Rate                    *RateLeft
	Day                     *DayLeft
	Unanswered              *Unanswered
	// Pace is the share of the rate that may be used now, above 0 and at most 1: the provider has asked for less lately if it is below 1.
	Pace float64
	// Alone says that the figures are those of this process, which does not share its account with others.
	Alone bool
}

// RateLeft is a rate: Limit units in any Span.
type RateLeft struct {
	Limit int
	Span  time.Duration
	// Available units may be used at this moment, of Burst at most; more come back all the time.
	Available, Burst int
}

// DayLeft is a limit of units in any 24 hours.
type DayLeft struct {
	Limit int
	// Used units count now; Available may be used at this moment. Where it is not known what was used before, Available grows with time.
	Used, Available int
	// FreesAt is when the oldest hour that counts leaves; zero while nothing was used.
	FreesAt time.Time
}

// Unanswered is the limit on calls that are begun without a sign of life from the provider. Used were begun since the last one.
type Unanswered struct{ Limit, Used int }
