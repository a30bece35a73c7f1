// Package work is the engine of the work table: it claims a row, runs the handler of its kind, and writes what became of it.
//
// Engine.Work is one synchronous step on an injected store, clock and source of jitter, so that a test can walk through everything. Whatever
// calls it is only a feeder: Asynq hands over hints, the sweep finds what is due in SQL. Losing either costs time and nothing else.
//
// Files: engine.go (one step), run.go (a handler, however it ends), company.go (what may run beside what), decide.go (the one table from a failure to
// an outcome), ending.go (how claims end, for whoever counts), table.go (the same in words), feed.go (the sweep, and hints after commits), soon.go
// (what comes due before the next sweep), pool.go (work in this process), gate.go (requests go ahead of work).
package work
