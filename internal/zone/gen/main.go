package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	if err := run("data"); err != nil {
		fmt.Fprintln(os.Stderr, "zone/gen:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	for source, table := range tables() {
		raw, err := os.ReadFile(filepath.Join(dir, "cldr", source)) //nolint:gosec // a file of the repository
		if err != nil {
			return err
		}
		out, err := table.make(raw)
		if err != nil {
			return fmt.Errorf("%s: %w", source, err)
		}
		const readable = 0o644
		if err := os.WriteFile(filepath.Join(dir, table.name), out, readable); err != nil {
			return err
		}
	}
	return nil
}

// table is a table and how it is made of CLDR's file.
type table struct {
	name string
	make func(raw []byte) ([]byte, error)
}

func tables() map[string]table {
	return map[string]table{"windowsZones.json": {"windows_zones.tsv", windowsZones}, "timezone.json": {"tz_aliases.tsv", aliases}}
}

// windowsZones has a row for each zone that a Windows name means in a territory.
func windowsZones(raw []byte) ([]byte, error) {
	var doc struct {
		Supplemental struct {
			WindowsZones struct {
				MapTimezones []struct {
					MapZone struct {
						Windows   string `json:"_other"`
						Zones     string `json:"_type"`
						Territory string `json:"_territory"`
					} `json:"mapZone"`
				} `json:"mapTimezones"`
			} `json:"windowsZones"`
		} `json:"supplemental"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	out := newRows("windows", "territory", "iana")
	for _, row := range doc.Supplemental.WindowsZones.MapTimezones {
		for zone := range strings.FieldsSeq(row.MapZone.Zones) {
			out.add(row.MapZone.Windows, row.MapZone.Territory, zone)
		}
	}
	return out.bytes()
}

// aliases has a row for each name that a zone has or had: the first of them is CLDR's, and the one in use is the same where CLDR does not say.
func aliases(raw []byte) ([]byte, error) {
	var doc struct {
		Keyword struct {
			U struct {
				TZ json.RawMessage `json:"tz"`
			} `json:"u"`
		} `json:"keyword"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	out := newRows("alias", "cldr_canonical", "iana_current")
	// Rows come in the order of the file, which a map would lose.
	d := json.NewDecoder(bytes.NewReader(doc.Keyword.U.TZ))
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	for d.More() {
		if _, err := d.Token(); err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		var zone struct {
			Names   string `json:"_alias"`
			Current string `json:"_iana"`
		}
		if value[0] != '{' {
			continue // a description of the whole
		}
		if err := json.Unmarshal(value, &zone); err != nil {
			return nil, err
		}
		for name := range strings.FieldsSeq(zone.Names) {
			first := strings.Fields(zone.Names)[0]
			if zone.Current == "" {
				zone.Current = first
			}
			out.add(name, first, zone.Current)
		}
	}
	return out.bytes()
}

// rows is a table under way.
type rows struct {
	text bytes.Buffer
	n    int
}

func newRows(columns ...string) *rows {
	r := &rows{}
	r.add(columns...)
	return r
}

func (r *rows) add(columns ...string) {
	r.n++
	r.text.WriteString(strings.Join(columns, "\t") + "\n")
}

// bytes fails for a table without rows: the file has another form than it had.
func (r *rows) bytes() ([]byte, error) {
	if r.n == 1 {
		return nil, errors.New("no row was found: has the form of the file changed?")
	}
	return r.text.Bytes(), nil
}
