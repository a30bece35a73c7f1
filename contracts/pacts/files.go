//go:build pact

package pacts

import "embed"

// Files are the pacts, by their file names.
//
//go:embed *.json
var Files embed.FS
