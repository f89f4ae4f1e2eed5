package routing_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/routing"
)

// until is an absence that ends some time after Monday, 10:00 in Berlin.
func until(rep string, d time.Duration) routing.Absence {
	return routing.Absence{Rep: rep, Until: monday.Add(d).UnixMilli()}
}

func TestAbsentByCalendar(t *testing.T) {
	t.Parallel()
	const german = `{"country":"DE","language":"de"}`
	const pool = "pools: {seniors: {who: {level: senior}, match: [geo, language], relax: [language]}}\n"
	for _, tc := range []struct {
		name, policy string
		in           routing.Input
		want         []string
		kept         []string // ids on the record
		reason       string   // of the end
	}{
		{
			"is as good as off shift",
			pool + "rules: [{name: a, to: seniors}]",
			routing.Input{Absent: []routing.Absence{until("jonas", time.Hour)}},
			[]string{"a seniors: petra", "a seniors -language: marek petra", "a waiting"},
			[]string{"jonas"},
			"3 people fit: 1 busy in the calendar, 2 full or away.",
		},
		{
			"all of them",
			pool + "rules: [{name: a, to: {to: seniors, relax: []}}]",
			routing.Input{Absent: []routing.Absence{until("jonas", time.Hour), until("petra", time.Minute)}},
			[]string{"a waiting"},
			[]string{"jonas", "petra"},
			"2 people fit, and both are busy in the calendar.",
		},
		{
			"overlooked by even_if",
			pool + "rules: [{name: a, to: {to: seniors, relax: [], even_if: [off_shift]}}]",
			routing.Input{Absent: []routing.Absence{until("jonas", time.Hour)}},
			[]string{"a seniors: jonas petra", "a waiting"},
			[]string{"jonas"},
			"2 people fit, and both are full or away.",
		},
		{
			"who does not fit is not on the record",
			pool + "rules: [{name: a, to: {to: seniors, relax: []}}]",
			routing.Input{Absent: []routing.Absence{until("ines", time.Hour), until("marek", time.Hour), until("nobody", time.Hour), until("tom", time.Hour)}},
			[]string{"a seniors: jonas petra", "a waiting"},
			nil,
			"2 people fit, and both are full or away.",
		},
		{
			"a stand-in",
			"rules: [{name: a, to: jonas}]",
			routing.Input{
				Absent: []routing.Absence{until("marek", time.Hour), until("petra", time.Hour)},
				First:  &routing.First{Rep: "petra", Code: routing.StandIn},
			},
			[]string{"a jonas: jonas", "a waiting"},
			[]string{"petra"},
			"1 person fits, and is full or away.",
		},
		{
			"whom a person names",
			"rules: [{name: a, to: jonas}]",
			routing.Input{
				Absent: []routing.Absence{until("petra", time.Hour)}, First: &routing.First{Rep: "petra", Code: routing.Commanded},
			},
			[]string{" petra: petra", " review"},
			[]string{"petra"},
			"A person named somebody who has left; a person has to decide.",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.in.Facts, tc.in.At = facts(t, german), monday
			p := teamPlanner(t, tc.policy).Plan(tc.in)
			require.Equal(t, tc.want, outline(t, p))
			d := p.Draft()
			var kept []string
			for _, a := range d.Absent {
				kept = append(kept, a.Rep)
			}
			require.Equal(t, tc.kept, kept)
			require.Equal(t, tc.reason, d.Reason(len(d.Steps)-1))
		})
	}
}

// wake is when the clocks of a waiting lead have it planned again; zero: never.
func wake(t *testing.T, p *routing.Plan) time.Time {
	t.Helper()
	d := p.Draft()
	timer, _ := d.Timer("L-1", 1, "", ledger.Marks{Step: len(d.Steps) - 1})
	for _, due := range timer.Due {
		if due.Clock == routing.ClockShift {
			return due.At
		}
	}
	return time.Time{}
}

