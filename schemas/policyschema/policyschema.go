// Package policyschema holds the JSON Schema (2020-12) of a policy file, for
// editors: names complete, and a misspelt key shows while it is typed. The parser
// in package policy says more, and has the last word; a test holds the two to the
// same keys.
package policyschema

import _ "embed"

//go:embed policy.schema.json
var text []byte

// JSON returns the schema. The caller owns the bytes.
func JSON() []byte { return append([]byte(nil), text...) }
