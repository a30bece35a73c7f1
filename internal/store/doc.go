// Package store keeps everything in SQL: PostgreSQL in production, SQLite when embedded, with one set of queries and one sequence of
// migrations. It decides nothing: services decide, and hand over records to commit.
//
// Every method that changes anything is one transaction with its audit row, its messages and the work that it marks; after the commit the
// marked rows are given to Options.Committed as hints. A method that takes a record.Lease is fenced: it fails with fault.Fenced, and changes
// nothing, once the row was claimed by somebody else.
//
// On PostgreSQL each transaction names its tenant, and row-level security shows it nothing else. On SQLite each query's tenant condition is
// all there is, which is why a test rejects queries without one.
//
// Files: store.go (opening, transactions), dialect.go (what differs), migrate.go, probe.go (what doctor asks), work.go (claims, outcomes, marks),
// sweep.go (what is due), sealed.go (columns nobody reads), and one file per noun: tenant.go, connection.go, calendar.go, choice.go (what a tenant
// chooses for a calendar), channel.go, listing.go, booking.go,
// divergence.go (what a core decides about a person's change), ledger.go (lists of bookings), link.go, message.go, endpoint.go, delivery.go and audit.go. Package db is generated
// by sqlc from queries.
package store

//go:generate sqlc generate
