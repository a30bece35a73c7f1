package config

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/joho/godotenv"
)

var (
	assignment   = regexp.MustCompile(`^\s*(export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=`)
	singleQuoted = regexp.MustCompile(`^[^=]*=\s*'`)
)

// parseFile reads an environment file: NAME=value lines, blank lines, and comments that begin with #. What it says is wrong names a line, and
// never repeats it, for it may hold a secret.
func parseFile(raw []byte) (values map[string]string, wrong string) {
	text := strings.TrimPrefix(string(raw), "\ufeff")
	values, err := godotenv.Unmarshal(text)
	n := 0
	for line := range strings.Lines(text) {
		n++
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "" || strings.HasPrefix(trimmed, "#"):
		case strings.Contains(line, "$") && !singleQuoted.MatchString(line):
			return nil, fmt.Sprintf("line %d has a $ outside single quotes, where it would stand for another variable", n)
		case err != nil && !assignment.MatchString(line):
			return nil, fmt.Sprintf("line %d is no NAME=value", n)
		}
	}
	if err != nil {
		return nil, "a quoted value has no closing quote"
	}
	return values, ""
}
