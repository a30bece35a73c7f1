// Package pacts keeps what is known of contracts between versions: which were verified, by whom, and what is deployed where. It answers whether a version
// may be deployed, and hands pacts and results to a Pact Broker.
//
// Files: report.go (what make contracts has found), matrix.go (the file in which results are kept), deploy.go (whether a version may be deployed; pure),
// broker.go (the HTTP API of a Pact Broker).
package pacts
