// Package cal holds the nouns of calendar synchronisation that every other package shares: identifiers, slots of time, the content of an
// event, events, calendars, connections, channels and listings. It imports the standard library only and does no I/O.
//
// Files: id.go (typed identifiers), key.go (the idempotency key of a create), slot.go (when), content.go (what the booking core owns of an
// event, its canonical form and its differences), event.go, conference.go, meeting.go (its copies), listing.go, calendar.go, connection.go, channel.go, booking.go, backflow.go (what becomes of
// persons' changes).
package cal
