package ident_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/ident"
)

// ff is a source of set bits, so that every bit which the format fixes shows.
type ff struct{}

func (ff) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte{0xff}, len(p))), nil }

func TestIDIsAUUIDv7(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 10, 1, 8, 0, 0, 123_999_999, time.UTC)
	id := ident.New(clock.NewManual(at), ff{}).ID("bk")
	raw, err := hex.DecodeString(strings.TrimPrefix(id, "bk_"))
	if err != nil {
		t.Fatal(err)
	}
	u, err := uuid.FromBytes(raw)
	if err != nil {
		t.Fatal(err)
	}
	sec, nsec := u.Time().UnixTime()
	if got := time.Unix(sec, nsec); u.Version() != 7 || u.Variant() != uuid.RFC4122 || got.UnixMilli() != at.UnixMilli() {
		t.Errorf("%s: version %d, variant %s, time %s; want 7, RFC 9562, %s", u, u.Version(), u.Variant(), got.UTC(), at)
	}
	if !strings.HasSuffix(id, "7000bfffffffffffffff") {
		t.Errorf("%q: want count 0 and then what randomness gave", id)
	}
}

func TestIDsSortInTheOrderTheyWereMade(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)
	for name, step := range map[string]time.Duration{"ticking": time.Millisecond, "standing still": 0, "going back": -time.Millisecond} {
		c := clock.NewManual(start)
		s := ident.New(c, rand.Reader)
		last := ""
		for n := range 10_000 { // more than fit into one millisecond
			id := s.ID("msg")
			if id <= last {
				t.Fatalf("clock %s, identifier %d: %s after %s", name, n, id, last)
			}
			last = id
			c.Advance(step)
		}
	}
}

func TestIDBeforeTheEpoch(t *testing.T) {
	t.Parallel()
	if id := ident.New(clock.NewManual(time.Unix(-1, 0)), ff{}).ID("x"); !strings.HasPrefix(id, "x_0000000000007") {
		t.Errorf("%q: a clock that is not set yet should count as the epoch", id)
	}
}

func TestNothingIsMadeTwice(t *testing.T) {
	t.Parallel()
	s := ident.New(clock.NewManual(time.Unix(0, 0)), rand.Reader)
	var seen sync.Map
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				for _, v := range []string{s.ID("x"), s.Secret()} {
					if _, twice := seen.LoadOrStore(v, true); twice {
						t.Errorf("%q was made twice", v)
					}
				}
			}
		})
	}
	wg.Wait()
}

func TestSecretsAndBytes(t *testing.T) {
	t.Parallel()
	s := ident.New(clock.NewManual(time.Unix(0, 0)), ff{})
	if got, want := s.Secret(), strings.Repeat("_", 42)+"8"; got != want {
		t.Errorf("secret %q, want %q: 32 bytes in unpadded base64url", got, want)
	}
	if got := s.Bytes(5); !bytes.Equal(got, bytes.Repeat([]byte{0xff}, 5)) {
		t.Errorf("bytes %x", got)
	}
}

func TestJitter(t *testing.T) {
	t.Parallel()
	s := ident.New(clock.NewManual(time.Unix(0, 0)), rand.Reader)
	for _, d := range []time.Duration{-time.Second, 0, 1, time.Second, 1<<63 - 1} {
		for range 100 {
			if got := s.Jitter(d); got < 0 || got >= max(d, 1) {
				t.Fatalf("jitter of %d is %d", d, got)
			}
		}
	}
	spread := map[time.Duration]bool{}
	for range 100 {
		spread[s.Jitter(time.Hour)] = true
	}
	if len(spread) < 90 {
		t.Errorf("100 jitters of an hour gave %d values", len(spread))
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("broken") }

func TestNoRandomnessNoSecret(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a secret was made without randomness")
		}
	}()
	_ = ident.New(clock.NewManual(time.Unix(0, 0)), broken{}).Secret()
}
