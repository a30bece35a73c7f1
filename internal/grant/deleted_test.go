package grant

import (
	"errors"
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/record"
)

// An application that was deleted meanwhile ends the flow: its link leads nowhere any more, which is nobody's defect.
func TestFlowOfADeletedApplication(t *testing.T) {
	t.Parallel()
	e := answering(tokens("access", "refresh"))
	unopened, _ := opened(t, e)
	unopened.exchange.apps = nil
	if _, err := unopened.Open(t.Context(), unopened.journal.begun[0].ConnectToken, "cookie"); !errors.Is(err, ErrLink) || !errors.Is(err, ErrNoApp) {
		t.Errorf("opened: %v", err)
	}
	unfinished, a := opened(t, e)
	unfinished.exchange.apps = nil
	if out, err := unfinished.Finish(t.Context(), a); !errors.Is(err, ErrLink) || !errors.Is(err, ErrNoApp) || out.ReturnURL == "" {
		t.Errorf("finished: %+v, %v", out, err)
	}
	anew := begun(t, e)
	anew.journal.connections = map[cal.ConnectionID]record.Connection{"con_1": connectionOf(cal.Google)}
	anew.journal.err["begin"] = record.ErrStale
	_, _, err := anew.Begin(t.Context(), tenant, Request{Provider: cal.Google, Again: "con_1"})
	wantRefusal(t, "begun", err, "/connection_id", nil)
	if e.count() != 0 {
		t.Errorf("the provider was called %d times", e.count())
	}
}
