// Package microsoft simulates the Microsoft identity platform and the calendar part of Microsoft Graph v1.0 over HTTP, with its own state
// (https://learn.microsoft.com/graph/api/resources/calendar). Everything that is not documented is a switch of package stage.
//
// An event is never changed in place: each write stores a new value, so that a reader needs the lock only to take hold of it.
//
// Files: server.go, route.go and path.go (which path is served by what), share.go (scripts in browsers), call.go (one request), prefer.go (the Prefer
// header), errors.go (error bodies), authorize.go, token.go, application.go, identity.go, openid.go, tenant.go and entra.go (the authorization
// server), state.go (mailboxes and calendars), calendars.go, calendarwrite.go and groups.go, small.go (collections that are looked at whole),
// event.go (an event and its JSON), content.go (what a client may write), when.go and zones.go (start and end, zones of both naming schemes), body.go
// (what Outlook makes of a text), attendee.go, location.go, property.go (extended properties), odata.go, filter.go and syntax.go ($expand, $filter,
// $orderby, $select), paging.go (what a listing shows, looked at once a change), write.go (what each write does), transaction.go (transactionId),
// events.go (the handlers), recurrence.go and recur.go (the rule of a series and its days), occurrence.go and series.go (occurrences and what is
// written to them), view.go (calendarView and instances), meeting.go and respond.go (guests' copies and what they answer), forward.go, online.go
// (Teams), relocate.go (moving to another calendar), batch.go, schedule.go (getSchedule), limit.go (throttling), pack.go (compressed answers),
// delta.go, deltarow.go and deltatoken.go, subscription.go, handshake.go, notify.go, health.go (slow receivers) and lifecycle.go, byhand.go (acting
// as a person), grants.go (tokens without a browser).
//
// Not simulated, and refused with 501 rather than ignored: events/delta (which v1.0 does not document), subscriptions with resource data,
// groups of calendars other than the two of every mailbox, and whatever else has no file here.
package microsoft
