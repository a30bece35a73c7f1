// Package record holds the records that the store keeps and the services decide about: pure data, no I/O, no behaviour beyond small questions
// about itself. The services and the store share these types, so that a service needs nothing of the store but an interface of two or three
// methods that it declares itself.
//
// Files: work.go (leases, outcomes), backlog.go (how much there is to do), allowance.go (what is left of a provider's limits), count.go (how much
// there is of all tenants), dead.go (dead letters), booking.go, ledger.go (lists of bookings), link.go (what is known about one event), decision.go
// (what a reconciliation writes), drift.go (what an audit finds), ruling.go (what a core decides about a person's change), listing.go, busy.go
// (when a calendar's time is taken), guard.go (deletions that wait for an operator), channel.go, hearing.go (how changes of a calendar are heard
// of), connection.go, application.go (a tenant's clients at providers), call.go (a call of a provider,
// and its lane), delivery.go (endpoints and deliveries), attempt.go (calls of endpoints), outage.go (failures that are a provider's), note.go
// (audit), zones.go (bookings that other time-zone data has resolved), refusal.go (why a submission is refused), scope.go (what an API key may do), request.go (requests that are carried out once), seal.go (the
// keys that values are sealed with), errors.go.
package record
