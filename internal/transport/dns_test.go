package transport

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// nameServer answers every question for a name with the next of the addresses given for it, and repeats the last: with two, it is what DNS
// rebinding looks like. Names are without the dot at their end.
type nameServer struct {
	records map[string][]string
	asked   atomic.Int64
}

// resolver starts the server and returns a resolver that asks only it.
func (s *nameServer) resolver(t *testing.T) *net.Resolver {
	t.Helper()
	conn, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.serve(conn)
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-done
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp4", conn.LocalAddr().String())
	}}
}

func (s *nameServer) serve(conn net.PacketConn) {
	buf := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return
		}
		var msg dnsmessage.Message
		if msg.Unpack(buf[:n]) != nil || len(msg.Questions) != 1 {
			continue
		}
		msg.Response, msg.Authoritative, msg.Additionals = true, true, nil
		if msg.Answers = s.answer(msg.Questions[0]); msg.Answers == nil {
			msg.RCode = dnsmessage.RCodeNameError
		}
		if out, err := msg.Pack(); err == nil {
			_, _ = conn.WriteTo(out, from)
		}
	}
}

// answer gives nothing for an unknown name, and no address, but an answer, for a family of addresses that the name has none of.
func (s *nameServer) answer(q dnsmessage.Question) []dnsmessage.Resource {
	records, known := s.records[strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))]
	if !known {
		return nil
	}
	out := []dnsmessage.Resource{}
	var body dnsmessage.ResourceBody
	header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 0}
	switch q.Type {
	case dnsmessage.TypeA:
		at := min(int(s.asked.Add(1))-1, len(records)-1)
		if ip := netip.MustParseAddr(records[at]); ip.Is4() {
			body = &dnsmessage.AResource{A: ip.As4()}
		}
	case dnsmessage.TypeAAAA:
		if ip := netip.MustParseAddr(records[len(records)-1]); ip.Is6() {
			body = &dnsmessage.AAAAResource{AAAA: ip.As16()}
		}
	default:
	}
	if body != nil {
		out = append(out, dnsmessage.Resource{Header: header, Body: body})
	}
	return out
}
