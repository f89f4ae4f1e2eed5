package calendar_test

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/cz"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/jp"
	"github.com/rickar/cal/v2/no"
	"github.com/rickar/cal/v2/nz"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/us"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/calendar"
)

// secondOpinion maps codes to the rules of a library written by other people.
func secondOpinion() map[string][]*cal.Holiday {
	return map[string][]*cal.Holiday{
		"AT": at.Holidays, "CZ": cz.Holidays, "ES": es.Holidays, "FR": fr.Holidays,
		"GB-ENG": gb.Holidays, "IE": ie.Holidays, "IT": it.Holidays, "JP": jp.Holidays,
		"NO": no.Holidays, "NZ": nz.Holidays, "PL": pl.Holidays, "US": us.Holidays,
		"DE": de.Holidays, "DE-BB": de.HolidaysBB, "DE-BE": de.HolidaysBE, "DE-BW": de.HolidaysBW,
		"DE-BY": de.HolidaysBY, "DE-HB": de.HolidaysHB, "DE-HE": de.HolidaysHE, "DE-HH": de.HolidaysHH,
		"DE-MV": de.HolidaysMV, "DE-NI": de.HolidaysNI, "DE-NW": de.HolidaysNW, "DE-RP": de.HolidaysRP,
		"DE-SH": de.HolidaysSH, "DE-SL": de.HolidaysSL, "DE-SN": de.HolidaysSN, "DE-ST": de.HolidaysST,
		"DE-TH": de.HolidaysTH,
	}
}

// disputed lists where the two differ on a weekday of 2020 to 2030: + for a day that we
// list and the other library does not, - for the opposite. In each case the law of the
// country, named behind it, is with us. Where the law of a country leaves room (is 5 May a day off in
// the Netherlands?) it is not asked.
func disputed() map[string]string {
	disputes := map[string]string{
		"DE-BE +2020-05-08":  "75 years of liberation, Berlin law of 2019, once",
		"DE-BE +2025-05-08":  "80 years of liberation, Berlin law of 2024, once",
		"GB-ENG +2022-09-19": "state funeral of Elizabeth II, royal proclamation",
		"NZ +2022-09-26":     "memorial day for Elizabeth II, act of 2022, once",
		"JP +2020-08-10":     "Mountain Day moved for the Olympic Games",
		"JP -2020-08-11":     "Mountain Day moved for the Olympic Games",
		"JP +2021-08-09":     "Mountain Day moved to Sunday 8 August, observed on Monday",
		"JP -2021-08-11":     "Mountain Day moved for the Olympic Games",
	}
	for _, year := range []string{"2025", "2026", "2027", "2029", "2030"} {
		disputes["PL +"+year+"-12-24"] = "Christmas Eve, act of 6 December 2024"
	}
	for _, year := range []string{"2023", "2024", "2027", "2028", "2029", "2030"} {
		disputes["DE-MV +"+year+"-03-08"] = "Women's Day, law of the state of 2022"
	}
	for _, year := range []string{"2027", "2028", "2029", "2030"} {
		disputes["IT +"+year+"-10-04"] = "Saint Francis, law 151 of 2025"
	}
	for _, date := range []string{
		"2022-06-24", "2023-07-14", "2024-06-28", "2025-06-20", "2026-07-10",
		"2027-06-25", "2028-07-14", "2029-07-06", "2030-06-21",
	} {
		disputes["NZ +"+date] = "Matariki, act of 2022"
	}
	return disputes
}

func TestHolidaysAgreeWithASecondLibrary(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	for code, rules := range secondOpinion() {
		h, err := calendar.LoadHolidays(code)
		require.NoError(t, err)
		for year := 2020; year <= 2030; year++ {
			ours, theirs := weekdays(h.In(year)), weekdays(observed(rules, year))
			for _, date := range ours {
				if !slices.Contains(theirs, date) {
					got[code+" +"+date.String()] = ""
				}
			}
			for _, date := range theirs {
				if !slices.Contains(ours, date) {
					got[code+" -"+date.String()] = ""
				}
			}
		}
	}
	want := disputed()
	for key := range got {
		got[key] = want[key]
	}
	require.Empty(t, cmp.Diff(want, got))
}

