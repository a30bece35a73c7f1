//go:build !race

package providers_test

// underRace says that the race detector makes everything many times slower.
const underRace = false
