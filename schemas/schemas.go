// Package schemas holds the JSON Schemas (2020-12) of every event: one file per
// event type, named after it.
package schemas

import "embed"

// FS holds <type>.json for every type.
//
//go:embed *.json
var FS embed.FS
