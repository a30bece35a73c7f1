// Package bench measures calweave on a real PostgreSQL and a real Redis, against the simulators, and prints each figure beside a floor: what a bare
// program does with the same server, the same load and the same database in the same run. Machines differ and are busy; the ratio of two figures that
// were taken in turn says more than either.
//
//	intake   notifications taken in per second     a handler that makes one insert
//	push     bookings written into calendars       a loop that makes the same provider call and one update
//	latency  idle latency, out and in              one PUT and one insert
//	calls    provider calls for each booking       1
//	accept   the API's latency at 200 requests/s   a handler that makes one insert
//	degrade  one provider's latency without the other, and the API's   the same with both
//	poison   the latency of what shares processes with a row that panics, never ends or ends them   the same without it
//	check    what budget and breakers add to a call   the bare call
//	economy  writes for each change of a booking, listings after a storm of pushes   1
//	first    pages, calls, memory and time of a first sync   the least that its pages need; the same pages, downloaded and decoded
//
// scripts/bench adds what only tests can measure: the drain after an outage, in virtual time, and refreshes by 1, 5 and 20 processes (internal/app).
//
// It is a package with a command of its own, cmd/calweave-bench, because it needs what only app may import, has no place in the binary that is
// shipped, and prints paired figures with percentiles, which a Go benchmark's loop cannot. It fails when something does not work and never because
// something is slow: nothing here asserts a time.
//
// Files: bench.go (Run), report.go (what is printed), database.go, stack.go (calweave with everything around it), booking.go (what is booked),
// watcher.go (what a provider sees), exchanges.go (what the database is asked), core.go (a booking core), floor.go (the bare programs), load.go
// (closed and open loops), intake.go, push.go, latency.go, accept.go, degrade.go, poison.go, budget.go, economy.go,
// first.go (one part each), frail.go (a provider that can
// be taken away), child.go (workers in processes of their own).
package bench
