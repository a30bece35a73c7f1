//go:build !race

package store_test

// underRace says that the race detector makes everything many times slower.
const underRace = false
