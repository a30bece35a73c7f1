// Package google simulates Google's OAuth server and the Google Calendar API v3 over HTTP, with its own state
// (https://developers.google.com/workspace/calendar/api/v3/reference). Everything that the API does not document is a switch of package stage, or
// named where it is decided.
//
// An event is never changed in place: each write stores a new value, so that a reader needs the lock only to take hold of it.
//
// Files: server.go, routes.go (what is served), front.go (requests in another form), dress.go (answers in another form), fields.go and known.go
// (partial answers), call.go (one request: who, which calendar, the answer), batch.go, errors.go (error bodies), oauth.go, scopes.go, token.go,
// delegation.go (service accounts) and identity.go (the authorization server), state.go (accounts and calendars), access.go and rulebook.go (who may
// do what), calendars.go, manage.go, entries.go and listing.go (calendars and the calendar list), settings.go (settings and colours), event.go (an
// event and its JSON), moment.go (start and end), content.go (what a client may write), attendee.go, guests.go (their copies), conference.go,
// reminders.go, property.go (extended properties), merge.go (PATCH), write.go (what each write does), events.go (the handlers), quickadd.go,
// transfer.go (import and move), rules.go and series.go (recurrence), split.go, past.go (what series were), query.go, cursor.go, list.go, page.go and
// instances.go (listings), freebusy.go, quota.go, channel.go and push.go (watch), mail.go, byhand.go (acting as a person), grants.go (tokens without
// a browser).
//
// Not simulated, and refused with 501 rather than ignored: calendars.transferOwnership, default reminders and notification settings of an entry of
// the calendar list, calendars of service accounts and device codes, the keys of identity tokens, which are not signed. quickAdd reads of its text
// only a day and times in their simplest forms: no weekdays, names of months, places, guests or rules. Groups have no members, settings never change,
// and an API key opens nothing, not even a public calendar.
package google
