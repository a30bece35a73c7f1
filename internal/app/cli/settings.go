package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/calweave/calweave/internal/config"
)

type configCommand struct {
	List      configList      `cmd:"" help:"List every setting with its value and where that comes from. Secrets are not shown; mistakes are told as calweave run tells them."`
	Reference configReference `cmd:"" help:"Print what each setting is, which values it takes and what it is unless it is set."`
}

type configList struct {
	JSON bool `help:"Print a JSON array of objects: name, value, origin, and wrong for a mistake."`
}

// Run lists the settings. What is wrong with some hides none of the others.
func (l configList) Run(e *env) error {
	all, mistakes := config.List(e.source(config.ForRun, nil))
	if l.JSON {
		return errors.Join(e.json(all), mistakes)
	}
	return errors.Join(e.table("SETTING\tVALUE\tFROM", func(w io.Writer) {
		for _, s := range all {
			if s.Wrong {
				s.Value = "(see below)"
			}
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", s.Name, s.Value, s.Origin) // Flush tells
		}
	}), mistakes)
}

// json prints one value for a program to read.
func (e *env) json(v any) error {
	out := json.NewEncoder(e.out)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(v)
}

type configReference struct {
	Format string `default:"text" enum:"text,markdown,json" placeholder:"FORMAT" help:"How it is printed: text, markdown or json (default: ${default})."`
}

// Run prints the reference.
func (r configReference) Run(e *env) error {
	switch r.Format {
	case "json":
		return e.json(config.Reference())
	case "markdown":
		return e.printf("%s", markdownReference(config.Reference()))
	default:
		return e.printf("%s", textReference(config.Reference()))
	}
}

func textReference(entries []config.Entry) string {
	var b strings.Builder
	for i, entry := range entries {
		if i > 0 {
			b.WriteByte('\n')
		}
		_, _ = fmt.Fprintf(&b, "%s=%s\n  %s\n  Value: %s.\n", entry.Name, entry.Default, strings.ReplaceAll(entry.About, "`", ""), entry.Form) // a Builder never fails
		if entry.Secret {
			_, _ = fmt.Fprintf(&b, "  A secret: %s_FILE may name a file that holds it.\n", entry.Name)
		}
		if len(entry.Needed) > 0 {
			_, _ = fmt.Fprintf(&b, "  Needed by calweave %s.\n", strings.Join(needers(entry.Needed), ", "))
		}
	}
	return b.String()
}

// markdownReference is the table that docs/configuration.md holds.
func markdownReference(entries []config.Entry) string {
	var b strings.Builder
	b.WriteString("| Setting | What it is | Value | Default | Needed by |\n|---|---|---|---|---|\n")
	for _, entry := range entries {
		name := code(entry.Name)
		if entry.Secret {
			name += ", or " + code("…_FILE")
		}
		var needed []string
		for _, command := range needers(entry.Needed) {
			needed = append(needed, code(command))
		}
		b.WriteString("| " + strings.Join([]string{name, entry.About, entry.Form, code(entry.Default), strings.Join(needed, ", ")}, " | ") + " |\n")
	}
	return b.String()
}

// code puts a text that is not empty between backticks.
func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

// needers are the commands behind purposes.
func needers(purposes []config.Purpose) []string {
	var out []string
	for _, p := range purposes {
		if p == config.ForAdmin {
			out = append(out, "tenant", "key", "seal", "work")
			continue
		}
		out = append(out, string(p))
	}
	return out
}
