// Package message holds what calweave tells a booking core: the envelope and the data of every message type. Messages are delivered at
// least once and in no promised order; a reader drops what it has seen by id, and orders one booking's messages by their sequence.
//
// The JSON Schemas of the types are in schema, golden examples in testdata.
//
// Files: envelope.go, booking.go, connection.go, endpoint.go, schema.go (embeds the schemas), example.go (embeds the examples).
package message
