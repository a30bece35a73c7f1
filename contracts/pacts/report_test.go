//go:build pact

package pacts_test

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

//go:embed report.tmpl
var page string

// ledger is what the report is made from.
type ledger struct {
	began time.Time
	edges []*edgeRecord
}

// edgeRecord is one edge of the report.
type edgeRecord struct {
	Edge         string              `json:"edge"`
	Title        string              `json:"title"`
	Consumer     string              `json:"consumer"`
	Provider     string              `json:"provider"`
	Pact         string              `json:"pact"`
	Against      string              `json:"verified_against"`
	At           time.Time           `json:"verified_at"`
	Error        string              `json:"error,omitempty"`
	Interactions []interactionRecord `json:"interactions"`
	Breakages    []breakageRecord    `json:"breakages"`
}

type interactionRecord struct {
	Interaction string   `json:"interaction"`
	States      []string `json:"states"`
	Kind        string   `json:"kind"`
	OK          bool     `json:"ok"`
	Diff        string   `json:"diff,omitempty"`
	MS          int64    `json:"ms"`
}

type breakageRecord struct {
	Interaction string `json:"interaction"`
	Change      string `json:"change"`
	// Noticed says that verification failed, as it has to.
	Noticed bool `json:"noticed"`
}

// Failed reports whether anything of the edge does not hold.
func (e *edgeRecord) Failed() bool {
	return e.Error != "" || e.Held() < len(e.Interactions) || e.Noticed() < len(e.Breakages)
}

// Held and Noticed count what is as it has to be.
func (e *edgeRecord) Held() (n int) {
	for _, i := range e.Interactions {
		if i.OK {
			n++
		}
	}
	return n
}

func (e *edgeRecord) Noticed() (n int) {
	for _, b := range e.Breakages {
		if b.Noticed {
			n++
		}
	}
	return n
}

// Unnoticed are the breaking changes of an interaction that passed; Tried is how many there were.
func (e *edgeRecord) Unnoticed(interaction string) (all []string) {
	for _, b := range e.Breakages {
		if b.Interaction == interaction && !b.Noticed {
			all = append(all, b.Change)
		}
	}
	return all
}

func (e *edgeRecord) Tried(interaction string) (n int) {
	for _, b := range e.Breakages {
		if b.Interaction == interaction {
			n++
		}
	}
	return n
}

func (r *ledger) of(e edge) *edgeRecord {
	pact := "contracts/pacts/" + e.file()
	for _, known := range r.edges {
		if known.Pact == pact {
			return known
		}
	}
	n := &edgeRecord{
		Edge: e.ID, Title: e.Title, Consumer: e.Consumer, Provider: e.Provider, Pact: pact, Against: e.Against,
		At: time.Now().UTC().Truncate(time.Second), Interactions: []interactionRecord{}, Breakages: []breakageRecord{},
	}
	r.edges = append(r.edges, n)
	return n
}

func (r *ledger) failed(e edge, err error) { r.of(e).Error = err.Error() }

func (r *ledger) verified(e edge, i interaction, v verdict) {
	at := r.of(e)
	kind := "HTTP"
	if i.Response.Status == 0 {
		kind = "message"
	}
	one := interactionRecord{Interaction: i.Description, States: i.stateNames(), Kind: kind, OK: v.err == nil, MS: v.took.Milliseconds()}
	if v.err != nil {
		one.Diff = cmp.Or(v.diff, v.err.Error())
	}
	at.Interactions = append(at.Interactions, one)
}

func (r *ledger) broken(e edge, i interaction, b breakage, v verdict) {
	at := r.of(e)
	at.Breakages = append(at.Breakages, breakageRecord{Interaction: i.Description, Change: b.name, Noticed: v.noticed()})
}

// document is contracts.json.
type document struct {
	OK           bool              `json:"ok"`
	Began        time.Time         `json:"began"`
	Seconds      float64           `json:"seconds"`
	Versions     map[string]string `json:"versions"`
	Interactions int               `json:"interactions"`
	Breakages    int               `json:"breakages"`
	Edges        []*edgeRecord     `json:"edges"`
}

func (r *ledger) document() document {
	slices.SortStableFunc(r.edges, func(a, b *edgeRecord) int { return cmp.Or(cmp.Compare(a.Edge, b.Edge), cmp.Compare(a.Title, b.Title)) })
	d := document{
		OK: len(r.edges) > 0, Began: r.began.UTC().Truncate(time.Second), Seconds: time.Since(r.began).Seconds(), Edges: r.edges, Versions: versions(),
	}
	for _, e := range r.edges {
		d.OK = d.OK && !e.Failed()
		d.Interactions += len(e.Interactions)
		d.Breakages += len(e.Breakages)
	}
	return d
}

