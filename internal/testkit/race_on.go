//go:build race

package testkit

// UnderRace says that the race detector makes everything many times slower.
const UnderRace = true
