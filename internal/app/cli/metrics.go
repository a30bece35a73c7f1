package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/calweave/calweave/internal/metrics"
)

type metricsCommand struct {
	Format string `default:"text" enum:"text,markdown,json" placeholder:"FORMAT" help:"How it is printed: text, markdown or json (default: ${default})."`
}

// Run prints what each metric tells.
func (m metricsCommand) Run(e *env) error {
	all := metrics.Table()
	switch m.Format {
	case "json":
		return e.json(all)
	case "markdown":
		return e.printf("%s", metrics.Markdown(all))
	default:
		return e.table("METRIC\tTYPE\tLABELS\tMEANING", func(w io.Writer) {
			for _, d := range all {
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", d.Name, d.Type, strings.Join(d.Labels, ","), d.Help) // Flush tells
			}
		})
	}
}
