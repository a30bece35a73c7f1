package message

import (
	"embed"
	"io/fs"
	"slices"
)

//go:embed schema/*.json
var schemas embed.FS

// EnvelopeSchema is the name within Schemas of the schema that a whole message is valid against, its data included.
const EnvelopeSchema = "envelope.json"

// Schemas returns the JSON Schemas (draft 2020-12): EnvelopeSchema, one for the data of each type, named type.json, and definitions.json with
// the parts that they share. They refer to each other by these names.
func Schemas() fs.FS {
	sub, err := fs.Sub(schemas, "schema")
	if err != nil {
		panic(err) // unreachable: the folder is embedded
	}
	return sub
}

// Schema returns the schema of a type's data; ok is false for a type that there is none of.
func Schema(t Type) (raw []byte, ok bool) {
	if !slices.Contains(Types(), t) {
		return nil, false
	}
	raw, err := fs.ReadFile(Schemas(), string(t)+".json")
	return raw, err == nil
}
