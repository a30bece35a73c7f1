package openapi

import _ "embed"

// Spec is openapi.yaml, an OpenAPI 3.1 document.
//
//go:embed openapi.yaml
var Spec []byte
