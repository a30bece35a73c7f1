package work

import (
	"strings"
	"testing"
)

func TestTableOfDecisionsIsComplete(t *testing.T) {
	t.Parallel()
	all := rules()
	for _, d := range Decisions() {
		if _, ok := all[d.Failure]; !ok || d.Means == "" || d.Then == "" {
			t.Errorf("%+v", d)
		}
		delete(all, d.Failure)
	}
	for kind := range all {
		t.Errorf("%s is not in the table", kind)
	}
	text := Markdown(Decisions())
	for _, want := range []string{
		"| `transient` | No answer, or one that may be another next time; the default for what is not known | tried again after a random wait below a bound that doubles from 1s to 15m | one |",
		"| `rate_limited` | The provider asks for fewer calls | tried again after 10s to 20s, or when the provider says | none |",
		"tried again after 1h to 1h15m, or", "held for reauth", "after 200 attempts", "5s, 30s, 2m, 10m, 30m, 1h,",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
}
