// Command core is a small booking core in Go. It hands a booking over through Asynq, receives and verifies the messages that result, cancels the booking,
// and ends. Its parts are those of a real core: submit until confirmed, drop repeats, keep the order of one booking's messages.
//
// It reads from its environment URL and KEY (the API and a key of it), CALENDAR (where to book), REDIS (host:port) and SIGNING_KEY with SIGNING_SECRET
// (calweave key create --use=signing). While `make run` is up, .run/dev.env has them all.
//
// Files: main.go.
package main
