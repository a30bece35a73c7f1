package config

import (
	"maps"
	"slices"
)

// About names the settings that the reference has words for.
func About() []string { return slices.Sorted(maps.Keys(abouts())) }
