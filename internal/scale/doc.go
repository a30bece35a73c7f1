// Package scale holds the tests that show, in virtual time, how work is paced when there is far more of it than the providers take: the engine, the
// feeder, the gateway, the budget with its script, both drivers and the simulators are the real ones. Only the work table is a model of the store's,
// which would take longer than all the rest, and time passes when nothing else is to be done (testing/synctest).
//
// Files: table_test.go (the work table), wire_test.go (the way to the simulators), fleet_test.go (a process and its mailboxes),
// scale_test.go (the tests).
package scale
