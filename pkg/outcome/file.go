package outcome

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"leadrouter/pkg/intake"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/score"
	"leadrouter/pkg/score/train"
)

// FileConfig says how a file of leads is read.
type FileConfig struct {
	Intake intake.Config
	// Outcome is the column that tells it, as the file or as a fact is called: Converted,
	// attributes.converted.
	Outcome string
	// Won are values of it that mean yes, whatever their case; default 1, true, yes, won,
	// converted. With a list of one's own every other value means no.
	Won []string
	// Planner has the policy whose points are set beside; nil: none.
	Planner *routing.Planner
}

// File gathers from a file of leads, oldest first unless all have created_at.
func File(in io.Reader, name string, cfg FileConfig) (*train.Table, Summary, error) {
	var s Summary
	r, err := intake.NewReader(in, name, cfg.Intake)
	if err != nil {
		return nil, s, err
	}
	var rows []lead.Facts
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, s, err
		}
		s.Leads++
		if rec.Err != nil {
			s.refuse(rec.Err)
			continue
		}
		rows = append(rows, rec.Lead.Facts())
	}
	column, err := outcomeOf(rows, cfg.Outcome)
	if err != nil {
		return nil, s, fmt.Errorf("read %s: %w", name, err)
	}
	g := &gathering{planner: cfg.Planner}
	for _, facts := range rows {
		won, known := cfg.won(facts[column])
		delete(facts, column)
		if !known {
			s.Open++
			continue
		}
		g.examples = append(g.examples, example{facts, instant(facts), won})
	}
	return g.table(), s, nil
}

func (s *Summary) refuse(err error) {
	s.Refused++
	if s.Example == "" {
		s.Example = err.Error()
	}
}

// outcomeOf finds the fact that a column has become.
func outcomeOf(rows []lead.Facts, column string) (string, error) {
	names := map[string]bool{}
	for _, facts := range rows {
		for name := range facts {
			names[name] = true
		}
	}
	wanted := folded(column)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if folded(name) == wanted || folded(strings.TrimPrefix(name, lead.AttributePrefix)) == wanted {
			return name, nil
		}
	}
	return "", fmt.Errorf("no lead has %q; --outcome names the column that says what became of a lead", column)
}

// folded is a name without what headers and facts write unlike each other.
func folded(name string) string {
	return strings.Map(func(c rune) rune {
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
			return c
		}
		return -1
	}, strings.ToLower(name))
}

// won reads an outcome; false when it is not known.
func (cfg *FileConfig) won(fact any) (won, known bool) {
	text, ok := score.Of(fact).Level()
	if !ok {
		return false, false
	}
	is := func(v string) bool { return strings.EqualFold(v, text) }
	if len(cfg.Won) > 0 {
		return slices.ContainsFunc(cfg.Won, is), true
	}
	yes := []string{"1", "true", "yes", "won", "converted"}
	no := []string{"0", "false", "no", "lost"}
	return slices.ContainsFunc(yes, is), slices.ContainsFunc(append(yes, no...), is)
}
