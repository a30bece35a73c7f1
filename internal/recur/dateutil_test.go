package recur_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/calweave/calweave/contracts/cal"
	"github.com/calweave/calweave/internal/recur"
)

// fromDateutil is a line of testdata/dateutil.jsonl.gz, which testdata/with_dateutil.py writes.
type fromDateutil struct {
	// Start is an instant in Unix time, or a date.
	Start any      `json:"start"`
	Zone  string   `json:"zone"`
	Lines []string `json:"lines"`
	// Until is where what is known ends. Starts are instants, each but the first as the distance to the one before.
	Until  int64   `json:"until"`
	Starts []int64 `json:"starts"`
}

// A library of another language and other authors finds the same starts of thousands of series in many zones, and so does the canonical form of each.
func TestDateutilAgrees(t *testing.T) {
	t.Parallel()
	raw, err := os.Open("testdata/dateutil.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = raw.Close() }()
	packed, err := gzip.NewReader(raw)
	if err != nil {
		t.Fatal(err)
	}
	n, starts := 0, 0
	for lines := bufio.NewScanner(packed); lines.Scan(); n++ {
		var c fromDateutil
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		starts += len(c.Starts)
		c.check(t)
	}
	if n < 2000 || starts < 20*n/2 {
		t.Errorf("%d series with %d starts prove little", n, starts)
	}
}

func (c fromDateutil) check(t *testing.T) {
	t.Helper()
	var start cal.Moment
	from := time.Time{}
	switch s := c.Start.(type) {
	case string:
		start.Date = s
		from = at(t, s+"T00:00:00Z")
	case float64:
		from = time.Unix(int64(s), 0).UTC()
		start = cal.Moment{Instant: from, Zone: c.Zone}
	}
	window := cal.Window{From: from.AddDate(0, 0, -1), Until: time.Unix(c.Until, 0)}
	var want []time.Time
	var unix int64
	for _, distance := range c.Starts {
		if unix += distance; unix < c.Until {
			want = append(want, time.Unix(unix, 0).UTC())
		}
	}
	canonical, err := recur.Canonicalise(c.Lines, start)
	if err != nil {
		t.Fatalf("%v: %v", c.Lines, err)
	}
	kept := canonical.Lines
	for _, m := range canonical.Excluded {
		kept = append(slices.Clone(kept), exdate(m))
	}
	for _, lines := range [][]string{c.Lines, kept} {
		got, err := starting(lines, start, window)
		if err != nil || !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Errorf("%v from %v in %s: %v, %v, dateutil has %v", lines, start, c.Zone, got, err, want)
		}
	}
}

func exdate(m cal.Moment) string {
	if m.Date != "" {
		return "EXDATE;VALUE=DATE:" + m.Date[:4] + m.Date[5:7] + m.Date[8:]
	}
	return "EXDATE:" + m.Instant.Format("20060102T150405Z")
}
