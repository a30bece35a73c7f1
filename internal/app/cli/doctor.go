package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/calweave/calweave/internal/app/doctor"
	"github.com/calweave/calweave/internal/config"
)

type doctorCommand struct {
	JSON bool `help:"Print one JSON object: ok, and each check with its status (ok, warning or failed), detail and mend."`
}

// Help says what is examined.
func (doctorCommand) Help() string {
	return "It looks at the settings, the database, its login and migrations, Redis, the addresses of the providers that have an OAuth client, the public " +
		"URL and the clock. It changes nothing and shows no secret. The exit code is 1 when a check has failed, and 0 otherwise, with warnings too."
}

// Run examines the installation that the configuration describes.
func (d doctorCommand) Run(e *env) error {
	var findings []doctor.Finding
	c, err := e.load(config.ForRun, nil)
	if mistakes, ok := errors.AsType[config.MistakesError](err); ok {
		findings = doctor.Unusable(mistakes)
	} else {
		findings = doctor.Doctor{Config: c, Clock: e.clock}.Examine(e.ctx)
	}
	if err := d.print(e, findings); err != nil {
		return err
	}
	failed := 0
	for _, f := range findings {
		if f.Status == doctor.Failed {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d checks failed", failed, len(findings))
	}
	return nil
}

func (d doctorCommand) print(e *env, findings []doctor.Finding) error {
	if d.JSON {
		return e.json(struct {
			OK     bool             `json:"ok"`
			Checks []doctor.Finding `json:"checks"`
		}{doctor.Healthy(findings), findings})
	}
	var b strings.Builder
	for _, f := range findings {
		_, _ = fmt.Fprintf(&b, "%-8s %-17s %s\n", f.Status, f.Check, f.Detail) // a Builder never fails
		if f.Mend != "" {
			_, _ = fmt.Fprintf(&b, "%-8s %-17s to mend it: %s\n", "", "", f.Mend)
		}
	}
	return e.printf("%s", b.String())
}
