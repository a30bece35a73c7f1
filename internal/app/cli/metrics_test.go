package cli_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/metrics"
)

// Each form shows every metric, without a configuration.
func TestMetrics(t *testing.T) {
	t.Parallel()
	text, markdown := succeeds(t, nil, "metrics"), succeeds(t, nil, "metrics", "--format=markdown")
	var list []metrics.Definition
	if err := json.Unmarshal([]byte(succeeds(t, nil, "metrics", "--format=json")), &list); err != nil {
		t.Fatal(err)
	}
	all := metrics.Table()
	if len(list) != len(all) || strings.Count(text, "\n") != len(all)+1 || strings.Count(markdown, "\n") != len(all)+2 {
		t.Errorf("%d metrics:\n%s\n%s\n%v", len(all), text, markdown, list)
	}
	for i, d := range all {
		if list[i].Name != d.Name || !strings.Contains(text, d.Name+" ") || !strings.Contains(markdown, "| `"+d.Name+"` | "+string(d.Type)+" |") {
			t.Errorf("%s is missing", d.Name)
		}
	}
}
