package policy

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/cel"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/score"
)

// Score values a lead: points for its fit and for its intent.
type Score struct {
	Fit, Intent *Part  // nil: not scored
	Model       string // how the learned score is used: ModelOff, ModelShadow, ModelOn
	// Learned is the model of the policy's folder; nil: there is none.
	Learned *score.Model

	features []slot // what Learned asks for, in its order
	learned  slot   // its probability, basis points
}

// Part is one half of a score. All lines that hold add up.
type Part struct {
	Name     string // fit or intent
	Lines    []Line
	HalfLife Span // in which the points of a lead fade to half; zero: they do not

	bands  []band
	points slot
}

// Line gives points, which may be negative, where its condition holds.
type Line struct {
	Points int64
	When   *Cond
}

// Points is the sum of the lines that hold.
func (p *Part) Points(b *Binding) int64 { return b.get(p.points).int() }

// Held lists the lines that hold, by position.
func (p *Part) Held(b *Binding) []int {
	var out []int
	for i, l := range p.Lines {
		if l.When.Eval(b) == True {
			out = append(out, i)
		}
	}
	return out
}

// band is a named range of a number.
type band struct {
	name  string
	holds func(order int) bool // of the number compared with the bound; nil: rest
	bound float64
}

// bandOf names the first band that holds; a number that is unknown has none.
func bandOf(v value, bands []band) value {
	if !v.isNumber() {
		return failed()
	}
	for _, b := range bands {
		bound := doubleValue(b.bound)
		if b.holds == nil || v.order(&bound, b.holds) == True {
			return textValue(b.name)
		}
	}
	return failed()
}

// derived declares the names that the policy makes, so that conditions may use
// each other's in any order.
func (r *reader) derived() error {
	r.currency()
	if err := r.lookups(); err != nil {
		return err
	}
	r.value()
	r.eachOf("define", func(key, n node) {
		c := r.cond(n)
		r.declare(key, &slotDef{
			typ: cel.BoolType, exprs: []*expr{&c.expr}, values: []string{"false", "true"},
			compute: func(b *Binding) value { return c.eval(b) },
		})
	})
	r.eachOf("bands", func(key, n node) {
		of := &Expr{}
		var bands []band
		r.each(n, "bands", func(k, n node) {
			if k.Value == "of" {
				of = r.numeric(n)
				return
			}
			bands = append(bands, r.band(k, n))
		})
		if of.eval == nil {
			r.fail(key, "`%s` needs `of`: the number that is cut into bands", key.Value)
			return
		}
		r.checkBands(key, bands)
		r.declare(key, &slotDef{
			typ: cel.StringType, exprs: []*expr{&of.expr}, values: bandNames(bands),
			compute: func(b *Binding) value { return bandOf(of.eval(b), bands) },
		})
	})
	r.score()
	for _, f := range r.later {
		f()
	}
	return nil
}

func bandNames(bands []band) []string { return titles(bands, func(b band) string { return b.name }) }

// band reads `smb: <=500` or `large: rest`.
func (r *reader) band(key, n node) band {
	b := band{name: r.identifier(key)}
	s := r.text(n)
	if s == "rest" || s == "" {
		return b
	}
	text := strings.TrimLeft(s, "<>=")
	bound, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	switch s[:len(s)-len(text)] {
	case "<":
		b.holds = func(n int) bool { return n < 0 }
	case "<=":
		b.holds = func(n int) bool { return n <= 0 }
	case ">":
		b.holds = func(n int) bool { return n > 0 }
	case ">=":
		b.holds = func(n int) bool { return n >= 0 }
	}
	if b.holds == nil || err != nil || math.IsNaN(bound) || math.IsInf(bound, 0) {
		r.fail(n, "`%s` is not a band such as <50, <=500, >1000 or rest", s)
	}
	b.bound = bound
	return b
}

