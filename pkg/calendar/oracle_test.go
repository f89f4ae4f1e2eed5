package calendar_test

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/calendar"
)

// shared opens a file of the reference data, which is not part of the repository.
func shared(t *testing.T, path string) io.Reader {
	t.Helper()
	root := os.Getenv("LEADROUTER_SHARED")
	if root == "" {
		root = "../../../shared"
	}
	file, err := os.Open(filepath.Join(root, path))
	if err != nil {
		t.Skipf("no reference data (set LEADROUTER_SHARED): %v", err)
	}
	t.Cleanup(func() { file.Close() })
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	return unzipped
}

// oracleCase is a deadline computed by an independent program. Week holds the shifts of
// Monday to Sunday in minutes since midnight.
type oracleCase struct {
	Zone     string
	Week     [7][][2]int
	Holidays []string
	Start    time.Time
	Minutes  int
	Due      time.Time
}

func (o oracleCase) calendar(t *testing.T) *calendar.Calendar {
	t.Helper()
	cfg := calendar.Config{Zone: o.Zone}
	var groups []string
	for i, shifts := range o.Week {
		group := time.Weekday((i + 1) % 7).String()[:3]
		for _, s := range shifts {
			group += fmt.Sprintf(" %02d:%02d-%02d:%02d", s[0]/60, s[0]%60, s[1]/60, s[1]%60)
		}
		if len(shifts) > 0 {
			groups = append(groups, group)
		}
	}
	cfg.Hours = strings.Join(groups, "; ")
	for _, day := range o.Holidays {
		date, err := calendar.ParseDate(day)
		require.NoError(t, err)
		cfg.Closed = append(cfg.Closed, date)
	}
	return open(t, cfg)
}

func TestDeadlinesAgreeWithOracle(t *testing.T) {
	t.Parallel()
	lines := bufio.NewScanner(shared(t, "data/oracles/sla_clock_seed1.jsonl.gz"))
	count := 0
	for ; lines.Scan(); count++ {
		var o oracleCase
		require.NoError(t, json.Unmarshal(lines.Bytes(), &o))
		c := o.calendar(t)
		want := time.Duration(o.Minutes) * time.Minute
		due, ok := c.Add(o.Start, want)
		require.True(t, ok)
		require.Equal(t, o.Due, due, "line %d: %s", count+1, lines.Text())
		require.Equal(t, want, c.Between(o.Start, due))
	}
	require.NoError(t, lines.Err())
	require.NotZero(t, count)
	t.Logf("%d deadlines agree", count)
}

func TestHolidaysAgreeWithOracle(t *testing.T) {
	t.Parallel()
	rows, err := csv.NewReader(shared(t, "data/oracles/holidays_2024_2026.csv.gz")).ReadAll()
	require.NoError(t, err)
	want := map[string][]string{}
	for _, row := range rows[1:] {
		code := strings.TrimSuffix(row[0]+"-"+row[1], "-")
		want[code] = append(want[code], row[2])
	}
	require.NotEmpty(t, want)
	for code, days := range want {
		h, err := calendar.LoadHolidays(code)
		require.NoError(t, err)
		var got []string
		for year := 2024; year <= 2026; year++ {
			for _, date := range h.In(year) {
				got = append(got, date.String())
			}
		}
		require.Empty(t, cmp.Diff(days, got), code)
	}
	t.Log(strconv.Itoa(len(want)) + " countries and regions agree")
}
