package providers

import (
	"testing"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/contracts/provider"
)

// TestBuiltin checks that every provider is there once, and that each can be pushed to.
func TestBuiltin(t *testing.T) {
	t.Parallel()
	seen := map[cal.Provider]bool{}
	for _, driver := range Builtin(Config{}) {
		if seen[driver.Name()] {
			t.Errorf("%s is there twice", driver.Name())
		}
		seen[driver.Name()] = true
		if _, ok := driver.(provider.NotificationDecoder); !ok {
			t.Errorf("%s decodes no pushes", driver.Name())
		}
	}
	if !seen[cal.Google] || !seen[cal.Microsoft] {
		t.Errorf("got %v", seen)
	}
}
