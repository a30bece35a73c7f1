package config

import (
	"slices"
	"strings"
)

// Mistake is one thing wrong with the configuration. It never holds a secret.
type Mistake struct {
	// Name is the environment variable.
	Name string
	// Where says where it was set; empty for one that is missing.
	Where string
	// What is wrong, and how to Mend it.
	What string
	Mend string
}

// String gives the mistake in one line.
func (m Mistake) String() string {
	var b strings.Builder
	b.WriteString(m.Name)
	if m.Where != "" {
		b.WriteString(" (" + m.Where + ")")
	}
	b.WriteString(": " + m.What)
	if m.Mend != "" {
		b.WriteString("; " + m.Mend)
	}
	return b.String()
}

// MistakesError is all that is wrong with the configuration. It is the only kind of error that Load returns.
type MistakesError []Mistake

// Error gives one line for each mistake.
func (ms MistakesError) Error() string {
	lines := []string{"configuration:"}
	for _, m := range ms {
		lines = append(lines, "  "+m.String())
	}
	return strings.Join(lines, "\n")
}

// of tells whether one of them is about a setting, or its file.
func (ms MistakesError) of(name string) bool {
	return slices.ContainsFunc(ms, func(m Mistake) bool { return m.Name == name || m.Name == name+fileSuffix })
}
