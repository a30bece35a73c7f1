// Package providers names the calendar providers that calweave ships. Each is a folder of its own with the same file names, and imports
// nothing of calweave but the contracts and the leaves.
//
// Files: providers.go (Builtin). Folders: google, microsoft.
package providers
