// Package openapi holds the contract of the HTTP API. The server's types and its reference are generated from it, and requests and queue
// payloads are validated against it.
package openapi

import _ "embed"

// Spec is openapi.yaml, an OpenAPI 3.1 document.
//
//go:embed openapi.yaml
var Spec []byte
