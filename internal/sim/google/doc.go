// Package google simulates Google's OAuth server and the Google Calendar API v3 over HTTP, with its own state
// (https://developers.google.com/workspace/calendar/api/v3/reference). Everything that the API does not document is a switch of package stage.
//
// An event is never changed in place: each write stores a new value, so that a reader needs the lock only to take hold of it.
//
// Files: server.go (routes), call.go (one request: who, which calendar, the answer), errors.go (error bodies), oauth.go and token.go (the
// authorization server), state.go (accounts and calendars), calendars.go and entries.go (the calendar list), event.go (an event and its JSON), moment.go (start and end),
// content.go (what a client may write), attendee.go, guests.go (their copies), conference.go, property.go (extended properties), merge.go (PATCH), write.go (what each write does),
// events.go (the handlers), transfer.go (import and move), rules.go and series.go (recurrence), split.go, past.go (what series were), query.go, cursor.go, list.go, page.go and
// instances.go (listings), freebusy.go, quota.go, channel.go and push.go (watch), mail.go, byhand.go (acting as a person), grants.go
// (tokens without a browser).
//
// Not simulated yet, and refused with 501 rather than ignored: quickAdd, and the batch endpoint is not there.
package google
