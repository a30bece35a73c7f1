// Package cli is the command line: it parses arguments, reads the configuration, and prints what the App does. Commands exit with 0, with 1 when
// something failed, and with 2 when the command line or the configuration is wrong. What `calweave reconcile --dry-run` has found is 3 or 4.
//
// Files: cli.go (parsing), check.go (what is wrong with what was given), run.go (run, dev), sim.go (sim), data.go (migrate, tenant, work), key.go
// (key), seal.go (seal), application.go (app), settings.go (config), doctor.go (doctor), providers.go (providers), problems.go (problems), dead.go
// (dead), guard.go (guard), reconcile.go (reconcile), outcomes.go (work outcomes), metrics.go (metrics), webhook.go (webhook verify, webhook
// trigger), listen.go (webhook listen), contracts.go (contracts), verify.go (contracts verify).
package cli
