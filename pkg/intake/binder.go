package intake

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding"

	"leadrouter/pkg/lead"
)

// cell is one value of a row under its header.
type cell struct{ header, text string }

// binder turns the cells of a row into the fields of a lead.
type binder struct {
	m       *Map
	columns map[string]Column // by folded header
	ignore  map[string]bool   // folded headers
	decoder *encoding.Decoder

	known func(header string) string // the field of a header that the map does not name
	bound map[string]*target         // by header, as met
	taken map[string]string          // header by field
}

// target is where the cells of one column go.
type target struct {
	header string
	column Column
	kind   kind
	values map[string]string // translations by lower-case text
	skip   bool
}

// kind is how a cell is read.
type kind int

const (
	asText kind = iota
	asLoose
	asNumber
	asMoney
	asYesNo
	asDate
	asList
	asCountry
	asCurrency
	asWord // one of the sender's own words: demo_request
	asDomain
)

func newBinder(m *Map) *binder {
	b := &binder{
		m: m, columns: map[string]Column{}, ignore: map[string]bool{},
		decoder: encoding.Nop.NewDecoder(), known: wellKnown,
		bound: map[string]*target{}, taken: map[string]string{},
	}
	if m.Encoding != "" {
		b.decoder = encodings()[m.Encoding].NewDecoder()
	}
	for header, column := range m.Columns {
		b.columns[fold(header)] = column
		b.taken[column.Field] = header
	}
	for _, header := range m.Ignore {
		b.ignore[fold(header)] = true
	}
	return b
}

// header checks the header row: what the map names must be there, once.
func (b *binder) header(names []string) error {
	var problems []error
	have := map[string]string{}
	for _, name := range names {
		key := fold(name)
		if twice, ok := have[key]; ok && key != "" && b.named(key) {
			problems = append(problems, fmt.Errorf("there are two columns %q", twice))
		}
		have[key] = name
	}
	for _, name := range slices.Sorted(slices.Values(append(mapKeys(b.m.Columns), b.m.Ignore...))) {
		if _, ok := have[fold(name)]; !ok {
			problems = append(problems, fmt.Errorf("the map names a column %q, which is not there", name))
		}
	}
	return errors.Join(problems...)
}

func (b *binder) named(key string) bool {
	_, ok := b.columns[key]
	return ok
}

func mapKeys(columns map[string]Column) []string {
	keys := make([]string, 0, len(columns))
	for key := range columns {
		keys = append(keys, key)
	}
	return keys
}

// lead builds the data of lead.created, without an id when no column gives one.
func (b *binder) lead(row []cell) (map[string]any, error) {
	data := map[string]any{}
	for _, c := range row {
		t := b.target(c.header)
		if t.skip {
			continue
		}
		text, err := b.text(c)
		if err != nil {
			return nil, err
		}
		if to, ok := t.values[strings.ToLower(text)]; ok {
			text = to
		}
		if b.m.blank[strings.ToLower(text)] {
			continue
		}
		if err := b.convert(data, t, text); err != nil {
			return nil, fmt.Errorf("%s %.60q %w", t.column.Field, text, err)
		}
	}
	for field, value := range b.m.Constants {
		if !has(data, field) {
			put(data, field, value)
		}
	}
	return data, nil
}

// text decodes and trims a cell.
func (b *binder) text(c cell) (string, error) {
	text, err := b.decoder.String(c.text)
	if err != nil || !utf8.ValidString(text) {
		return "", fmt.Errorf("%s is not UTF-8; say encoding: windows-1252 in the map if that is what it is", c.header)
	}
	return strings.TrimSpace(text), nil
}

// target decides, once per header, where its cells go.
func (b *binder) target(header string) *target {
	if t, ok := b.bound[header]; ok {
		return t
	}
	t := &target{header: header, column: b.columnOf(header), values: map[string]string{}}
	t.skip = t.column.Field == ""
	t.kind = kindOf(t.column)
	for from, to := range t.column.Values {
		t.values[strings.ToLower(strings.TrimSpace(from))] = to
	}
	b.bound[header] = t
	return t
}

