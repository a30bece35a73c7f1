package zone

import (
	_ "embed"
	"errors"
	"fmt"
	"path"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // images without /usr/share/zoneinfo know every zone too
)

//go:embed data/windows_zones.tsv
var windowsTable string

//go:embed data/tz_aliases.tsv
var aliasTable string

// ErrUnknown means that a zone is neither an IANA nor a Windows name.
var ErrUnknown = errors.New("unknown time zone")

// territoryDefault is CLDR's code for "wherever": the zone that a Windows name means when no country is known.
const territoryDefault = "001"

type tables struct {
	current   map[string]string // alias -> the name in use today
	cldr      map[string]string // alias -> the name that CLDR keeps
	toWindows map[string]string // CLDR name -> Windows name
	toIANA    map[string]string // lower-case Windows name -> CLDR name
}

//nolint:gochecknoglobals // the parsed form of two embedded tables, never written to
var loadTables = sync.OnceValue(func() tables {
	t := tables{current: map[string]string{}, cldr: map[string]string{}, toWindows: map[string]string{}, toIANA: map[string]string{}}
	for _, row := range rows(aliasTable) {
		t.cldr[row[0]], t.current[row[0]] = row[1], row[2]
	}
	for _, row := range rows(windowsTable) {
		t.toWindows[row[2]] = row[0]
		if row[1] == territoryDefault {
			t.toIANA[strings.ToLower(row[0])] = row[2]
		}
	}
	return t
})

// rows splits a table of three columns and drops its header.
func rows(table string) [][]string {
	var out [][]string
	for line := range strings.Lines(table) {
		if cols := strings.Split(strings.TrimRight(line, "\n"), "\t"); len(cols) == 3 {
			out = append(out, cols)
		}
	}
	return out[1:]
}

// Canonical returns the IANA name in use today for an IANA name, one of its aliases, or a Windows name.
func Canonical(name string) (string, error) {
	t := loadTables()
	if iana, ok := t.toIANA[strings.ToLower(name)]; ok {
		name = iana
	}
	if now, ok := t.current[name]; ok {
		name = now
	}
	if machineOnly(name) {
		return "", fmt.Errorf("%w %q", ErrUnknown, name)
	}
	if _, err := location(name); err != nil {
		return "", fmt.Errorf("%w %q", ErrUnknown, name)
	}
	return name, nil
}

// locations are zones by name, since the standard library reads a file each time. A process keeps the data that it has read first, as it does Version.
// There are no more of them than zones: what is none is not kept, nor is another spelling of a file's path ("Europe//Berlin").
//
//nolint:gochecknoglobals // read once each
var locations sync.Map

func location(name string) (*time.Location, error) {
	if known, ok := locations.Load(name); ok {
		return known.(*time.Location), nil //nolint:forcetypeassert // nothing else is kept
	}
	loc, err := time.LoadLocation(name)
	if err == nil && name == path.Clean(name) {
		locations.Store(name, loc)
	}
	return loc, err
}

// machineOnly reports whether a name means something on this machine only: its own zone, or a variant that not every installation has. Those
// under right/ count leap seconds besides, which no calendar does.
func machineOnly(name string) bool {
	switch name {
	case "", "Local", "localtime", "posixrules":
		return true
	default:
		return strings.HasPrefix(name, "posix/") || strings.HasPrefix(name, "right/")
	}
}

// Load returns the location of an IANA name, one of its aliases, or a Windows name.
func Load(name string) (*time.Location, error) {
	canonical, err := Canonical(name)
	if err != nil {
		return nil, err
	}
	return location(canonical)
}

// Windows returns the Windows name of an IANA zone. Not every IANA zone has one.
func Windows(iana string) (string, bool) {
	t := loadTables()
	if kept, ok := t.cldr[iana]; ok {
		iana = kept
	}
	name, ok := t.toWindows[iana]
	return name, ok
}
