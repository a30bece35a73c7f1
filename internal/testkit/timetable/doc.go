// Package timetable is a table of wall times: what each means in a zone, under the zone's IANA and its Windows name, or why it means nothing. Its instants
// were worked out by another implementation (Python's zoneinfo). The same table is held against package zone, the intake, both drivers and the whole
// engine.
//
// Files: timetable.go.
package timetable
