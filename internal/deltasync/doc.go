// Package deltasync lists what changed in a calendar: from its cursor, through staged pages that no reader sees, to one publication that shows
// the mirror, the cursor and the work that follows from them together.
//
// A listing that is cut off goes on at its next page. A cursor that the provider has lost discards the listing and begins a snapshot; what was
// published stays visible until the snapshot is complete. A sync never writes a link: it marks those whose events it has touched.
//
// A window rolls on by a snapshot before its end is reached, at every provider: it is how far series are expanded, too.
//
// Files: syncer.go (one listing), discover.go (which calendars there are), pace.go (how soon the next one may follow), poll.go (the schedule that
// needs no push), rhythm.go (how often that is).
package deltasync