func TestALeadWaitsForTheEndOfAMeeting(t *testing.T) {
	t.Parallel()
	night := monday.Add(11 * time.Hour) // 21:00
	for _, tc := range []struct {
		name, to string
		at       time.Time
		absent   []routing.Absence
		want     time.Time
	}{
		{"the only one", "jonas", monday, []routing.Absence{until("jonas", 2*time.Hour)}, monday.Add(2 * time.Hour)},
		{"whole minutes", "jonas", monday, []routing.Absence{until("jonas", 90*time.Second)}, monday.Add(2 * time.Minute)},
		{"the first of two", "emea", monday, []routing.Absence{
			until("ines", 3*time.Hour), until("jonas", 2*time.Hour), until("marek", time.Hour), until("petra", 4*time.Hour),
		}, monday.Add(time.Hour)},
		{"somebody else has no place", "emea", monday, []routing.Absence{until("jonas", 2*time.Hour)}, monday.Add(2 * time.Hour)},
		{"an absence that is over", "jonas", monday, []routing.Absence{until("jonas", 0)}, time.Time{}},
		{"until after the shift", "jonas", monday, []routing.Absence{until("jonas", 9*time.Hour)}, monday.Add(23 * time.Hour)},
		{"into the next shift", "jonas", night, []routing.Absence{until("jonas", 25*time.Hour)}, monday.Add(25 * time.Hour)},
		{"at night", "jonas", night, nil, monday.Add(23 * time.Hour)},
		{"nobody is absent", "emea", monday, nil, time.Time{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			pl := teamPlanner(t, "rules: [{name: a, to: "+tc.to+"}]")
			require.Equal(t, tc.want, wake(t, pl.Plan(routing.Input{Facts: facts(t, `{}`), At: tc.at, Absent: tc.absent})))
		})
	}
}

func TestPatienceForSomebodyWhoIsBackInTime(t *testing.T) {
	t.Parallel()
	pl := teamPlanner(t, "rules: [{name: a, to: [{to: jonas, hold: 30m}, petra]}]")
	in := routing.Input{Facts: facts(t, `{}`), At: monday, Absent: []routing.Absence{until("jonas", 30*time.Minute)}}
	require.Equal(t, []string{"a waiting 30m0s"}, outline(t, pl.Plan(in)))
	in.Absent = []routing.Absence{until("jonas", 31*time.Minute)}
	require.Equal(t, []string{"a petra: petra", "a waiting"}, outline(t, pl.Plan(in)))
}

func TestExplainsWhoIsAbsent(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer(
		"jonas: {", "jonas: {off: [2026-05-01..2026-05-04], ", "marek: {", "marek: {off: 2026-05-04..2027-01-03, ",
	).Replace(team)
	pl := routing.New(parse(t, map[string]string{
		"policy.yaml": "policy: test\n" + text + "rules: [{name: a, to: [emea, us]}]", "places.csv": "country,geo\nDE,emea\n",
	}))
	for _, tc := range []struct {
		until time.Duration
		says  string
	}{
		{4 * time.Hour, "14:00"}, {14 * time.Hour, "5 May"}, {26 * time.Hour, "5 May 12:00"}, {366 * 24 * time.Hour, "5 May 2027 10:00"},
	} {
		p := pl.Plan(routing.Input{Facts: facts(t, `{}`), At: monday, Absent: []routing.Absence{until("petra", tc.until), until("tom", tc.until)}})
		got := map[string]string{}
		for _, try := range p.Explain().Tries {
			for _, out := range try.Out {
				got[out.Rep] = fmt.Sprint(out.Reasons)
			}
		}
		require.Equal(t, map[string]string{
			"jonas": "[off until 5 May]", "marek": "[off until 4 Jan 2027]", "tom": "[off shift]",
			"petra": "[busy in the calendar until " + tc.says + "]",
		}, got)
	}
	require.Equal(t, "off", routing.Barrier{Code: routing.DayOff}.String(), "nobody knows until when")
}

func TestWhoIsBusyIsInTheReasonsData(t *testing.T) {
	t.Parallel()
	pl, o := teamPlanner(t, "rules: [{name: a, to: [jonas, tom]}]"), newOffice()
	in := routing.Input{Facts: facts(t, `{}`), At: monday, Absent: []routing.Absence{until("jonas", time.Hour)}}
	a, _, _ := o.take(t, "L-1", pl.Plan(in))
	require.Equal(t, map[string]any{"rule": "a", "fit": int64(2), "off_shift": int64(1), "busy": int64(1)}, a.ReasonData)
	require.Equal(t, "2 people fit: 1 off shift, 1 busy in the calendar.", a.Reason)
}

