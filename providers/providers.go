package providers

import (
	"github.com/calweave/calweave/contracts/provider"
	"github.com/calweave/calweave/providers/google"
	"github.com/calweave/calweave/providers/microsoft"
)

// Config says where each provider is. The zero Config means the real ones.
type Config struct {
	Google    google.Config
	Microsoft microsoft.Config
}

// Builtin returns the drivers of all providers, each once.
func Builtin(config Config) []provider.Driver {
	return []provider.Driver{
		google.New(config.Google),
		microsoft.New(config.Microsoft),
	}
}
