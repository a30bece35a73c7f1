// Package ratelimit says how often something may be done under one name, such as a key or an address. It counts in the memory of one process: a
// fleet of n processes lets n times as much pass.
//
// Files: limiter.go (names and their buckets), fields.go (what HTTP tells of it).
package ratelimit
