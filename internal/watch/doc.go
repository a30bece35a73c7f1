// Package watch keeps one push channel open for each calendar whose changes matter.
//
// A channel is recorded before the provider is asked for it, since the first push may come before the answer. It is renewed, or replaced by a
// new one where the provider cannot renew, when half of what the provider granted is over, or up to an eighth of it earlier, so that channels that were
// opened together are not renewed together. The old one is ended after the new one is open. A channel whose opening was never answered is ended as soon
// as a push tells what the provider calls it, and one that goes on pushing long after its end is ended once more.
//
// Files: keeper.go.
package watch
