package match

import (
	"strings"
	"unicode"
)

// CompanyName takes a company's name apart. Two spellings of one name give the same
// [Name.Key]: "ACME Gmbh & Co. KG" and "Acme GmbH" do, and so do "Ромашка" and "Romashka".
func CompanyName(s string) Name {
	parts := split(prepare(s))
	parts, form := stripForms(joinLetters(parts))
	v := words()
	n := Name{Form: form, words: make([]word, 0, len(parts))}
	for i, p := range parts {
		if i < maxWords && !(v.linking[p.folded] && i < len(parts)-1) && !isTopLevel(parts, i) {
			n.words = append(n.words, v.word(p))
		}
	}
	if len(n.words) == 0 && len(parts) > 0 {
		n.words = append(n.words, v.word(parts[0]))
	}
	n.words = joinNumbers(n.words)
	n.Key = join(n.words)
	return n
}

// StripLegalForm returns a company's name as it was written, without its legal form, and
// the kind of that form.
func StripLegalForm(s string) (string, Form) {
	s = prepare(s)
	all := joinLetters(split(s))
	parts, form := stripForms(all)
	if len(parts) == 0 || len(parts) == len(all) {
		return strings.TrimSpace(s), form
	}
	start, end := parts[0].start, parts[len(parts)-1].end
	if parts[0] == all[0] {
		start = 0
	}
	return strings.TrimFunc(s[start:end], func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(",;&+-–—\"'«»“”„()", r)
	}), form
}

// stripForms takes legal forms off both ends, and never all there is. The kind is that of
// the form that says most.
func stripForms(parts []part) ([]part, Form) {
	table := legalForms()
	parts = camelForm(parts, table)
	var form Form
	found := func(f Form) {
		if form == "" || form == FormAny {
			form = f
		}
	}
	for len(parts) > 1 {
		f, n := table.trailing(parts)
		if n == 0 || n >= len(parts) {
			break
		}
		found(f)
		parts = parts[:len(parts)-n]
		parts = trimLinking(parts)
	}
	for len(parts) > 1 {
		f, n := table.leading(parts)
		if n == 0 || n >= len(parts) {
			break
		}
		found(f)
		parts = parts[n:]
	}
	if form == FormAny {
		form = ""
	}
	return parts, form
}

// trimLinking takes off what joined a form with the name: "Meyer & Co".
func trimLinking(parts []part) []part {
	for len(parts) > 1 && parts[len(parts)-1].folded != "" && words().linking[parts[len(parts)-1].folded] {
		parts = parts[:len(parts)-1]
	}
	return parts
}

// isTopLevel tells whether a part is the end of a domain that is used as a name: amazon.com.
func isTopLevel(parts []part, i int) bool {
	if i == 0 || parts[i-1].after != '.' || parts[i-1].end+1 != parts[i].start || len(parts[i-1].folded) < 3 {
		return false
	}
	switch parts[i].folded {
	case "com", "net", "org", "io", "de", "ru", "fr", "eu", "it", "es", "nl", "pl", "biz", "info":
		return true
	}
	return false
}

// word is what a part says.
func (v *vocabulary) word(p part) word {
	w := word{text: p.folded, spelt: p.folded, weight: weightOf(p.folded), foreign: p.foreign, initial: p.folded[0]}
	if m, ok := v.folded[p.folded]; ok {
		w.text, w.weight, w.foreign = m.text, m.weight, false
	}
	w.short = len(p.folded) <= 6 && capitals(p.raw) >= 2
	return w
}

func capitals(s string) int {
	n := 0
	for _, r := range s {
		if unicode.IsUpper(r) {
			n++
		}
	}
	return n
}

// weightOf is that of a word that nothing is known of.
func weightOf(text string) uint8 {
	switch {
	case isNumber(text):
		return weightNumber
	case len(text) <= 2:
		return weightTiny
	case len(text) == 3:
		return weightShort
	}
	return weightName
}

func isNumber(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

// joinNumbers makes one number of "40 4", as "forty-four" comes.
func joinNumbers(in []word) []word {
	out := in[:0]
	for _, w := range in {
		if n := len(out); n > 0 && isTens(out[n-1].text) && len(w.text) == 1 && isNumber(w.text) && w.text != "0" {
			out[n-1].text = out[n-1].text[:1] + w.text
			continue
		}
		out = append(out, w)
	}
	return out
}

// isTens: 20, 30 … 90.
func isTens(text string) bool {
	return len(text) == 2 && text[1] == '0' && '2' <= text[0] && text[0] <= '9'
}

func join(in []word) string {
	var b strings.Builder
	for _, w := range in {
		b.WriteString(w.text)
	}
	return b.String()
}
