// Command testsummary reads the output of go test -json, shows one line for each package and everything about failures and skips, and ends
// with "N passed, N failed". It fails if a test did, or if none ran.
package main
