// Package watch keeps one push channel open for each calendar whose changes matter.
//
// A channel is recorded before the provider is asked for it, since the first push may come before the answer. It is renewed, or replaced by a
// new one where the provider cannot renew, when half of what the provider granted is over. The old one is ended after the new one is open. A
// channel whose opening was never answered is ended as soon as a push tells what the provider calls it.
//
// Files: keeper.go.
package watch
