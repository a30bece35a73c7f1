// Command gen makes the tables of package zone from the files of Unicode CLDR in data/cldr: windows_zones.tsv from windowsZones.json and tz_aliases.tsv
// from timezone.json. It reads no network; scripts/zones fetches newer files.
//
// Files: main.go.
package main
