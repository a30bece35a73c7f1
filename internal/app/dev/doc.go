// Package dev is `calweave dev`: the whole product on one machine, with nothing installed and no account anywhere. It starts calweave on SQLite
// and an embedded Redis, simulators of both providers, and a sample booking core; connects two hosts, books a meeting, lets a person move it in
// one calendar, and shows the signed webhook arrive. It uses the same HTTP API that every core uses.
//
// Files: dev.go (Run), stack.go (what is started), core.go (the sample booking core), client.go (its calls to the API), tour.go (the steps).
package dev
