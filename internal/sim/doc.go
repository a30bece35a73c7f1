// Package sim simulates Google Calendar and Microsoft Graph calendar with both OAuth servers, over HTTP and with state, for tests and for
// trying calweave out. What is documented behaves as documented; what is unknown is a switch; what goes wrong in the field is a fault on
// demand. It imports no provider, no SDK and nothing of calweave but the clock, so that a misunderstanding which client and simulator shared
// would not hide.
//
// Each simulator is mounted at the root of its own listener. Tests in the same process use the methods of Sim; anyone else uses the same over
// HTTP, through Admin.
//
// Files: sim.go (Sim, Config), people.go (seeding and acting as a person), grants.go (tokens, cursors, channels), observe.go (requests, mails,
// pushes, waiting), outlook.go (what people do at Microsoft only), admin.go and admin_*.go (all of it over HTTP), openapi.yaml (what they serve).
// Packages: stage (what both simulators stand on), oauth, google, microsoft, browser (a stand-in for a person at a browser) and simtest (running it
// all in tests).
package sim
