// Package budget decides, before each request to a provider, whether it may be sent now: rates of the provider application, the tenant, the mailbox
// and the calendar, the application's day, the mailbox's concurrency, penalties, and breakers. The fleet shares one account of all of them in Redis:
// one round trip asks and takes, a second one, off the call's path, says what became of it. Without Redis the same script decides in the process,
// with a share of the limits.
//
// SQL is the truth about penalties. What Redis forgets starts empty, so that no limit is exceeded by it; docs/adr/0016 and 0017 say why it is built
// like this.
//
// Files: limits.go (what providers allow), limiter.go (the decision), call.go (one call of a client, and its requests), report.go (what became of
// calls), penalty.go (what SQL knows), share.go (places of this process), queue.go (calls that wait for a place of their mailbox), breaker.go (the
// process's own breakers), outage.go (whose fault a failure is), redis.go and memory.go (where the script runs), status.go (what is left), meter.go
// (what is counted), *.lua (the scripts).
package budget
