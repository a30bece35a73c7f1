// Package api serves the HTTP API of contracts/openapi: the routes under /v1 for booking cores, the pages that an account's owner sees while
// connecting it, and the health checks.
//
// Every request passes the same steps in the same order: request id, trace, time and security headers, a bound on the body, the API key (whose
// tenant is the only one that exists from then on), its limits and its scopes, and the contract, which says all that is wrong with a document at
// once. Every error is a problem of RFC 9457; problems.go is the one table from a reason to a status. Every log line bears request id, trace and
// tenant.
//
// Files: server.go (routes and their steps), guard.go (what every request and answer gets), measure.go (what is counted of it), auth.go (whose a
// request is), limits.go (how often keys are used and guessed at), scopes.go (what a key may do), contract.go (validation against the OpenAPI
// document), document.go (JSON that is read one way only), problem.go (how a failure is answered), problems.go (what each problem means), list.go
// (pages and cursors), bookings.go, divergence.go (decisions about a person's change), ledger.go (lists of bookings), copies.go (in other
// mailboxes), history.go, connections.go, applications.go, providers.go, calendars.go, following.go (how they are followed), busy.go, endpoints.go,
// deliveries.go, dead.go (dead letters), deletions.go (those that wait for a person's word), drift.go (what audits found), messages.go (the feed),
// once.go (requests with an idempotency key), pages.go (HTML for owners), docs.go (the reference), health.go. Package gen is generated from the
// OpenAPI document; package reference makes its pages, package ratelimit counts.
package api

//go:generate oapi-codegen -config oapi-codegen.yaml ../../contracts/openapi/openapi.yaml
