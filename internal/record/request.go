package record

// Request is one attempt at a request that came with an idempotency key.
type Request struct {
	// Key is the caller's, of any form.
	Key string
	// Fingerprint stands for all that the request asks for.
	Fingerprint []byte
}

// RequestState is how far a request has come.
type RequestState int

// The states.
const (
	// RequestClaimed is this attempt's to carry out.
	RequestClaimed RequestState = iota
	// RequestElsewhere is being carried out by another attempt.
	RequestElsewhere
	// RequestAnswered has been carried out and answered.
	RequestAnswered
	// RequestUnanswered has been carried out, and its answer was lost with the process that had it.
	RequestUnanswered
	// RequestOther asks for something else than the request that the key belongs to.
	RequestOther
)

// Answer is what a request was answered.
type Answer struct {
	Status int
	// Header has one value of each name.
	Header map[string]string
	Body   []byte
}

// RequestClaim is what came of claiming a request.
type RequestClaim struct {
	State RequestState
	// Answer is what was answered; of an answered request only.
	Answer Answer
	// KeyHash and Token name the attempt that the request is claimed for.
	KeyHash, Token string
}
