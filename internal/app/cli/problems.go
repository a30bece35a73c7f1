package cli

import (
	"fmt"
	"io"

	"github.com/calweave/calweave/internal/api"
)

type problemsCommand struct {
	Format string `default:"text" enum:"text,markdown,json" placeholder:"FORMAT" help:"How it is printed: text, markdown or json (default: ${default})."`
}

// Run prints the types of problems.
func (p problemsCommand) Run(e *env) error {
	all := api.Problems()
	switch p.Format {
	case "json":
		return e.json(all)
	case "markdown":
		return e.printf("%s", api.Markdown(all))
	default:
		return e.table("NAME\tSTATUS\tMEANING", func(w io.Writer) {
			for _, x := range all {
				_, _ = fmt.Fprintf(w, "%s\t%d\t%s\n", x.Name, x.Status, x.Title) // Flush tells
			}
		})
	}
}
