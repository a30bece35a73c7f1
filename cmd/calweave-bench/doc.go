// Command calweave-bench measures calweave against bare programs: see package internal/app/bench. `make bench` runs it.
package main
