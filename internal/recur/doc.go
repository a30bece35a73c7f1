// Package recur says when a series takes place, behind limits. Rules come from strangers: whoever may write to a calendar may write one that never
// ends, or never comes true. One that is finer than hourly or longer than honest ones are is refused by its form; every other one is expanded in
// counted steps, so that the worst costs milliseconds and bounded memory. It does no I/O.
//
// Expansion is by wall time in the series' own zone (RFC 5545, section 3.8.5.3): ten o'clock stays ten o'clock across a change of the clocks. The
// package has an engine of its own, since that of rrule-go searches for the next date of a rule that never comes true without an end; the tests
// compare the two.
//
// Files: parse.go (recurrence lines), rule.go (one rule's parts and what they let pass), expand.go (starts in a window), dates.go (RDATE, EXDATE),
// canonical.go (the one form in which recurrences are compared),
// occurrence.go (the single occurrences of a booking).
package recur
