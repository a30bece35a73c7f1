// Package gen is the HTTP API as Go types: requests, answers and the routing of contracts/openapi/openapi.yaml. Change that document and run make
// generate; CI fails while the two differ.
//
// Files: api.gen.go (generated).
package gen
