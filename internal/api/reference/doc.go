// Package reference makes the pages that explain the HTTP API out of its OpenAPI document and its problems: one for all of it, and one for each
// problem. They are made once, need no script, load nothing, and may do nothing but look as they do.
//
// Files: reference.go (the pages), document.go (operations), schema.go (fields and types), sample.go (examples), prose.go (text with code and links),
// page.html, problem.html and style.css.
package reference