func versions() map[string]string {
	v := map[string]string{"Go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH, "Pact specification": "4.0"}
	if raw, err := os.ReadFile(filepath.Join("..", "..", "go.mod")); err == nil {
		_, rest, _ := strings.Cut(string(raw), "github.com/pact-foundation/pact-go/v2 ")
		v["pact-go"], _, _ = strings.Cut(rest, "\n")
	}
	if raw, err := os.ReadFile(filepath.Join("..", "..", ".bin", "pact", "version")); err == nil {
		name, _, _ := strings.Cut(string(raw), " ")
		v["libpact_ffi"] = "from " + name
	}
	v["calweave"] = "unknown: this is no clone"
	if out, err := exec.Command("git", "describe", "--always", "--dirty", "--tags").Output(); err == nil {
		v["calweave"] = strings.TrimSpace(string(out))
	}
	return v
}

func (r *ledger) write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	d := r.document()
	raw, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "contracts.json"), append(raw, '\n'), 0o644); err != nil {
		return err
	}
	if err := writeJUnit(filepath.Join(dir, "contracts.xml"), d); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "contracts.txt"), []byte(d.summary()), 0o644); err != nil {
		return err
	}
	t, err := template.New("report").Parse(page)
	if err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, "contracts.html"))
	if err != nil {
		return err
	}
	return errors.Join(t.Execute(f, d), f.Close(), d.verdict())
}

// summary is a line for each pact, and one for all.
func (d document) summary() string {
	var out strings.Builder
	groups, held, noticed := map[string]bool{}, 0, 0
	for _, e := range d.Edges {
		groups[e.Edge], held, noticed = true, held+e.Held(), noticed+e.Noticed()
		fmt.Fprintf(&out, "(%s) %s: %d of %d interactions hold, %d of %d breaking changes noticed\n", e.Edge, e.Title, e.Held(), len(e.Interactions),
			e.Noticed(), len(e.Breakages))
	}
	fmt.Fprintf(&out, "%d pacts of %d edges: %d of %d interactions hold, %d of %d breaking changes noticed\n", len(d.Edges), len(groups), held, d.Interactions,
		noticed, d.Breakages)
	return out.String()
}

// verdict fails with what the report says, so that a run cannot pass whose report does not.
func (d document) verdict() error {
	if !d.OK {
		return errors.New("not everything holds: see contracts.html")
	}
	return nil
}

// The elements of JUnit's XML that readers of it agree on.
type (
	suites struct {
		XMLName xml.Name `xml:"testsuites"`
		Suites  []suite  `xml:"testsuite"`
	}
	suite struct {
		Name      string     `xml:"name,attr"`
		Tests     int        `xml:"tests,attr"`
		Failures  int        `xml:"failures,attr"`
		Timestamp string     `xml:"timestamp,attr"`
		Cases     []testCase `xml:"testcase"`
	}
	testCase struct {
		Name    string   `xml:"name,attr"`
		Class   string   `xml:"classname,attr"`
		Time    string   `xml:"time,attr"`
		Failure *failure `xml:"failure,omitempty"`
	}
	failure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

func writeJUnit(path string, d document) error {
	var all suites
	for _, e := range d.Edges {
		s := suite{Name: e.Pact, Timestamp: e.At.Format("2006-01-02T15:04:05")}
		add := func(name string, ms int64, f *failure) {
			s.Cases = append(s.Cases, testCase{Name: name, Class: e.Edge + "." + e.Provider, Time: fmt.Sprintf("%.3f", float64(ms)/1000), Failure: f})
			if f != nil {
				s.Failures++
			}
		}
		if e.Error != "" {
			add("the pact", 0, &failure{Message: e.Error})
		}
		for _, i := range e.Interactions {
			var f *failure
			if !i.OK {
				f = &failure{Message: "the provider answers otherwise", Text: i.Diff}
			}
			add(i.Interaction, i.MS, f)
		}
		for _, b := range e.Breakages {
			var f *failure
			if !b.Noticed {
				f = &failure{Message: "a breaking change passes"}
			}
			add(b.Interaction+", when "+b.Change, 0, f)
		}
		s.Tests = len(s.Cases)
		all.Suites = append(all.Suites, s)
	}
	raw, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append([]byte(xml.Header), append(raw, '\n')...), 0o644)
}
