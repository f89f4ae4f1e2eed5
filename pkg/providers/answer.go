package providers

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"leadrouter/pkg/lead"
)

// Result is what became of asking a provider about a lead.
type Result string

// The results. All but Found, Nothing and Cached leave a lead without the provider.
const (
	Found   Result = "found"   // it knows something
	Nothing Result = "nothing" // it knows nothing, and says so
	Cached  Result = "cached"  // one of these two, from the cache
	Timeout Result = "timeout" // no answer within the timeout
	Failed  Result = "failed"  // no connection, or a status that is an error
	Garbage Result = "garbage" // an answer that cannot be read, or is of other types
	Limited Result = "limited" // it says that it is asked too often
	Open    Result = "open"    // not asked: the breaker is open, or it is to be left alone
	Dropped Result = "dropped" // not asked: too many others wait to be
)

// known reports whether the provider has had its say.
func (r Result) known() bool { return r == Found || r == Nothing || r == Cached }

// answer is what a provider says of a lead.
type answer struct {
	result Result
	// values are JSON by the index of the field, "" where nothing is known; nil: nothing at all.
	values []string
	err    error // in words of our own; nil when known
}

// Bounds of an answer.
const (
	maxBody  = 1 << 20
	maxValue = 4 << 10 // of one fact, as JSON
)

var (
	errTooLarge = errors.New("the answer is larger than 1 MB")
	errNotUTF8  = errors.New("the answer is not UTF-8")
	errNotJSON  = errors.New("the answer is not JSON")
	errTypes    = errors.New("no value in the answer is of the type of its fact")
)

// read takes the fields out of a body. refused counts values that are not of their fact's
// type; an answer with nothing else is garbage.
func (p *Provider) read(body []byte) (a answer, refused int) {
	doc, err := decode(body)
	if err != nil {
		return answer{result: Garbage, err: err}, 0
	}
	values, found := make([]string, len(p.Fields)), false
	for i := range p.Fields {
		raw, err := p.Fields[i].take(doc)
		if err != nil {
			refused++
			continue
		}
		values[i] = raw
		found = found || raw != ""
	}
	switch {
	case found:
		return answer{result: Found, values: values}, refused
	case refused > 0:
		return answer{result: Garbage, err: errTypes}, refused
	}
	return answer{result: Nothing}, 0
}

// decode reads one JSON text; numbers stay as they are written.
func decode(body []byte) (doc any, err error) {
	if !utf8.Valid(body) {
		return nil, errNotUTF8
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(&doc) != nil {
		return nil, errNotJSON
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errNotJSON
	}
	return doc, nil
}

// take finds the value of a field, as JSON that fits the fact; "" when there is none.
func (f *Field) take(doc any) (string, error) {
	var v any
	switch found := f.Path.Select(doc); {
	case len(found) == 1 && found[0] != nil:
		v = found[0]
	case len(found) > 1 && (f.Type == lead.Strings || f.Type == lead.Any):
		v = []any(found)
	case len(found) > 1:
		return "", fmt.Errorf("%s: several values", f.Name)
	default:
		return "", nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("%s: %w", f.Name, err)
	}
	if len(raw) > maxValue {
		return "", fmt.Errorf("%s: larger than %d bytes", f.Name, maxValue)
	}
	var l lead.Lead
	filled, err := l.Fill(f.Name, string(raw))
	if err != nil || !filled {
		return "", err
	}
	return string(raw), nil
}

// fill gives a lead what the answer knows and it lacks.
func (p *Provider) fill(l *lead.Lead, a answer) {
	var learned []string
	for i, raw := range a.values {
		if raw == "" {
			continue
		}
		// Each value was tried when it came; only the bound of attributes can refuse it now.
		if filled, err := l.Fill(p.Fields[i].Name, raw); err == nil && filled {
			learned = append(learned, p.Fields[i].Name)
		}
	}
	if len(learned) > 0 {
		l.Learned(p.Name, learned...)
	}
}

// object is what the answer knows of the given fields, nested as in lead.updated; nil when
// that is nothing.
func (p *Provider) object(a answer, fields uint64) map[string]any {
	var l lead.Lead
	for i, raw := range a.values {
		if raw != "" && fields&(1<<i) != 0 {
			_, _ = l.Fill(p.Fields[i].Name, raw) // as in fill
		}
	}
	whole := map[string]any{}
	raw, err := json.Marshal(l)
	if err != nil || json.Unmarshal(raw, &whole) != nil {
		return nil // a lead can always be written and read
	}
	delete(whole, "id")
	if len(whole) == 0 {
		return nil
	}
	return whole
}
