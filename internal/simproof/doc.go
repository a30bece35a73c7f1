// Package simproof holds the tests that hold the simulators against what the providers publish about themselves, which the simulators may not
// import: Google's discovery document, the models of Microsoft's SDK, payloads as they were seen in the field, and our own drivers.
//
// Whatever passes a witness is judged, so that a new answer of a simulator is held to account as soon as any test asks for it.
//
// Files: discovery_test.go (Google's discovery document as a JSON Schema), google_test.go (its witness, and a walk past every route), models_test.go
// (what the SDK's models make of an answer), microsoft_test.go (its witness and walk), batch_test.go (its batches), shape_test.go (samples from the
// field and their shapes), sample_google_test.go and sample_microsoft_test.go (the simulators and our drivers against them), tokens_test.go (the
// OAuth servers), page_test.go (docs/simulators.md), select_test.go (what clients select of answers of Google's, and its batches).
package simproof
