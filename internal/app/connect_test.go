package app_test

import (
	"errors"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"strconv"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/fault"
	"github.com/calweave/calweave/internal/api"
	"github.com/calweave/calweave/internal/app"
	"github.com/calweave/calweave/internal/grant"
)

// faultKinds are the kinds as they stand in the contract's source.
func faultKinds(t *testing.T) (kinds []fault.Kind) {
	t.Helper()
	file, err := parser.ParseFile(gotoken.NewFileSet(), "../../contracts/fault/fault.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := v.Type.(*ast.Ident); ok && name.Name == "Kind" {
			text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value) //nolint:forcetypeassert // they are constants
			if err != nil {
				t.Fatal(err)
			}
			kinds = append(kinds, fault.Kind(text))
		}
		return true
	})
	if len(kinds) < 19 {
		t.Fatalf("found only %d kinds", len(kinds))
	}
	return kinds
}

// Whatever a provider says about a mailbox is either its refusal or a wait; what ends the call on our side is neither, and no failure of calweave's own
// is blamed on a provider.
func TestWhatAProviderSaysAboutAMailbox(t *testing.T) {
	t.Parallel()
	waits := map[fault.Kind]bool{fault.Transient: true, fault.RateLimited: true, fault.QuotaExhausted: true, fault.Busy: true}
	own := map[fault.Kind]bool{fault.Canceled: true, fault.Fenced: true, fault.Held: true}
	for _, kind := range append(faultKinds(t), "a kind of tomorrow") {
		f := &fault.Error{Kind: kind, Op: "google: token", RetryAfter: time.Minute}
		err := app.Probed(&grant.ProbeError{Err: errors.Join(f, errors.New("and the database is down"))})
		wait, asked := errors.AsType[*api.ProviderWaitError](err)
		if refused := errors.Is(err, api.ErrAppRefused); refused == (waits[kind] || own[kind]) || asked != waits[kind] || !errors.Is(err, f) {
			t.Errorf("%s: %v, refused %t, waits %t", kind, err, refused, asked)
		}
		if asked && wait.After != time.Minute {
			t.Errorf("%s: waits %s", kind, wait.After)
		}
		if inside := app.Probed(f); !errors.Is(inside, f) || errors.Is(inside, api.ErrAppRefused) {
			t.Errorf("%s of our own: %v", kind, inside)
		}
	}
	if err := app.Probed(nil); err != nil {
		t.Error(err)
	}
}
