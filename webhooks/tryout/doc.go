// Package tryout is what somebody who writes a receiver of calweave's messages tries it out with: it verifies signatures of Standard Webhooks and says
// precisely what is wrong with one, and it receives messages to show them.
//
// Files: verify.go, listen.go.
package tryout
