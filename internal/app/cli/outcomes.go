package cli

import (
	"fmt"
	"io"

	"github.com/calweave/calweave/internal/work"
)

type workOutcomes struct {
	Format string `default:"text" enum:"text,markdown,json" placeholder:"FORMAT" help:"How it is printed: text, markdown or json (default: ${default})."`
}

// Run prints the table of decisions.
func (o workOutcomes) Run(e *env) error {
	all := work.Decisions()
	switch o.Format {
	case "json":
		return e.json(all)
	case "markdown":
		return e.printf("%s", work.Markdown(all))
	default:
		return e.table("FAILURE\tATTEMPT\tTHEN", func(w io.Writer) {
			for _, d := range all {
				_, _ = fmt.Fprintf(w, "%s\t%t\t%s\n", d.Failure, d.Spends, d.Then) // Flush tells
			}
		})
	}
}
