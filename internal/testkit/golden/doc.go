// Package golden compares what a test made with a file under testdata. Run the test with -update to write the file anew; read the
// difference before you commit it.
//
// Files: golden.go.
package golden
