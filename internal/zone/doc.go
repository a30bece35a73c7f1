// Package zone knows time zones: IANA names, their aliases and Windows names, and how wall time in a zone becomes an instant. It does no I/O
// beyond what the standard library does to load a zone, and it is the only place that resolves wall time.
//
// The tables in data come from Unicode CLDR 48 (npm cldr-core and cldr-bcp47 48.2.0); data/LICENSE is their licence.
//
// Files: names.go (IANA, aliases, Windows), resolve.go (wall time to instant), tables.go (versions of
// the data), version.go (which one this process has).
package zone
