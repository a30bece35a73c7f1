package metrics

import "github.com/calweave/calweave/contracts/fault"

// Kinds are those that are counted by their name.
func Kinds() []fault.Kind { return kinds() }
