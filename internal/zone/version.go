package zone

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// Version names the time-zone data that instants are derived with: the release of the system's data ("2026b"), which Go prefers where it is
// installed, or else the Go release whose embedded copy is used ("go1.26.8").
//
//nolint:gochecknoglobals // read once, never written to
var Version = sync.OnceValue(func() string {
	for _, dir := range []string{"/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ", "/etc/zoneinfo"} {
		if _, err := os.Stat(filepath.Join(dir, "Europe", "Berlin")); err != nil {
			continue
		}
		for file, prefix := range map[string]string{"tzdata.zi": "# version ", "+VERSION": ""} {
			raw, err := os.ReadFile(filepath.Join(dir, file)) //nolint:gosec // fixed paths
			if err != nil {
				continue
			}
			line, _, _ := strings.Cut(string(raw), "\n")
			if v, ok := strings.CutPrefix(line, prefix); ok && len(v) <= 16 {
				return v
			}
		}
		return "system"
	}
	return runtime.Version()
})
