// Package google drives Google Calendar: its API v3 through the official client, its OAuth server and its push channels.
//
// An event that calweave makes carries its key twice: as the event's id and in the private extended property "calweave". Descriptions are
// HTML at Google and plain text here; the edge between them is text.go. A page of a listing, the read before a change of guests, and every
// change are sent without the client's own types (call.go), because those fail a whole page for one odd row and drop fields that they do
// not know. Each method sends one request, except where it says otherwise.
//
// Files: client.go (Config, Driver, opening a client), oauth.go (authorization server, its refusals), delegation.go (service accounts), transport.go
// (bounded answers, no redirects), call.go (a request by hand), read.go (calendars, one event), list.go (pages, sync tokens), conference.go (Google Meet), write.go (create,
// update, delete), guests.go (merging guests), series.go (recurrences, occurrences), channel.go (watching), map.go (events to and from the contract),
// text.go (HTML), errors.go (the one table of refusals), notify.go (pushes), types.go (payloads and limits).
package google
