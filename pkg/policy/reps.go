package policy

import (
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"leadrouter/pkg/ledger"
)

// record is a rep as written, in YAML or in a row of CSV.
type record struct {
	id    node
	cells []cell
}

// cell is one column of a record: its value as written, and as a list.
type cell struct {
	column string
	value  node
	list   []string
}

// ownColumns are columns of a rep with a meaning of their own; every other one is
// something that a match axis or `who` can ask for.
var ownColumns = append([]string{"name", "team", "level", "weight", "calendar", "backup", "joined", "off", "feed"}, capKeys...)

// reps reads the people, from a CSV file or a mapping.
func (r *reader) reps() error {
	r.policy.index.reps = map[string]int32{}
	n, ok := r.section("reps")
	if !ok {
		r.failAt(r.start(), 0, "a policy needs `reps`: the name of a CSV file, or a mapping")
		return nil
	}
	var records []record
	if n.Kind == yaml.ScalarNode {
		var err error
		if records, err = r.repRows(n); err != nil || records == nil {
			return err
		}
	} else {
		r.eachOf("reps", func(key, value node) { records = append(records, r.repMapping(key, value)) })
	}
	slices.SortStableFunc(records, func(a, b record) int { return cmp.Compare(a.id.Value, b.id.Value) })
	r.policy.Reps = make([]Rep, len(records))
	for i, rec := range records {
		r.repID(rec.id)
		if first, ok := r.policy.index.reps[rec.id.Value]; ok {
			r.fail(rec.id, "rep `%s` is here twice, first in %s", rec.id.Value, records[first].id.pos())
			continue
		}
		r.policy.index.reps[rec.id.Value] = int32(i)
	}
	for i, rec := range records {
		r.policy.Reps[i] = r.newRep(rec)
	}
	if len(records) == 0 {
		r.fail(n, "there are no reps")
	}
	return nil
}

func (r *reader) repID(n node) {
	id := r.identifier(n)
	if _, reserved := words[id]; reserved || id == all {
		r.fail(n, "no rep can be called `%s`: it means something else in `to`", id)
	}
}

// repRows reads reps.csv.
func (r *reader) repRows(n node) ([]record, error) {
	table, err := r.csv(n, "id")
	if err != nil || table == nil {
		return nil, err
	}
	records := make([]record, 0, len(table.rows))
	for _, row := range table.rows {
		var rec record
		for i, value := range row {
			switch {
			case table.header[i].Value == "id":
				rec.id = value
			case value.Value != "":
				rec.cells = append(rec.cells, cell{table.header[i].Value, value, strings.Fields(value.Value)})
			}
		}
		records = append(records, rec)
	}
	for _, h := range table.header {
		r.column(h)
	}
	return records, nil
}

func (r *reader) repMapping(key, value node) record {
	rec := record{id: key}
	r.each(value, "a rep", func(k, n node) {
		r.column(k)
		c := cell{column: k.Value, value: n}
		if n.Kind == yaml.SequenceNode {
			c.list = r.texts(n)
		} else {
			c.list = strings.Fields(r.text(n))
		}
		rec.cells = append(rec.cells, c)
	})
	return rec
}

// column notes a column that reps have.
func (r *reader) column(n node) {
	if n.Value == "id" || slices.Contains(ownColumns, n.Value) {
		return
	}
	if !isColumn(n.Value) {
		r.fail(n, "`%s` cannot be a column: small letters, digits and `_`", n.Value)
	}
	r.columns[n.Value] = true
}

func isColumn(s string) bool {
	return s != "" && !('0' <= s[0] && s[0] <= '9') && strings.IndexFunc(s, func(c rune) bool {
		return !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_')
	}) < 0
}

func (r *reader) newRep(rec record) Rep {
	rep := Rep{
		ID: rec.id.Value, Name: rec.id.Value, Weight: 1, Backup: nobody, Columns: map[string][]string{}, Pos: rec.id.pos(),
	}
	own := ledgerCaps{}
	var joined node
	read := object{
		"name":     func(n node) { rep.Name = r.text(n) },
		"team":     func(n node) { rep.Team = r.team(n) },
		"level":    func(n node) { rep.Level = r.text(n) },
		"weight":   func(n node) { rep.Weight = r.whole(n, 1, ledger.MaxWeight) },
		"calendar": func(n node) { rep.Calendar = r.calendar(r.text(n), n) },
		"backup":   func(n node) { rep.Backup = r.rep(n) },
		"joined":   func(n node) { joined = n },
		"off":      func(n node) { rep.Off = r.daysOff(n) },
		"feed":     func(n node) { rep.Feed = r.feed(n) },
	}
	for _, k := range capKeys {
		read[k] = func(n node) { own[k] = r.cap(k, n) }
	}
	for _, c := range rec.cells {
		if set, ok := read[c.column]; ok {
			set(c.value)
		} else {
			rep.Columns[c.column] = c.list
		}
	}
	if rep.Calendar == nil && rep.Team != nil {
		rep.Calendar = rep.Team.Calendar
	}
	if joined.Node != nil {
		rep.Joined = r.date(joined, rep.location())
	}
	r.atWork(&rep)
	if i, ok := r.policy.Rep(rep.ID); ok && rep.Backup == i {
		r.fail(rec.id, "`%s` is named as their own backup", rep.ID)
	}
	rep.Caps = r.merge(rep.Level, own)
	return rep
}

func (r *reader) team(n node) *Team {
	name := r.text(n)
	for _, t := range r.policy.Teams {
		if t.Name == name {
			return t
		}
	}
	// Without a section `teams` a team is just a label that reps share.
	if len(r.sections["teams"]) == 0 {
		t := &Team{Name: name, Manager: nobody, Pos: n.pos()}
		r.policy.Teams = append(r.policy.Teams, t)
		return t
	}
	r.fail(n, "no team is called `%s`%s", name, suggest(name, titles(r.policy.Teams, func(t *Team) string { return t.Name })))
	return nil
}
