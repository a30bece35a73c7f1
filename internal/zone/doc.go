// Package zone knows time zones: IANA names, their aliases and Windows names, and how wall time in a zone becomes an instant. It does no I/O
// beyond what the standard library does to load a zone, and it is the only place that resolves wall time.
//
// The tables in data are made by gen, which `go generate` runs, from the files in data/cldr: those of Unicode CLDR 48 (npm cldr-core and cldr-bcp47
// 48.2.0), which scripts/zones fetches. data/LICENSE is their licence. The rules of zones are those of the system, or else the copy that Go embeds; both
// are the IANA time-zone database, which is in the public domain.
//
// Files: names.go (IANA, aliases, Windows), resolve.go (wall time to instant), tables.go (versions of
// the data), version.go (which one this process has).
package zone

//go:generate go run ./gen
