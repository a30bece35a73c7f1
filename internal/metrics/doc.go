// Package metrics is what one process of calweave tells Prometheus: what it has counted, and what it reads when it is asked. No other package knows
// Prometheus: what is to be counted is told through functions and small interfaces that the others declare.
//
// A label has values from a closed set, known when this was built, and the provider applications and routes are those of the installation; nothing that
// a stranger, a provider or a person writes becomes one. The exception is the tenant, of which there are a bounded number (docs/adr/0023).
//
// Files: table.go (all metrics), metrics.go (what is counted), reading.go (what is read), handler.go (GET /metrics).
package metrics
