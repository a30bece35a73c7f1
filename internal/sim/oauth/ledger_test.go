package oauth

import (
	"fmt"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/clock"
	"github.com/calweave/calweave/internal/sim/stage"
)

// What a ledger remembers is bounded: the oldest goes first.
func TestLedgerIsBounded(t *testing.T) {
	t.Parallel()
	now := clock.NewManual(time.Date(2026, 4, 15, 10, 0, 0, 0, time.UTC))
	l := NewLedger(now, stage.NewIDs(1), 0)
	l.most = maxAsks
	g := l.Open("a@b.example", "app", nil)
	oldest := l.MintAccess("", g, nil, time.Hour)
	refresh := l.MintRefresh("", g)
	ask := l.Begin(Ask{Client: "app"})
	given := l.Code("", Consent{})
	for i := range maxAsks {
		at := now.Now().Add(2 * time.Hour).Add(time.Duration(i) * time.Millisecond)
		l.access[fmt.Sprint(i)] = Access{Expires: at}
		l.refresh[fmt.Sprint(i)] = &refreshToken{used: at}
		l.asks[fmt.Sprint(i)] = Ask{begun: at}
		l.codes[fmt.Sprint(i)] = &code{expires: at}
	}
	now.Advance(3 * time.Hour)
	latest := l.MintAccess("", g, nil, time.Hour)
	l.MintRefresh("", g)
	l.Begin(Ask{Client: "app"})
	l.Code("", Consent{})
	if len(l.access) > maxAsks || len(l.refresh) > maxAsks || len(l.asks) > maxAsks || len(l.codes) > maxAsks+1 {
		t.Errorf("remembered are %d, %d, %d and %d", len(l.access), len(l.refresh), len(l.asks), len(l.codes))
	}
	if l.Owner(oldest) != "" || l.refresh[refresh] != nil || l.codes[given] != nil {
		t.Error("the oldest is remembered")
	}
	if _, waiting := l.Decide(ask); waiting {
		t.Error("the oldest request waits")
	}
	if _, ok := l.Access(latest); !ok {
		t.Error("the latest is forgotten")
	}
}