// columnOf finds the column of a header: the map's, a well-known one, an attribute.
// Field is empty when it is left out.
func (b *binder) columnOf(header string) Column {
	key := fold(header)
	if b.ignore[key] {
		return Column{}
	}
	if column, ok := b.columns[key]; ok {
		return column
	}
	field := b.known(header)
	if automatic := b.m.Automatic; automatic != nil && !*automatic {
		field = ""
	}
	if _, taken := b.taken[field]; field == "" || taken {
		if b.m.Rest == restIgnore {
			return Column{}
		}
		field = b.attribute(header)
	}
	b.taken[field] = header
	return Column{Field: field}
}

// attribute names a column of the sender's own: attributes.how_did_you_hear.
func (b *binder) attribute(header string) string {
	const longest = 60
	name := slug(header)
	if name == "" {
		name = "column"
	}
	name = lead.AttributePrefix + strings.TrimRight(name[:min(len(name), longest)], "_")
	field := name
	for n := 2; b.taken[field] != ""; n++ {
		field = fmt.Sprintf("%s_%d", name, n)
	}
	return field
}

// kindOf tells how the cells of a column are read.
func kindOf(c Column) kind {
	if strings.HasPrefix(c.Field, lead.AttributePrefix) {
		return map[string]kind{typeText: asText, typeNumber: asNumber, typeYesNo: asYesNo, typeDate: asDate, typeList: asList, "": asLoose}[c.Type]
	}
	switch c.Field {
	case "created_at":
		return asDate
	case "country", "account.country":
		return asCountry
	case "source", "channel", "intent":
		return asWord
	case "company.domain":
		return asDomain
	case "deal_value":
		return asMoney
	case "currency":
		return asCurrency
	}
	name, _ := lead.Lookup(c.Field)
	switch name.Type {
	case lead.Int, lead.Float:
		return asNumber
	case lead.Bool:
		return asYesNo
	case lead.Strings:
		return asList
	default:
		return asText
	}
}

// convert reads one cell and puts its value in place.
func (b *binder) convert(data map[string]any, t *target, text string) error {
	var value any = text
	var err error
	switch t.kind {
	case asText:
	case asLoose:
		value = loose(text)
	case asNumber:
		value, err = number(text, b.m.Decimal)
	case asMoney:
		value, err = b.money(data, text)
	case asYesNo:
		value, err = yesNo(text)
	case asList:
		value = list(text)
	case asCountry:
		value, err = country(text)
	case asCurrency:
		value, err = text, setCurrency(data, text)
	case asWord:
		value = word(text)
	case asDomain:
		value = webDomain(text)
	case asDate:
		var at time.Time
		if at, err = date(text, b.m.Dates, b.m.zone); err == nil {
			value = at.Format(time.RFC3339Nano)
		}
	}
	if err == nil {
		put(data, t.column.Field, value)
	}
	return err
}

// money reads an amount that may name its currency: 12.500,00 EUR, £900.
func (b *binder) money(data map[string]any, text string) (json.Number, error) {
	amount, unit, err := splitMoney(text)
	if err != nil {
		return "", err
	}
	if unit != "" {
		if err := setCurrency(data, unit); err != nil {
			return "", err
		}
	}
	return number(amount, b.m.Decimal)
}

// setCurrency notes the currency of a row, which may name it twice but not two.
func setCurrency(data map[string]any, unit string) error {
	if other, ok := data["currency"].(string); ok && !strings.EqualFold(other, unit) {
		return fmt.Errorf("is in %s, the same line in %s", unit, other)
	}
	data["currency"] = unit
	return nil
}

// word is the name that a policy compares with: "Demo Request" is demo_request. A
// text of which no name can be made stays as it is.
func word(text string) string {
	if name := slug(text); name != "" {
		return name
	}
	return text
}

// put sets a dotted field of a tree: company.name, attributes.seats.
func put(data map[string]any, field string, value any) {
	head, rest, nested := strings.Cut(field, ".")
	if !nested {
		data[head] = value
		return
	}
	below, ok := data[head].(map[string]any)
	if !ok {
		below = map[string]any{}
		data[head] = below
	}
	if head+"." == lead.AttributePrefix { // the sender's own names are not cut further
		below[rest] = value
		return
	}
	put(below, rest, value)
}

// has reports whether a dotted field of a tree is set.
func has(data map[string]any, field string) bool {
	head, rest, nested := strings.Cut(field, ".")
	if !nested {
		_, ok := data[head]
		return ok
	}
	below, ok := data[head].(map[string]any)
	if ok && head+"." == lead.AttributePrefix {
		_, ok = below[rest]
		return ok
	}
	return ok && has(below, rest)
}
