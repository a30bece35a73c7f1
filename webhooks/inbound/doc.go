// Package inbound receives the providers' pushes: it answers handshakes before anything else, verifies each notice by the channel that it names,
// commits the work that it asks for, and only then answers 2xx. When nothing can be committed it answers 503, and the provider tries again.
//
// A push carries no truth about any event. One that is forged, or belongs to no channel of ours, is answered like a genuine one, counted, and
// changes nothing: the sender learns nothing from the answer, and a provider that keeps sending after a channel was ended is not an error.
//
// Files: receiver.go (one push), count.go (what became of it), batch.go (the transactions that many pushes share).
package inbound
