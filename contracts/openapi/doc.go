// Package openapi holds the contract of the HTTP API. The server's types and its reference are generated from it, and requests and queue
// payloads are validated against it.
//
// Files: openapi.yaml (the contract), openapi.go (embeds it).
package openapi
