// Package fault says what a caller should do about a failure, not what broke. Everything that talks to a provider returns its errors as
// *Error; internal/work/decide.go is the one table that turns a Kind into an outcome.
package fault
