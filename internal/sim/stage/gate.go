package stage

import (
	"crypto/tls"
	"io"
	"maps"
	"net"
	"net/http"
)

// maxLoggedBody is how much of a request's body the log keeps.
const maxLoggedBody = 16 << 10

// Gate stands in front of a provider's handlers: it reads the body, strikes with faults and logs each request.
type Gate struct {
	World    *World
	Provider Provider
	// Account is the address of the person whom the request's token stands for, or "". It may read a form that the body holds.
	Account func(*http.Request) string
	// Cursor reports whether the request carries a cursor or a page token.
	Cursor func(*http.Request) bool
	// Refuse answers in the provider's form: f has a status, and perhaps a code and a message.
	Refuse func(w http.ResponseWriter, r *http.Request, f Fault)
	// Enter admits a request, and returns what is to be called when it was answered, or else the error that it is refused with. It may be nil.
	Enter func(*http.Request) (leave func(), refusal *Fault)
	// Early pushes to all channels of the account as if something had changed, and returns what is closed when each was tried.
	Early func(account string) []<-chan struct{}
	// Revoke ends all that the account has allowed.
	Revoke func(account string)
	Next   http.Handler
}

// ServeHTTP implements http.Handler.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rec := &recorder{ResponseWriter: w}
	w.Header().Set("Date", g.World.Now().UTC().Format(http.TimeFormat)) // by the simulator's clock, as a provider tells its own
	entry := Request{
		At: g.World.Now(), Provider: g.Provider,
		Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Header: withoutSecrets(r.Header),
	}
	body, err := readBody(r)
	entry.Account = g.Account(r)
	entry.Body = string(body[:min(len(body), maxLoggedBody)])
	end := answered
	if err != nil {
		g.Refuse(rec, r, Fault{Status: bodyStatus(err), Message: err.Error()})
	} else {
		end = g.admit(rec, r, &entry)
	}
	entry.Status = rec.status
	g.World.Requests.add(entry)
	switch end {
	case answered:
	case reset:
		if abort(w) {
			return
		}
		fallthrough
	default:
		panic(http.ErrAbortHandler) // net/http's way to close a connection, whatever of the answer is out
	}
}

// ending is how a request ends.
type ending int

const (
	answered ending = iota
	closed
	reset
)

// abort resets the connection. It reports false where there is none of its own, as under HTTP/2.
func abort(w http.ResponseWriter) bool {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return false
	}
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // without it the connection ends in good order, which is a failure too
	}
	_ = conn.Close() // nothing is left to do about it
	return true
}

// admit serves the request unless the provider has had too many.
func (g *Gate) admit(rec *recorder, r *http.Request, entry *Request) ending {
	if g.Enter == nil {
		return g.serve(rec, r, entry)
	}
	leave, refusal := g.Enter(r)
	if refusal != nil {
		g.refuse(rec, r, *refusal)
		return answered
	}
	defer leave()
	return g.serve(rec, r, entry)
}

// serve applies the fault that strikes the request, if any.
func (g *Gate) serve(rec *recorder, r *http.Request, entry *Request) ending {
	a, f := g.World.Faults.take(struck{provider: g.Provider, account: entry.Account, cursor: g.Cursor(r), r: r})
	if a == nil {
		g.Next.ServeHTTP(rec, r)
		return answered
	}
	entry.Fault = f.Action
	switch f.Action {
	case ActClosed, ActReset, ActLostAnswer, ActResetAfter, ActTruncated:
		return g.breakOff(rec, r, f.Action)
	case ActHold, ActEarly, ActRevoke:
		g.prepare(r, entry.Account, a, f.Action)
		g.Next.ServeHTTP(rec, r)
	case ActSlow:
		c := g.run(r)
		g.World.Faults.delay(r.Context(), a, f)
		c.copyTo(rec)
	case ActHoldAnswer:
		c := g.run(r)
		g.World.Faults.hold(a)
		c.copyTo(rec)
	default:
		g.refuse(rec, r, f)
	}
	return answered
}

// breakOff ends the connection before or after it does what was asked.
func (g *Gate) breakOff(rec *recorder, r *http.Request, how Action) ending {
	if how == ActClosed {
		return closed
	}
	if how == ActReset {
		return reset
	}
	c := g.run(r)
	rec.status = c.status
	if how == ActResetAfter {
		return reset
	}
	if how == ActTruncated {
		c.truncateTo(rec)
	}
	return closed
}

// prepare is what happens to a request that is then served as it is.
func (g *Gate) prepare(r *http.Request, account string, a *armed, action Action) {
	switch action {
	case ActEarly:
		for _, tried := range g.Early(account) {
			select {
			case <-tried:
			case <-r.Context().Done(): // what was asked is done all the same
			}
		}
	case ActRevoke:
		g.Revoke(account)
	default:
		g.World.Faults.hold(a)
	}
}

func (g *Gate) run(r *http.Request) *Kept {
	c := NewKept()
	g.Next.ServeHTTP(c, r)
	return c
}

func (g *Gate) refuse(w http.ResponseWriter, r *http.Request, f Fault) {
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	if f.Action == ActCursorLost {
		f.Status, f.Code = http.StatusGone, ""
	}
	if f.Action == ActHTML {
		f = frontDoor(f)
	}
	if f.Body == "" && f.ContentType == "" {
		g.Refuse(w, r, f)
		return
	}
	if f.ContentType == "" {
		f.ContentType = "application/json"
	}
	w.Header().Set("Content-Type", f.ContentType)
	w.WriteHeader(f.Status)
	_, _ = io.WriteString(w, f.Body) // a client that has gone needs no answer
}

func frontDoor(f Fault) Fault {
	if f.Status == 0 {
		f.Status = http.StatusBadGateway
	}
	if f.Body == "" {
		f.Body = "<!DOCTYPE html><html><head><title>" + http.StatusText(f.Status) + "</title></head><body><h2>Our services aren't available right now</h2></body></html>"
	}
	f.ContentType = "text/html; charset=utf-8"
	return f
}

func withoutSecrets(h http.Header) http.Header {
	c := maps.Clone(h)
	delete(c, "Authorization")
	return c
}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter

	status int
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController flush.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
