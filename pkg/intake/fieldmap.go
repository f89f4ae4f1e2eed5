package intake

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"leadrouter/pkg/lead"
)

// Map tells how the columns of a file become the fields of a lead. The zero value
// maps well-known headers and makes attributes of the rest.
type Map struct {
	// Columns by header. Case, spaces, dashes and underscores of headers do not count.
	Columns map[string]Column `yaml:"columns"`
	// Constants are values of fields that no column gives: channel: web.
	Constants map[string]any `yaml:"constants"`
	// Ignore lists columns that are left out.
	Ignore []string `yaml:"ignore"`
	// Blank lists what people write for "nothing": Select, n/a.
	Blank []string `yaml:"blank"`
	// Rest is what becomes of columns not named here: attributes (the default) or ignore.
	Rest string `yaml:"rest"`
	// Automatic maps well-known headers that Columns does not name. Default true.
	Automatic *bool `yaml:"automatic"`

	// Delimiter is one character, or tab; by default the header tells.
	Delimiter string `yaml:"delimiter"`
	// Encoding is utf-8 (the default), windows-1252, iso-8859-1 or iso-8859-15.
	Encoding string `yaml:"encoding"`
	// Decimal is point or comma; by default an ambiguous number is refused.
	Decimal string `yaml:"decimal"`
	// Dates is dmy or mdy; by default an ambiguous date is refused.
	Dates string `yaml:"dates"`
	// Timezone is that of dates without one, by its IANA name. Default UTC.
	Timezone string `yaml:"timezone"`

	zone  *time.Location
	blank map[string]bool
}

// Column is what becomes of one column.
type Column struct {
	// Field is a name of lead.created: country, company.name, attributes.seats.
	Field string `yaml:"field"`
	// Values translates what stands in the cell, whatever its case. Translated to
	// nothing, a cell counts as empty.
	Values map[string]string `yaml:"values"`
	// Type of an attribute: text, number, yes_no, date or list. By default a plain
	// number is one and all else is text.
	Type string `yaml:"type"`
}

// UnmarshalYAML takes a field's name alone, or a mapping.
func (c *Column) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return node.Decode(&c.Field)
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		// A decoder of unknown fields does not reach into custom unmarshalers.
		if key := node.Content[i].Value; !slices.Contains([]string{"field", "values", "type"}, key) {
			return fmt.Errorf("line %d: %q is not known of a column; want field, values or type", node.Content[i].Line, key)
		}
	}
	type plain Column
	return node.Decode((*plain)(c))
}

// ReadMap reads a map file. All problems come back in one error.
func ReadMap(path string) (*Map, error) {
	raw, err := os.ReadFile(path) //nolint:gosec // the user names the file
	if err != nil {
		return nil, fmt.Errorf("read map: %w", err)
	}
	m, err := ParseMap(raw)
	if err != nil {
		return nil, fmt.Errorf("read map %s: %w", path, err)
	}
	return m, nil
}

// ParseMap reads a map.
func ParseMap(raw []byte) (*Map, error) {
	m := &Map{}
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	if err := dec.Decode(m); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return m, m.check()
}

// check validates the map and prepares what reading needs.
func (m *Map) check() error {
	var problems []error
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	targets := map[string]string{}
	for _, header := range slices.Sorted(maps.Keys(m.Columns)) {
		c := m.Columns[header]
		if err := c.check(); err != nil {
			bad("column %q: %w", header, err)
		}
		if other, taken := targets[c.Field]; taken {
			bad("columns %q and %q both give %s", other, header, c.Field)
		}
		targets[c.Field] = header
	}
	for _, field := range slices.Sorted(maps.Keys(m.Constants)) {
		if err := checkField(field); err != nil {
			bad("constants: %w", err)
		}
	}
	oneOf := func(key, value string, allowed ...string) {
		if value != "" && !slices.Contains(allowed, value) {
			bad("%s: %q is none of %s", key, value, strings.Join(allowed, ", "))
		}
	}
	oneOf("rest", m.Rest, restAttributes, restIgnore)
	oneOf("decimal", m.Decimal, decimalPoint, decimalComma)
	oneOf("dates", m.Dates, dayFirst, monthFirst)
	oneOf("encoding", m.Encoding, slices.Sorted(maps.Keys(encodings()))...)
	if _, err := m.comma(); err != nil {
		problems = append(problems, err)
	}
	zone, err := time.LoadLocation(m.Timezone)
	if err != nil || m.Timezone == "Local" {
		bad("timezone: %q is not an IANA time zone", m.Timezone)
		zone = time.UTC
	}
	m.zone = zone
	m.blank = map[string]bool{"": true}
	for _, b := range m.Blank {
		m.blank[strings.ToLower(b)] = true
	}
	return errors.Join(problems...)
}

// What becomes of unnamed columns.
const (
	restAttributes = "attributes"
	restIgnore     = "ignore"
)

// Types of attributes.
const (
	typeText   = "text"
	typeNumber = "number"
	typeYesNo  = "yes_no"
	typeDate   = "date"
	typeList   = "list"
)

func (c Column) check() error {
	if err := checkField(c.Field); err != nil {
		return err
	}
	types := []string{typeText, typeNumber, typeYesNo, typeDate, typeList}
	switch {
	case c.Type == "":
		return nil
	case !strings.HasPrefix(c.Field, lead.AttributePrefix):
		return fmt.Errorf("%s has a type already; `type` is for attributes", c.Field)
	case !slices.Contains(types, c.Type):
		return fmt.Errorf("type %q is none of %s", c.Type, strings.Join(types, ", "))
	}
	return nil
}

func checkField(field string) error {
	if _, known := lead.Lookup(field); !known {
		return fmt.Errorf("%q is not a field of a lead; for anything else write attributes.NAME", field)
	}
	return nil
}

// comma is the delimiter, or 0 when the header has to tell.
func (m *Map) comma() (byte, error) {
	switch {
	case m.Delimiter == "":
		return 0, nil
	case m.Delimiter == "tab":
		return '\t', nil
	case len(m.Delimiter) == 1 && m.Delimiter[0] < 0x80 && !strings.ContainsAny(m.Delimiter, "\"\r\n"):
		return m.Delimiter[0], nil
	}
	return 0, fmt.Errorf("delimiter: %q is not one character or tab", m.Delimiter)
}

// encodings are those of which every byte below 0x80 is ASCII, so that a row can be
// taken apart before it is decoded, and kept as it is when it is refused.
func encodings() map[string]encoding.Encoding {
	return map[string]encoding.Encoding{
		"utf-8":        encoding.Nop,
		"windows-1252": charmap.Windows1252,
		"iso-8859-1":   charmap.ISO8859_1,
		"iso-8859-15":  charmap.ISO8859_15,
	}
}
