// Package task holds what travels through the queue: SubmitBooking, which a booking core enqueues instead of calling the HTTP API, and the
// internal hints, which carry identifiers only and may be lost at any time without harm.
//
// A payload states its schema version. Readers accept the version before theirs and the one after it, as long as they know every field.
//
// Files: submit.go (the public task and its signature), hint.go (the internal ones), testdata (golden payloads), schema (the public task's JSON
// Schema, made from the OpenAPI document).
package task
