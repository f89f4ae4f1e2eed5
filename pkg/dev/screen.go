package dev

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/console"
	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
)

// recent is how many lines of news stand below the table.
const recent = 12

// Screen shows the board. On a terminal it repaints a table and the latest news in
// place; elsewhere it prints one line per assignment, reminder and escalation.
type Screen struct {
	Out      io.Writer
	Terminal bool
	Style    console.Style
	Zone     *time.Location // of the times shown; nil: UTC
	Clock    clock.Clock    // stands above the table
	Board    *Board
	Reps     func() []string // ids of the policy's reps

	mu      sync.Mutex
	lines   console.Lines
	latest  []string
	note    []string // about the policy
	painted int      // lines of the last picture
}

// Assigned shows an assignment. took is how long it took; 0 when that is not known.
func (s *Screen) Assigned(a event.Assigned, took time.Duration) {
	s.news(func(lines *console.Lines) string { return lines.Line(a, took) })
}

// Milestone shows what a clock says, if somebody is to do something about it.
func (s *Screen) Milestone(m event.Milestone) {
	if m.Event == event.Warned || m.Event == event.Escalated {
		s.news(func(lines *console.Lines) string { return lines.Milestone(m) })
	}
}

// Remember takes an assignment in that was shown in an earlier run.
func (s *Screen) Remember(a event.Assigned) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines.Remember(a)
}

// news shows one more line.
func (s *Screen) news(write func(*console.Lines) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines.Style, s.lines.Zone = s.Style, s.Zone
	line := write(&s.lines)
	if !s.Terminal {
		_, _ = fmt.Fprintln(s.Out, line)
		return
	}
	s.latest = append(s.latest, line)
	if len(s.latest) > recent {
		s.latest = slices.Delete(s.latest, 0, len(s.latest)-recent)
	}
}

// Policy tells of a policy that was saved: that it is in force, or what is wrong.
func (s *Screen) Policy(p *policy.Policy, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.note = []string{s.Style.Good(fmt.Sprintf("policy %s is in force: %d rules, %d tests pass", p.Name, len(p.Rules), len(p.Tests)))}
	} else {
		s.note = append([]string{s.Style.Bad("The policy was refused; the old one stays.")}, strings.Split(err.Error(), "\n")...)
	}
	if !s.Terminal {
		_, _ = fmt.Fprintln(s.Out, strings.Join(s.note, "\n"))
	}
}

// Paint repaints the picture; it does nothing where there is no terminal.
func (s *Screen) Paint() {
	if !s.Terminal {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	picture := append(s.table(), "")
	picture = append(append(picture, s.latest...), s.note...)
	var b strings.Builder
	b.WriteString("\x1b[?7l") // a line that is too long is cut, not wrapped: lines are counted
	if s.painted > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", s.painted) // up to where it began
	}
	for _, line := range picture {
		b.WriteString("\x1b[2K" + line + "\n")
	}
	for range s.painted - len(picture) {
		b.WriteString("\x1b[2K\n")
	}
	b.WriteString("\x1b[?7h")
	s.painted = max(s.painted, len(picture))
	_, _ = io.WriteString(s.Out, b.String())
}

// table is a line per rep.
func (s *Screen) table() []string {
	rows := s.Board.Rows(s.Reps())
	now := s.Clock.Now().In(cmp.Or(s.Zone, time.UTC)).Format("Mon 15:04:05")
	lines := []string{s.Style.Faint(fmt.Sprintf("%-12s %6s %6s  %-32s %-12s %s", "rep", "open", "today", "turn", "last lead", now))}
	for _, r := range rows {
		name := fmt.Sprintf("%-12s", console.Printable(r.Rep))
		if r.State != "available" {
			name = s.Style.Warn(name)
		}
		lines = append(lines, fmt.Sprintf("%s %6d %6d  %-32s %s", name, r.Open, r.Today, turns(r.Turn), console.Printable(r.Last)))
	}
	return lines
}

// turns are the balances of a rep: whose is the largest gets the next lead.
func turns(books map[string]int64) string {
	names := make([]string, 0, len(books))
	for name := range books {
		names = append(names, name)
	}
	slices.Sort(names)
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = console.Turn(books[name], ledger.Unit) + " " + name
	}
	return strings.Join(parts, ", ")
}