// observed includes New Year's Day of the year after where it is observed in this one.
func observed(rules []*cal.Holiday, year int) []calendar.Date {
	var dates []calendar.Date
	for _, rule := range rules {
		for y := year; y <= year+1; y++ {
			actual, instead := rule.Calc(y)
			dates = append(dates, calendar.DateOf(actual), calendar.DateOf(instead))
		}
	}
	return slices.DeleteFunc(dates, func(d calendar.Date) bool { return d.Year() != year })
}

func weekdays(dates []calendar.Date) []calendar.Date {
	return slices.DeleteFunc(slices.Clone(dates), func(d calendar.Date) bool {
		return d.Weekday() == time.Saturday || d.Weekday() == time.Sunday
	})
}

func TestHolidaysOutsideTheKnownYears(t *testing.T) {
	t.Parallel()
	h, err := calendar.LoadHolidays("de-be")
	require.NoError(t, err)
	require.Equal(t, "DE-BE", h.Code())

	var got []string
	for _, date := range h.In(calendar.LastHolidayYear + 1) {
		got = append(got, date.String())
	}
	require.Equal(t, []string{"2036-01-01", "2036-05-01", "2036-10-03", "2036-12-25", "2036-12-26"}, got)
	require.Greater(t, len(h.In(calendar.LastHolidayYear)), len(got))
	require.Greater(t, len(h.In(calendar.FirstHolidayYear)), len(h.In(calendar.FirstHolidayYear-1)))
}

func TestUnknownHolidays(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"UK":     "did you mean GB?",
		"uk-sct": "did you mean GB-SCT?",
		"DEU":    "did you mean DE?",
		"DEU-BY": "did you mean DE-BY?",
		"SG-01":  "write SG: its holidays do not differ by region",
		"AT-99":  "the regions of AT are 1, 2, 3, 4, 5, 6, 7, 8, 9",
		"":       "write an ISO 3166 code such as DE or DE-BE",
		"-":      "write an ISO 3166 code such as DE or DE-BE",
		"German": "write an ISO 3166 code such as DE or DE-BE",
	} {
		_, err := calendar.LoadHolidays(code)
		require.EqualError(t, err, "unknown holidays "+strconv.Quote(code)+": "+want)
	}
}

// The data is trusted at run time, so all of it is read here.
func TestHolidayDataIsWellFormed(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("data/holidays.txt")
	require.NoError(t, err)
	header, _, _ := strings.Cut(string(data), "\n")
	require.Equal(t, "# "+calendar.HolidaysVersion, header)

	codes := regexp.MustCompile(`(?m)^\[(.+)\]$`).FindAllStringSubmatch(string(data), -1)
	require.Greater(t, len(codes), 800)
	for _, code := range codes {
		h, err := calendar.LoadHolidays(code[1])
		require.NoError(t, err)
		require.Equal(t, code[1], h.Code())
		for year := calendar.FirstHolidayYear; year <= calendar.LastHolidayYear; year++ {
			days := h.In(year)
			require.Len(t, slices.Compact(slices.Clone(days)), len(days))
			elsewhere := slices.ContainsFunc(days, func(d calendar.Date) bool { return d.Year() != year })
			require.False(t, elsewhere, "%s: %d has a day that its month does not", code[1], year)
		}
	}
	body := regexp.MustCompile(`^(\*|20[1-3]\d)( -?\d{4})*$`)
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSuffix(line, "\n"); line[0] != '[' && line[0] != '#' && !body.MatchString(line) {
			t.Errorf("%q is no line of days", line)
		}
	}
}
