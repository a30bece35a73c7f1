// Package telemetry is how calweave tells what it does: structured logs that keep secrets to themselves, and W3C trace contexts that tie the
// hops of one change together across processes, tables and queues.
//
// Files: log.go (the logger), redact.go (what never reaches it), trace.go (traceparent).
package telemetry
