package lead

import (
	"errors"
	"math"
	"slices"
)

// errTyped says that a number was typed as a text: it is read once all else of the lead is.
var errTyped = errors.New("a number as text")

// typed reads the numbers of members that were typed as texts, the deal's before the
// company's: the lead's currency is that of the deal. What cannot be read is no reason to
// refuse a lead; it is kept as an attribute of the same name.
func (l *Lead) typed(members []member) error {
	for _, m := range slices.Backward(members) {
		if m.name == "deal_value" {
			l.typedAmount(m.name, unquote(m.raw), MaxDealValue, &l.DealValue)
			continue
		}
		var buf [8]member
		inner, err := objectOf(buf[:0], m.name, m.raw)
		if err != nil {
			return err
		}
		for _, of := range inner {
			if of.raw[0] != '"' {
				continue
			}
			switch of.name {
			case "annual_revenue":
				l.typedAmount("company.annual_revenue", unquote(of.raw), maxExact, &l.Company.AnnualRevenue)
			case "employees":
				l.typedCount("company.employees", unquote(of.raw), &l.Company.Employees)
			}
		}
	}
	return nil
}

func (l *Lead) typedAmount(name, text string, limit float64, p **float64) {
	a, ok := ParseAmount(text)
	unit, agreed := a.understood(l.Currency, l.Country)
	if !ok || !agreed || a.Value > limit {
		l.keepTyped(name, text)
		return
	}
	*p, l.Currency = &a.Value, unit
}

// typedCount reads 250, 1.000+, 51-200: how many there are at least.
func (l *Lead) typedCount(name, text string, p **int64) {
	a, ok := ParseAmount(text)
	if !ok || a.Currencies != nil || a.Value > maxExact || a.Value != math.Trunc(a.Value) {
		l.keepTyped(name, text)
		return
	}
	n := int64(a.Value)
	*p = &n
}

// keepTyped leaves a text where a policy can still ask for it; a blank one is nothing.
func (l *Lead) keepTyped(name, text string) {
	if _, given := l.Attributes[name]; !given && !blank(text) {
		l.keep(name, text)
	}
}
