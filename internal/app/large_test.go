package app_test

import (
	"cmp"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/calweave/calweave/contracts/message"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/sim"
	"github.com/calweave/calweave/internal/testkit"
)

// padder makes the listings of events as long as if each row were huge: blanks before an answer are part of it, and no part of what it says.
type padder struct {
	next http.RoundTripper
	mu   sync.Mutex
	// sizes are how many rows each listing asked for, by host.
	sizes map[string][]int
}

const (
	mebibyte = 1 << 20
	// fits is how many huge rows can be read at once.
	fits = 250
)

func (p *padder) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := p.next.RoundTrip(req)
	if err != nil || req.Method != http.MethodGet || !isListing(req.URL.Path) && !strings.Contains(req.URL.Path, "/calendarView/delta") {
		return resp, err
	}
	size := asked(req)
	if size == 0 {
		return resp, nil
	}
	p.mu.Lock()
	p.sizes[req.URL.Host] = append(p.sizes[req.URL.Host], size)
	p.mu.Unlock()
	long := int64(17 * mebibyte) // what used to be too much
	if size > fits {
		long = 65 * mebibyte
	}
	resp.Header.Del("Content-Length")
	resp.ContentLength = -1
	resp.Body = padded{io.MultiReader(io.LimitReader(blanks{}, long), resp.Body), resp.Body}
	return resp, nil
}

func (p *padder) CloseIdleConnections() {
	if c, ok := p.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// asked is how many rows a listing asks for, 0 where it does not say.
func asked(req *http.Request) int {
	_, prefer, _ := strings.Cut(req.Header.Get("Prefer"), "odata.maxpagesize=")
	prefer, _, _ = strings.Cut(prefer, ",")
	size, err := strconv.Atoi(cmp.Or(req.URL.Query().Get("maxResults"), prefer))
	if err != nil {
		return 0
	}
	return size
}

type padded struct {
	io.Reader
	io.Closer
}

type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// A calendar whose rows are so large that a full page cannot be read is listed all the same, in smaller pages, and a person's change in it is heard of.
func TestHugeRowsAreListed(t *testing.T) {
	t.Parallel()
	if testkit.UnderRace {
		t.Skip("hundreds of megabytes are read byte by byte, and nothing races in that")
	}
	l := newLive(t, embedded(t))
	l.settings["CALWEAVE_LEASE"] = "30s"
	pad := &padder{sizes: map[string][]int{}}
	l.runLogged(app.Outside{WrapHTTP: func(next http.RoundTripper) http.RoundTripper {
		pad.next = next
		return pad
	}})
	l.connect()
	l.put("b1", 1, "Intro call", wall)
	l.watched()
	l.synced("b1", 1)
	hand := "Edited by hand"
	for n, p := range []sim.Provider{sim.Google, sim.Microsoft} {
		_, err := l.sim.EditEvent(in(p), l.shows(p, "Intro call").ID, sim.Edit{Title: &hand})
		l.must(err)
		l.must(l.core.wait(l.ctx, message.BookingEdited, n+1))
	}
	l.idle() // a listing that has just begun has not asked for less yet
	pad.mu.Lock()
	defer pad.mu.Unlock()
	if len(pad.sizes) != 2 {
		t.Errorf("listings of %d providers: %v", len(pad.sizes), pad.sizes)
	}
	for host, sizes := range pad.sizes {
		for i, size := range sizes {
			if size > fits && (i+1 == len(sizes) || sizes[i+1] != size/2) {
				t.Errorf("%s was asked for %v rows", host, sizes)
			}
		}
	}
}
