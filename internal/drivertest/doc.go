// Package drivertest lets package providertest act upon the simulators: as the person whose calendar it is, and as the wire to it.
//
// Files: drivertest.go (the account and its person), own.go (another application of the person's), wire.go (requests, and what becomes of them),
// served.go (when they are over), strange.go (answers of a later version), receiver.go (where pushes arrive).
package drivertest