// checkBands refuses bands that no number reaches, and numbers without a band.
func (r *reader) checkBands(key node, bands []band) {
	var probes []float64
	for _, b := range bands {
		probes = append(probes, b.bound, math.Nextafter(b.bound, math.Inf(-1)), math.Nextafter(b.bound, math.Inf(1)))
	}
	reached := map[string]bool{}
	hole := len(bands) == 0
	for _, p := range probes {
		v := bandOf(doubleValue(p), bands)
		if v.kind == unknown {
			hole = true
		}
		reached[v.text] = true
	}
	for _, name := range bandNames(bands) {
		if !reached[name] {
			r.fail(key, "no number reaches the band `%s` of `%s`: those before it take all", name, key.Value)
		}
	}
	if hole {
		r.fail(key, "some numbers have no band in `%s`; let the last one be `rest`", key.Value)
	}
}

// currency reads the base and what other currencies are worth in it.
func (r *reader) currency() {
	c := &r.policy.Currency
	c.Rates = map[string]float64{}
	for _, section := range r.sections["currency"] {
		r.each(section, "`currency`", func(key, n node) {
			if key.Value == "base" {
				c.Base = r.currencyCode(n)
				return
			}
			rate := r.number(n)
			if rate <= 0 || rate > 1e6 || rate < 1e-6 {
				r.fail(n, "a rate is what one %s is worth in the base currency: above 0, at most a million", key.Value)
			}
			c.Rates[r.currencyCode(key)] = rate
		})
		if c.Base == "" {
			r.fail(section, "`currency` needs `base`")
		}
	}
}

func (r *reader) currencyCode(n node) string {
	s := r.text(n)
	if len(s) != 3 || strings.ToUpper(s) != s || strings.IndexFunc(s, func(c rune) bool { return c < 'A' || c > 'Z' }) >= 0 {
		r.fail(n, "`%s` is not a currency such as EUR (ISO 4217)", s)
	}
	return s
}

// value declares the lead's value: deal_value in the base currency. It is always
// needed, since the ledger counts it.
func (r *reader) value() {
	deal, _ := r.names.slot("deal_value")
	unit, _ := r.names.slot("currency")
	currency := &r.policy.Currency
	amount := r.names.hidden(&slotDef{name: "amount", typ: cel.IntType, needs: []slot{deal, unit}, compute: func(b *Binding) value {
		return currency.amount(*b.get(deal), b.get(unit).text)
	}})
	r.policy.index.amount = amount
	r.names.derived["value"] = &slotDef{name: "value", typ: cel.DoubleType, needs: []slot{amount}, compute: func(b *Binding) value {
		v := b.get(amount)
		if v.kind == unknown {
			return failed()
		}
		return doubleValue(float64(v.int()) / minor)
	}}
}

// amount converts a deal value to minor units of the base, rounded. In a currency
// without a rate it is unknown: a wrong guess would be counted.
func (c *Currency) amount(deal value, unit string) value {
	if deal.kind != double || deal.float() < 0 {
		return failed()
	}
	rate := 1.0
	if unit != "" && unit != c.Base && c.Base != "" {
		var ok bool
		if rate, ok = c.Rates[unit]; !ok {
			return failed()
		}
	}
	return intValue(int64(min(math.Round(deal.float()*rate*minor), ledger.MaxValue)))
}

// score reads the points and declares fit, intent and score.
func (r *reader) score() {
	if len(r.sections["score"]) == 0 {
		return
	}
	s := &Score{Model: ModelOff}
	r.policy.Score = s
	r.objectOf("score", object{
		"fit":    func(n node) { s.Fit = r.part("fit", n) },
		"intent": func(n node) { s.Intent = r.part("intent", n) },
		"model":  func(n node) { r.model(s, n) },
		"learn": func(n node) {
			for _, item := range r.items(n) {
				r.nameAt(item) // what has a slot is recorded
			}
		},
	})
	sum := &slotDef{name: "score", typ: cel.IntType}
	var parts []*Part
	for _, p := range []*Part{s.Fit, s.Intent} {
		if p != nil {
			parts = append(parts, p)
			sum.needs = append(sum.needs, p.points)
		}
	}
	sum.compute = func(b *Binding) value { return intValue(s.Points(b)) }
	if s.Model == ModelOn && s.Learned != nil {
		sum.needs = append(sum.needs, s.learned)
		sum.compute = func(b *Binding) value { return intValue((b.get(s.learned).int() + percent/2) / percent) }
	}
	r.names.derived["score"] = sum
	for _, p := range parts {
		r.names.derived[p.Name] = r.partDef(p)
	}
	// The decision shows them whether or not a rule asks.
	for _, name := range []string{"fit", "intent", "score"} {
		r.names.slot(name)
	}
}

