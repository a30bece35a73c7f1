// Command testsummary reads the output of go test -json, shows one line for each package, once why tests are skipped, and everything about failures, at
// the end again. It ends with "N passed, N failed", and fails if a test did, or if none ran.
package main