// The next plan of a lead sees who is absent by then, not who was.
func TestAbsencesAreNotHandedDown(t *testing.T) {
	t.Parallel()
	pl := teamPlanner(t, "rules: [{name: a, to: jonas}]")
	d := pl.Plan(routing.Input{Facts: facts(t, `{}`), At: monday, Absent: []routing.Absence{until("jonas", time.Hour)}}).Draft()
	require.NotEmpty(t, d.Input().Absent)
	require.Empty(t, d.Again(ledger.Lead{}, monday.Add(time.Hour)).Absent)
}

// drawAbsent draws who is absent, ascending.
func drawAbsent(t *rapid.T) []routing.Absence {
	var out []routing.Absence
	for _, rep := range []string{"gone", "r00", "r01", "r02", "r03", "r05", "r07", "r11"} {
		if rapid.Bool().Draw(t, rep+" is absent") {
			out = append(out, until(rep, time.Duration(rapid.IntRange(0, 8*24*60).Draw(t, "until"))*time.Minute))
		}
	}
	return out
}

// TestWhatTheRecordKeepsIsEnough: of all who are absent a record keeps those who make a
// difference, and an audit that knows these alone comes to the same plan.
func TestWhatTheRecordKeepsIsEnough(t *testing.T) {
	t.Parallel()
	fewer := 0
	rapid.Check(t, func(t *rapid.T) {
		pl, in := drawPolicy(t).planner(t), drawInput(t)
		in.Absent = drawAbsent(t)
		if rapid.Bool().Draw(t, "asked first") {
			in.First = &routing.First{Rep: rapid.SampledFrom([]string{"r00", "r03", "gone"}).Draw(t, "first"), Code: rapid.SampledFrom([]routing.Code{routing.StandIn, routing.Commanded}).Draw(t, "code")}
		}
		p := pl.Plan(in)
		raw, err := p.Draft().Encode()
		require.NoError(t, err)
		var d routing.Draft
		require.NoError(t, json.Unmarshal(raw, &d))
		require.Subset(t, in.Absent, d.Absent)
		if len(d.Absent) < len(in.Absent) {
			fewer++
		}
		require.Equal(t, record(t, p), record(t, pl.Plan(d.Input())))
	})
	require.Positive(t, fewer)
}

// TestNobodyAbsentIsAsked: no step offers a lead to somebody who is absent, unless its
// rule overlooks shifts.
func TestNobodyAbsentIsAsked(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pl, in := drawPolicy(t).planner(t), drawInput(t)
		in.Absent = drawAbsent(t)
		p := pl.Plan(in)
		d := p.Draft()
		for i, step := range p.Steps {
			for _, m := range step.Members {
				for _, a := range in.Absent {
					if a.Rep == pl.Policy().Reps[m].ID {
						require.Contains(t, d.Steps[i].EvenIf, "off_shift")
					}
				}
			}
		}
		without := in
		without.Absent = nil
		if len(d.Absent) == 0 {
			require.Equal(t, record(t, pl.Plan(without)), record(t, p), "nobody of them makes a difference")
		}
	})
}

// The record of a lead that nobody with a calendar of their own could have had is what it
// was before there were such calendars.
func TestNothingIsSaidWhereNobodyIsAbsent(t *testing.T) {
	t.Parallel()
	p := teamPlanner(t, "rules: [{name: a, to: tom}]").Plan(routing.Input{Facts: facts(t, `{}`), At: monday})
	raw, err := p.Draft().Encode()
	require.NoError(t, err)
	require.NotContains(t, string(raw), "absent")
	require.NotContains(t, string(raw), "busy")
}

// Whom a person names pays a turn among those who were free, so that who was not is on the
// record, too.
func TestWhoWasFreeWhenAPersonChose(t *testing.T) {
	t.Parallel()
	pl := teamPlanner(t, "pools: {german: {who: {level: senior}, match: [language]}}\nrules: [{name: a, to: german}]")
	p := pl.Plan(routing.Input{
		Facts: facts(t, `{"language":"de"}`), At: monday, First: &routing.First{Rep: "marek", Code: routing.Commanded},
		Absent: []routing.Absence{until("ines", time.Hour), until("petra", time.Hour)},
	})
	require.Equal(t, []int32{1, 2}, p.Steps[0].Among, "Jonas and Marek: Petra could not have had it")
	require.Equal(t, []routing.Absence{until("petra", time.Hour)}, p.Draft().Absent)
	require.Equal(t, record(t, p), record(t, pl.Plan(p.Draft().Input())))
}
