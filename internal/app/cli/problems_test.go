package cli_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/calweave/calweave/internal/api"
)

// Each form shows every problem, without a configuration.
func TestProblems(t *testing.T) {
	t.Parallel()
	text, markdown := succeeds(t, nil, "problems"), succeeds(t, nil, "problems", "--format=markdown")
	var list []api.Problem
	if err := json.Unmarshal([]byte(succeeds(t, nil, "problems", "--format=json")), &list); err != nil {
		t.Fatal(err)
	}
	all := api.Problems()
	if len(list) != len(all) || strings.Count(text, "\n") != len(all)+1 || strings.Count(markdown, "\n## ") != len(all)-1 {
		t.Errorf("%d problems:\n%s\n%s\n%v", len(all), text, markdown, list)
	}
	for i, p := range all {
		if list[i] != p {
			t.Errorf("%+v, want %+v", list[i], p)
		}
		if !regexp.MustCompile(`(?m)^`+string(p.Name)+` +\d{3} +`+regexp.QuoteMeta(p.Title)+`$`).MatchString(text) || !strings.Contains(markdown, p.Mend) {
			t.Errorf("%s is missing:\n%s", p.Name, text)
		}
	}
}
