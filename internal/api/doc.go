// Package api serves the HTTP API of contracts/openapi: the routes under /v1 for booking cores, the pages that an account's owner sees while
// connecting it, and the health checks.
//
// Every request passes the same steps in the same order: request id, trace and security headers, a bound on the body, the API key (whose tenant
// is the only one that exists from then on), and the contract, which says all that is wrong with a document at once. Every error is a problem of
// RFC 9457; problem.go is the one table from a failure to a status. Every log line bears request id, trace and tenant.
//
// Files: server.go (routes and their steps), contract.go (validation against the OpenAPI document), document.go (JSON that is read one way only),
// problem.go, list.go (pages and cursors), bookings.go, divergence.go (decisions about
// a person's change), ledger.go (lists of bookings), history.go,
// connections.go, calendars.go, endpoints.go, deliveries.go, messages.go (the feed), pages.go
// (HTML), health.go. Package gen is generated from the OpenAPI document.
package api

//go:generate oapi-codegen -config oapi-codegen.yaml ../../contracts/openapi/openapi.yaml
