// Package archtest holds the tests that keep the house in order: imports point one way, every package says in its doc.go what it is for, nothing
// registers itself, and no file leans on a path outside the project. Each rule is also run on a small tree that breaks it.
//
// Files: rules_test.go (the table of who may import what), imports_test.go (its checker), house_test.go (the other rules), lessons_test.go (that
// docs/lessons.md names tests that there are).
package archtest
