// Package config reads calweave's settings. Each is an environment variable CALWEAVE_NAME, or a line of the same name in a file in the form of
// an environment file, whose path --config or CALWEAVE_CONFIG gives. The command line wins over the environment, the environment over the
// file, the file over what a command presets, and an empty value means the default. A secret can also be given as CALWEAVE_NAME_FILE: the
// path of a file that holds it.
//
// Load reports every mistake at once, with the variable, where it was set, and how to mend it. Secrets show neither there nor in the dump.
//
// Files: config.go (the settings), limits.go (those about providers' limits), load.go (from text to Config), layer.go (where text comes from),
// file.go (the file's form), check.go (what the types cannot hold), mistake.go, suggest.go (did you mean), dump.go, reference.go (what each setting
// is for), secret.go, role.go.
package config
