//go:build !pact

package sandbox

import "errors"

// ErrBuilt is why this binary cannot verify.
var ErrBuilt = errors.New("this calweave was built without Pact's verifier, which needs cgo and libpact_ffi: run make calweave-pact in a clone of calweave, " +
	"and then .bin/calweave-pact contracts verify with the same flags")

// Pact cannot verify in this build.
func Pact([]byte, string) (diff string, err error) { return "", ErrBuilt }

// File is a committed pact; there is none in this build.
func File(string) ([]byte, error) { return nil, ErrBuilt }
