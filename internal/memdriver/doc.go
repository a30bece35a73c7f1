// Package memdriver is a calendar provider in memory: a provider.Driver whose clients act upon an Account without HTTP, for tests of what stands
// above a driver. It keeps to the contract in contracts/provider as a real provider does, and package providertest holds it to that.
//
// An Account is seen from two sides. Its driver's clients call it, and Hooks decide what becomes of each call and look at each write; a person acts
// upon its Calendars by hand. What sort of provider it is, a Kind says: which capabilities it claims, what it forgets, how it treats a stale ETag.
// It has no channels: whoever listens polls.
//
// Files: kind.go (what a provider is like), account.go (accounts and calendars), hooks.go (what becomes of a call), driver.go (the driver and its
// clients), write.go and guests.go (what a write does), list.go (listings), series.go (occurrences), conference.go, person.go (what is
// done by hand).
package memdriver
