package stage

import (
	"sync"
	"time"
)

// MailKind is what a mail tells its receiver.
type MailKind string

// The kinds of mail.
const (
	MailInvitation   MailKind = "invitation"
	MailUpdate       MailKind = "update"
	MailCancellation MailKind = "cancellation"
	// MailReply tells the organizer what a guest has answered.
	MailReply MailKind = "reply"
)

// Mail is a mail that the provider would have sent.
type Mail struct {
	// N numbers the mails of one World from 1 on.
	N        uint64    `json:"n"`
	At       time.Time `json:"at"`
	Provider Provider  `json:"provider"`
	Kind     MailKind  `json:"kind"`
	From     string    `json:"from"`
	To       string    `json:"to"`
	Event    string    `json:"event"`
	Title    string    `json:"title"`
	// ByHand says that a person's act in the provider's own calendar caused it, and no request.
	ByHand bool `json:"by_hand"`
	// Requests is how many requests had been finished when it was sent: the one that caused it has a higher number.
	Requests uint64 `json:"requests"`
}

// Mails holds the latest mails.
type Mails struct {
	signal   *Signal
	requests *RequestLog
	mu       sync.Mutex
	ring     ring[Mail]
}

func newMails(size int, signal *Signal, requests *RequestLog) *Mails {
	return &Mails{signal: signal, requests: requests, ring: ring[Mail]{size: size}}
}

// Send records a mail.
func (m *Mails) Send(mail Mail) {
	mail.Requests = m.requests.finished()
	m.mu.Lock()
	mail.N = m.ring.n + 1
	m.ring.add(mail)
	m.mu.Unlock()
	m.signal.Raise()
}

// After returns the mails that are numbered higher than n, oldest first.
func (m *Mails) After(n uint64) []Mail {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ring.after(n)
}
