// Package app wires everything together with struct literals, and is the only package that imports all the rest.
//
// Files: app.go (New: from configuration to parts), wire.go and connect.go (what fits one part's interface to another), budget.go (how much providers
// are called), metrics.go (what is told Prometheus), calling.go (what waits for providers), intake.go (submissions from the queue), run.go (roles,
// start and shutdown), drift.go (audits that write nothing), admin.go (what the command line does to data), seal.go (keys and their rotation), zones.go
// (bookings whose zones have new rules).
// Package dev is `calweave dev`.
package app
