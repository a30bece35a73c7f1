// Package telemetry is how calweave tells what it does: structured logs that keep secrets to themselves, and W3C trace contexts that tie the
// hops of one change together across processes, tables and queues.
//
// A request and a claim of work each begin a scope (WithScope). What is learnt on the way, the tenant above all (Learn), stands on every line that
// is logged with its context, and so does the id of the context's trace.
//
// Files: log.go (the logger), scope.go (what each line bears), redact.go (what never reaches it), trace.go (traceparent).
package telemetry
