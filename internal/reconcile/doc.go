// Package reconcile brings a link and its event into agreement, in both directions, and is the only writer of links.
//
// Plan is pure and three-way: from what was agreed on, what the core wants and what the provider shows, it says what to do next. Reconciler
// carries it out one step at a time and plans again after each, until there is nothing left but to commit. A write is recorded in the link
// before it is made, so that a run that dies in between is known to have perhaps succeeded.
//
// Whose change is it? For each field that the core owns:
//
//	what the provider shows equals …            … means
//	what the core wants                         nothing to do
//	what was read back at the last agreement    nobody has touched it: write if the core has changed it since
//	a write in flight                           our own, landed: write if the core has changed it since
//	the text of one, in other markup            our own, landed and rewritten: write it again, so that it is answered
//	an older version as a whole                 our own, landed late: write
//	anything else                               a person did it: report it, and do as the policy says
//
// The policy is to leave it to the core, to take it over into the booking, or to write over it. It decides about what is new only.
//
// An event is gone when it is shown as cancelled or our delete was answered. Being told that it was not found, or is gone, is one witness of two
// (confirm in reconciler.go, planMissing in plan.go): only then may the generation rise.
//
// Files: plan.go (what to do), fields.go (whose change it is), text.go (which texts read the same), reconciler.go (a run, and what it
// reads), write.go (what it writes), settle.go (what is committed), backflow.go (what
// policies decide about a person's change), respond.go (what guests have answered), conference.go, occurrence.go (occurrences of series), look.go (what a run
// would do, and does not), audit.go (the same for many links), auditor.go (on a schedule),
// guard.go (what is committed of a deletion that an operator has to decide about).
package reconcile
