package zone_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/calweave/calweave/internal/zone"
)

func table(t *testing.T, name string) [][]string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("data", name))
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for line := range strings.Lines(string(raw)) {
		cols := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(cols) != 3 {
			t.Fatalf("%s: %q has not three columns", name, line)
		}
		rows = append(rows, cols)
	}
	return rows[1:]
}

func TestEveryWindowsRowLoads(t *testing.T) {
	t.Parallel()
	rows := table(t, "windows_zones.tsv")
	windows := map[string]bool{}
	for _, row := range rows {
		name, territory, iana := row[0], row[1], row[2]
		windows[name] = true
		if _, err := zone.Load(iana); err != nil {
			t.Errorf("%s in %s: %v", name, territory, err)
		}
		if got, ok := zone.Windows(iana); !ok || got != name {
			t.Errorf("Windows name of %s is %q, want %q", iana, got, name)
		}
		now, err := zone.Canonical(iana)
		if err != nil {
			t.Error(err)
		}
		if got, ok := zone.Windows(now); !ok || got != name {
			t.Errorf("Windows name of %s, formerly %s, is %q, want %q", now, iana, got, name)
		}
		if territory == "001" {
			checkDefault(t, name, now)
		}
	}
	if len(rows) != 584 || len(windows) != 139 {
		t.Errorf("%d rows of %d Windows zones, want 584 of 139", len(rows), len(windows))
	}
}

// checkDefault fails the test unless a Windows name, however it is written, means the zone.
func checkDefault(t *testing.T, windows, want string) {
	t.Helper()
	for _, name := range []string{windows, strings.ToLower(windows), strings.ToUpper(windows)} {
		if got, err := zone.Canonical(name); err != nil || got != want {
			t.Errorf("%q is %q (%v), want %q", name, got, err, want)
		}
	}
}

func TestEveryAliasMeansOneZone(t *testing.T) {
	t.Parallel()
	rows := table(t, "tz_aliases.tsv")
	dropped := map[string]bool{ // names that the time-zone database gave up; Go knows none of them
		"Canada/East-Saskatchewan": true, "US/Pacific-New": true, "Etc/Unknown": true, "Factory": true,
	}
	for _, row := range rows {
		alias, cldr, current := row[0], row[1], row[2]
		if dropped[alias] {
			continue
		}
		got, err := zone.Canonical(alias)
		if err != nil || got != current {
			t.Errorf("%s is %q (%v), want %q", alias, got, err, current)
		}
		if again, err := zone.Canonical(got); err != nil || again != got {
			t.Errorf("%s is not canonical once more: %q, %v", got, again, err)
		}
		a, okA := zone.Windows(alias)
		b, okB := zone.Windows(cldr)
		c, okC := zone.Windows(current)
		if a != b || b != c || okA != okB || okB != okC {
			t.Errorf("%s, %s and %s have the Windows names %q, %q and %q", alias, cldr, current, a, b, c)
		}
	}
	if len(rows) != 601 {
		t.Errorf("%d aliases, want 601", len(rows))
	}
}

func TestCanonical(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Europe/Berlin":           "Europe/Berlin",
		"Asia/Calcutta":           "Asia/Kolkata",
		"Asia/Kolkata":            "Asia/Kolkata",
		"Europe/Kiev":             "Europe/Kyiv",
		"US/Pacific":              "America/Los_Angeles",
		"UTC":                     "Etc/UTC",
		"GMT":                     "Etc/GMT",
		"W. Europe Standard Time": "Europe/Berlin",
		"India Standard Time":     "Asia/Kolkata",
		"UTC+13":                  "Etc/GMT-13",
		"UTC-11":                  "Etc/GMT+11",
		"Etc/GMT+5":               "Etc/GMT+5",
	} {
		if got, err := zone.Canonical(name); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", name, got, err, want)
		}
	}
}

func TestUnknownNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"", "Local", "localtime", "posixrules", "posix/Europe/Berlin", "right/Europe/Berlin", "Mars/Base", "Factory", "europe/berlin",
		"../Europe/Berlin", "/etc/localtime", "Customized Time Zone", "tzone://Microsoft/Custom", "GMT+5", "Europe/Berlin\x00",
	} {
		if got, err := zone.Canonical(name); !errors.Is(err, zone.ErrUnknown) {
			t.Errorf("%q is %q, %v", name, got, err)
		}
		if loc, err := zone.Load(name); err == nil {
			t.Errorf("%q loads as %s", name, loc)
		}
	}
}

func TestLoadGivesTheCanonicalLocation(t *testing.T) {
	t.Parallel()
	loc, err := zone.Load("Tokyo Standard Time")
	if err != nil || loc.String() != "Asia/Tokyo" {
		t.Fatalf("%v, %v", loc, err)
	}
	if _, offset := time.Date(2026, 10, 1, 0, 0, 0, 0, loc).Zone(); offset != 9*3600 {
		t.Errorf("Tokyo is %d s ahead", offset)
	}
}

func TestVersionNamesTheData(t *testing.T) {
	t.Parallel()
	v := zone.Version()
	if v == "" || v != zone.Version() || strings.ContainsAny(v, " \n") {
		t.Errorf("version %q", v)
	}
}

func TestAZoneIsReadOnce(t *testing.T) {
	t.Parallel()
	first, err := zone.Load("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := zone.Load("Europe/Vienna"); err != nil || again != first {
		t.Errorf("loaded again: %v", err)
	}
}

// Spellings of one path have no end, and strangers choose them.
func TestOtherSpellingsOfAZoneAreNotKept(t *testing.T) {
	t.Parallel()
	const name = "Europe//Vienna"
	first, err := zone.Load(name)
	if err != nil {
		t.Skip("the zones of this machine are in one file")
	}
	if again, err := zone.Load(name); err != nil || again == first {
		t.Errorf("kept: %v", err)
	}
}
