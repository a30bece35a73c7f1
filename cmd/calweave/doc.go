// Command calweave is the whole product in one binary: see calweave --help.
package main
