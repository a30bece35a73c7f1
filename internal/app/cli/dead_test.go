package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/task"
	"github.com/calweave/calweave/internal/record"
	"github.com/calweave/calweave/internal/work"
)

// Dead letters are listed, explained, and replayed: one by its name, or all that a filter chooses. What is held is none.
func TestDead(t *testing.T) {
	t.Parallel()
	env := onSQLite(t)
	id := tenant(t, env)
	a, prune := open(t, env), task.Ref{Tenant: cal.TenantID(id), Kind: task.TenantPrune, Subject: id}
	l, _, err := a.Store.Claim(t.Context(), prune, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	marks := []record.Mark{{Kind: task.LinkPush, Subject: "lnk_held", Lane: task.Interactive, Hold: record.HeldForApproval, Reason: "guests"}}
	var dead []task.Ref
	for _, subject := range []string{"dlv_1", "dlv_2", "dlv_3"} {
		marks = append(marks, record.Mark{Kind: task.DeliverySend, Subject: subject, Lane: task.Interactive})
		dead = append(dead, task.Ref{Tenant: cal.TenantID(id), Kind: task.DeliverySend, Subject: subject})
	}
	if err := a.Store.Finish(t.Context(), l, record.Outcome{State: record.Ready, Served: true}, marks...); err != nil {
		t.Fatal(err)
	}
	for _, ref := range dead {
		die(t, a, ref)
	}
	of := "--tenant=" + id
	listed := func(args ...string) int {
		t.Helper()
		return strings.Count(succeeds(t, env, append([]string{"dead", "list", of}, args...)...), "dlv_")
	}
	if n := listed(); n != 3 {
		t.Errorf("%d are listed, want 3", n)
	}
	if got := []int{listed("--kind=link:push"), listed("--kind=delivery:send"), listed("--reason=SAID no"), listed("--reason=yes")}; got[0] != 0 || got[1] != 3 || got[2] != 3 || got[3] != 0 {
		t.Errorf("filters choose %v", got)
	}
	shown := succeeds(t, env, "dead", "show", of, "delivery:send", "dlv_2")
	for _, want := range []string{"delivery:send dlv_2", "the provider said no", "attempts", "dead since", "The message is sent again, with the same webhook-id"} {
		if !strings.Contains(shown, want) {
			t.Errorf("it does not say %q:\n%s", want, shown)
		}
	}
	none := "link:push lnk_held is no dead letter: calweave dead list shows what is"
	calweave(t, env, "dead", "show", of, "link:push", "lnk_held").fails(t, 1, none)
	calweave(t, env, "dead", "replay", of, "link:push", "lnk_held").fails(t, 1, none)
	for _, c := range []struct {
		args []string
		want string
		left int
	}{
		{[]string{"delivery:send", "dlv_2"}, "1 replayed\n", 2},
		{[]string{"--all", "--kind=link:push"}, "0 replayed\n", 2},
		{[]string{"--all", "--reason=provider"}, "2 replayed\n", 0},
	} {
		if out := succeeds(t, env, append([]string{"dead", "replay", of}, c.args...)...); out != c.want || listed() != c.left {
			t.Errorf("%v: %q, and %d are left", c.args, out, listed())
		}
	}
	calweave(t, env, "dead", "list", "--tenant=ten_x").fails(t, 1, "there is no tenant ten_x")
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	var list []work.Decision
	if err := json.Unmarshal([]byte(succeeds(t, nil, "work", "outcomes", "--format=json")), &list); err != nil {
		t.Fatal(err)
	}
	text, markdown := succeeds(t, nil, "work", "outcomes"), succeeds(t, nil, "work", "outcomes", "--format=markdown")
	for _, d := range work.Decisions() {
		if !strings.Contains(text, d.Then) || !strings.Contains(markdown, d.Means) {
			t.Errorf("%s is missing:\n%s\n%s", d.Failure, text, markdown)
		}
	}
	if len(list) != len(work.Decisions()) {
		t.Errorf("%d decisions", len(list))
	}
}

// A dry run has to be called one, knows its tenant, and finds nothing where nothing is.
func TestReconcile(t *testing.T) {
	t.Parallel()
	env := onSQLite(t)
	of := "--tenant=" + tenant(t, env)
	calweave(t, env, "reconcile", of).fails(t, 2, "say --dry-run")
	calweave(t, env, "reconcile", "--dry-run", of, "--within=0s").fails(t, 2, "--within")
	calweave(t, env, "reconcile", "--dry-run", "--tenant=ten_x").fails(t, 1, "there is no tenant ten_x")
	if out := succeeds(t, env, "reconcile", "--dry-run", of); !strings.HasPrefix(out, "0 links") {
		t.Errorf("it says %q", out)
	}
	r := calweave(t, env, "reconcile", "--dry-run", of, "--within=1ns")
	if r.code != 4 || !strings.Contains(r.err, "the time was over") {
		t.Errorf("out of time it ends with %d and says %s", r.code, r.err)
	}
}
