package policy

import (
	"slices"

	"cel.dev/cel-go/common/operators"
)

// takers are the rules so far that keep whatever they match, found by what they ask
// for: a later rule is held against those alone that could hide it, so that a policy
// of ten thousand rules is checked in seconds.
type takers struct {
	rules []*Rule         // ascending by place in the policy
	same  map[string]int  // first with this condition
	by    map[asked][]int // by a text that a rule asks for, one of its own choice
	rest  []int           // those that ask for no text
}

// asked is a text that a name is to have.
type asked struct {
	slot slot
	text string
}

func newTakers() *takers {
	return &takers{same: map[string]int{}, by: map[asked][]int{}}
}

// add enters a rule, if it takes all that it matches.
func (t *takers) add(rule *Rule) {
	if rule.When == nil || !rule.When.exact || !rule.closes() {
		return // what takes every lead is an error of its own
	}
	n := len(t.rules)
	t.rules = append(t.rules, rule)
	if _, there := t.same[rule.When.Source]; !there {
		t.same[rule.When.Source] = n
	}
	narrow, ok := t.narrowest(rule.When.claims)
	if !ok {
		t.rest = append(t.rest, n)
		return
	}
	for _, v := range narrow.values {
		t.by[asked{narrow.slot, v.text}] = append(t.by[asked{narrow.slot, v.text}], n)
	}
}

// narrowest is the claim for texts under which the fewest rules stand.
func (t *takers) narrowest(claims []claim) (best claim, ok bool) {
	fewest := 0
	for _, k := range claims {
		if k.op != operators.Equals || slices.ContainsFunc(k.values, func(v value) bool { return v.kind != text }) {
			continue
		}
		stand := len(k.values)
		for _, v := range k.values {
			stand += len(t.by[asked{k.slot, v.text}])
		}
		if !ok || stand < fewest {
			best, fewest, ok = k, stand, true
		}
	}
	return best, ok
}

// hides finds the first rule that takes every lead that this one would; nil: none.
func (t *takers) hides(rule *Rule) *Rule {
	if rule.When == nil {
		return nil
	}
	first := len(t.rules)
	if n, same := t.same[rule.When.Source]; same {
		first = n
	}
	for _, list := range t.candidates(rule.When.claims) {
		for _, n := range list {
			if n >= first {
				break
			}
			if !slices.ContainsFunc(t.rules[n].When.claims, func(k claim) bool { return !implies(rule.When.claims, &k) }) {
				first = n
			}
		}
	}
	if first == len(t.rules) {
		return nil
	}
	return t.rules[first]
}

// candidates are lists of rules, each ascending: whoever asks for a text can hide only
// rules that ask for it, too.
func (t *takers) candidates(claims []claim) [][]int {
	lists := [][]int{t.rest}
	for _, k := range claims {
		if k.op != operators.Equals {
			continue
		}
		if values, ok := named(of(claims, k.slot)); ok && len(values) > 0 && values[0].kind == text {
			lists = append(lists, t.by[asked{k.slot, values[0].text}])
		}
	}
	return lists
}
