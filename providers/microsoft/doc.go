// Package microsoft drives Outlook calendars through Microsoft Graph v1.0, with the request builders and models of the official SDK, the
// Microsoft identity platform's OAuth server, and Graph's change notifications.
//
// Of the SDK it takes the packages users, subscriptions and models, and Kiota's adapter on an HTTP client of its own (transport.go): the
// SDK's default pipeline retries, compresses and redirects on its own account, in an order that differs from process to process, loses the
// status of an answer that is no JSON, and panics on an error without a message. Bodies are written and pages are split here rather than by
// the models, because those write an attendee back without what they do not know, and fail a whole page for one odd row.
//
// An event that calweave makes carries its key twice: as transactionId, which makes the create idempotent, and in one extended property,
// by which it can be found. All requests ask for immutable ids, times in UTC and bodies as text. Graph mails the attendees of an event
// whatever is written, and is not known to honour If-Match on events, so the driver neither is a QuietWriter nor a ConditionalWriter.
// Each method sends one request, except where it says otherwise.
//
// Files: client.go (Config, Driver, opening a client), oauth.go (authorization server, its refusals), application.go (applications that act by
// themselves), transport.go (the ordered chain around each request), call.go (sending one of the SDK's requests), read.go (calendars, one event,
// finding by key), list.go (delta pages), link.go (whose links are followed), write.go (create, update, delete), conference.go (Teams meetings), guests.go (merging guests),
// series.go (occurrences), recurrence.go (rules and patterns), channel.go (subscriptions), map.go (events to and from the contract), time.go (wall time and zones), text.go (HTML and Teams meetings), errors.go
// (the one table of refusals), notify.go (pushes), types.go (payloads and limits).
package microsoft