// maxPoints of one line: sums stay far from the end of an int64.
const maxPoints = 1_000_000

func (r *reader) part(name string, n node) *Part {
	p := &Part{Name: name}
	r.object(n, "`"+name+"`", object{
		"points": func(n node) {
			for _, item := range r.items(n) {
				r.each(item, "a line of points", func(key, when node) {
					p.Lines = append(p.Lines, Line{Points: r.whole(key, -maxPoints, maxPoints), When: r.cond(when)})
				})
			}
		},
		"bands": func(n node) {
			r.each(n, "bands", func(k, b node) { p.bands = append(p.bands, r.band(k, b)) })
			r.checkBands(n, p.bands)
		},
		"half_life": func(n node) { p.HalfLife = r.span(n) },
	})
	def := &slotDef{name: name, typ: cel.IntType, compute: func(b *Binding) value {
		total := int64(0)
		for i := range p.Lines {
			if p.Lines[i].When.Eval(b) == True {
				total += p.Lines[i].Points
			}
		}
		return intValue(p.faded(total, b))
	}}
	if !p.HalfLife.IsZero() {
		came, _ := r.names.slot("created_at")
		def.needs = append(def.needs, came)
	}
	for _, l := range p.Lines {
		def.exprs = append(def.exprs, &l.When.expr)
	}
	p.points = r.names.hidden(def)
	return p
}

// faded points are half of what they were after each half-life since the lead was
// created, and on the line between two halves in between: no power that one
// machine might round unlike another.
func (p *Part) faded(points int64, b *Binding) int64 {
	life := p.HalfLife.Calendar().Milliseconds()
	created, _ := b.facts["created_at"].(string)
	if life == 0 || points == 0 || created == "" {
		return points
	}
	came, err := time.Parse(time.RFC3339Nano, created)
	if err != nil {
		return points
	}
	age := max(0, b.at.Sub(came).Milliseconds())
	halvings, rest := age/life, age%life
	if halvings > 40 {
		return 0
	}
	// points · (2 life − rest) / (2 life) / 2^halvings, rounded.
	part := float64(points) * float64(2*life-rest) / float64(2*life)
	return int64(math.Round(math.Ldexp(part, -int(halvings))))
}

// partDef is the name fit or intent: a band, or the points where there are none.
// An intent that came with the lead wins over the points.
func (r *reader) partDef(p *Part) *slotDef {
	def := &slotDef{name: p.Name, typ: cel.StringType, needs: []slot{p.points}, values: bandNames(p.bands)}
	def.compute = func(b *Binding) value { return bandOf(*b.get(p.points), p.bands) }
	if len(p.bands) == 0 {
		def.typ, def.values = cel.IntType, nil
		def.compute = func(b *Binding) value { return *b.get(p.points) }
	}
	if known, ok := r.names.lead[p.Name]; ok && len(p.bands) > 0 {
		scored := def.compute
		def.fact = true
		def.compute = func(b *Binding) value {
			if v := factValue(b.facts[p.Name], known.Type); v.kind != unknown {
				return v
			}
			return scored(b)
		}
	}
	return def
}

// typed reads the text of a table as a value of a lead's name.
func typed(s string, t lead.Type) (value, bool) {
	switch t {
	case lead.Bool:
		return boolValue(s == "true"), s == "true" || s == "false"
	case lead.Int:
		n, err := strconv.ParseInt(s, 10, 64)
		return intValue(n), err == nil
	case lead.Float:
		f, err := strconv.ParseFloat(s, 64)
		return doubleValue(f), err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
	case lead.Strings:
		return listValue(slices.Clip(strings.Fields(s))), true
	default:
		return textValue(s), true
	}
}
