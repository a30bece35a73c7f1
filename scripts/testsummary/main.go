package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

func main() {
	ok, err := summarise(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsummary:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// event is a line of go test -json (see go doc test2json) or of go build -json.
type event struct {
	Action, Package, Test, Output, ImportPath string
	Elapsed                                   float64
}

// race is how the race detector's reports begin.
const race = "WARNING: DATA RACE"

// key names a test, or a package when Test is empty.
type key struct{ Package, Test string }

// summary counts results, and keeps output until it is known whether it is needed.
type summary struct {
	out                     io.Writer
	passed, failed, skipped int
	output                  map[key]*strings.Builder
	running                 map[string]int // tests of a package that passed so far
	broken                  map[string]int // tests of a package that failed so far
	failures                []string       // as they were shown
	reasons                 map[string]bool
}

// summarise reports whether at least one test ran and none failed.
func summarise(in io.Reader, out io.Writer) (bool, error) {
	s := &summary{out: out, output: map[key]*strings.Builder{}, running: map[string]int{}, broken: map[string]int{}, reasons: map[string]bool{}}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			s.line(line)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return false, err
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(s.output), func(a, b key) int { return strings.Compare(a.Package+a.Test, b.Package+b.Test) }) {
		if s.output[k].Len() > 0 { // cut off before its end
			s.printf("--- %s %s did not end\n%s", k.Package, k.Test, s.output[k])
		}
	}
	if len(s.failures) > 0 { // once more, where whoever sees the end only looks
		s.printf("\nWhat failed:\n%s\n", strings.Join(s.failures, ""))
	}
	s.printf("%d passed, %d failed", s.passed, s.failed)
	if s.skipped > 0 {
		s.printf(", %d skipped", s.skipped)
	}
	s.printf("\n")
	return s.passed > 0 && s.failed == 0, nil
}

func (s *summary) printf(format string, args ...any) { _, _ = fmt.Fprintf(s.out, format, args...) }

func (s *summary) line(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil || e.Action == "" {
		s.printf("%s", line) // go itself, not a test
		return
	}
	k := key{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		s.printf("%s", e.Output)
	case "output":
		if strings.HasPrefix(e.Output, "=== ") {
			return // that a test began, paused or went on
		}
		if s.output[k] == nil {
			s.output[k] = &strings.Builder{}
		}
		s.output[k].WriteString(e.Output)
	case "pass", "fail", "skip":
		s.result(k, e)
	}
}

func (s *summary) result(k key, e event) {
	said := ""
	if b := s.output[k]; b != nil {
		said = b.String()
		delete(s.output, k)
	}
	if k.Test == "" {
		s.packageResult(k.Package, e, said)
		return
	}
	if e.Action != "fail" && strings.Contains(said, race) {
		s.fail(fmt.Sprintf("--- while %s %s ran\n%s", k.Package, k.Test, said)) // those that it fails are others
	}
	switch e.Action {
	case "pass":
		s.passed++
		s.running[k.Package]++
	case "fail":
		s.failed++
		s.broken[k.Package]++
		s.fail(fmt.Sprintf("FAIL %s %s\n%s", k.Package, k.Test, said))
	case "skip":
		s.skipped++
		s.skip(k, said)
	}
}

func (s *summary) fail(what string) {
	s.failures = append(s.failures, what)
	s.printf("%s", what)
}

// skip says once why a test and those in it are skipped: a suite may skip one case in hundreds of runs.
func (s *summary) skip(k key, said string) {
	var why []string
	for line := range strings.Lines(said) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "--- SKIP") {
			why = append(why, line)
		}
	}
	top, _, _ := strings.Cut(k.Test, "/")
	reason := strings.Join(why, " ")
	if once := k.Package + " " + top + " " + reason; !s.reasons[once] {
		s.reasons[once] = true
		s.printf("skip %s %s: %s\n", k.Package, k.Test, reason)
	}
}

// packageResult counts a package that failed without a failed test, for it did not compile, panicked or ran out of time.
func (s *summary) packageResult(name string, e event, said string) {
	switch {
	case e.Action == "fail" && s.broken[name] == 0:
		s.failed++
		fallthrough
	case e.Action == "fail":
		s.fail(fmt.Sprintf("FAIL %s (%.1f s)\n%s", name, e.Elapsed, said))
	case s.running[name] > 0:
		s.printf("ok   %s (%d tests, %.1f s)\n", name, s.running[name], e.Elapsed)
	}
}
