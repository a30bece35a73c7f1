package transport

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// Bounds of a connection. How long a whole exchange may take is Options.Timeout.
const (
	dialTimeout    = 5 * time.Second
	tlsTimeout     = 5 * time.Second
	headerTimeout  = 60 * time.Second
	idleTimeout    = 60 * time.Second
	maxIdle        = 256
	maxIdlePerHost = 32
	maxHeaderBytes = 64 << 10
)

// Base returns the innermost RoundTripper: pooled HTTP/1.1 and HTTP/2 connections that the guard has let through, TLS 1.2 or later, and no
// proxy, for a proxy would connect where the guard does not look. A process makes one and shares it; call CloseIdleConnections at its end.
func Base(guard *Guard) *http.Transport { return base(guard, nil) }

// base takes the resolver of names; nil is the machine's.
func base(guard *Guard, resolver *net.Resolver) *http.Transport {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second, Control: guard.Control, Resolver: resolver}
	return &http.Transport{
		Proxy:                  nil,
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    tlsTimeout,
		ResponseHeaderTimeout:  headerTimeout,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        idleTimeout,
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    maxIdlePerHost,
		MaxResponseHeaderBytes: maxHeaderBytes,
		// A connection that died silently is noticed within 20 s instead of at the next request's timeout.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second},
	}
}
