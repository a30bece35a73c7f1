package sim

import (
	_ "embed"
	"net/http"
)

// Document describes the admin API in OpenAPI 3.1.
//
//go:embed openapi.yaml
var Document []byte

func serveDocument(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(Document) // a client that has gone needs no answer
}
