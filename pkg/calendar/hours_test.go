package calendar_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/calendar"
)

func TestParseHours(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Mon-Fri 09:00-18:00":                              "Mon 09:00-18:00; Tue 09:00-18:00; Wed 09:00-18:00; Thu 09:00-18:00; Fri 09:00-18:00",
		"Mon-Tue 09:00-14:00 15:00-18:30; Fri 08:30-15:00": "Mon 09:00-14:00 15:00-18:30; Tue 09:00-14:00 15:00-18:30; Fri 08:30-15:00",
		"Sat,Sun 10:00-14:00":                              "Sat 10:00-14:00; Sun 10:00-14:00",
		"Sat-Mon,Wed 9:00-17:00":                           "Mon 09:00-17:00; Wed 09:00-17:00; Sat 09:00-17:00; Sun 09:00-17:00",
		" mon , TUE 15:00 - 16:00, 09:00-10:00;":           "Mon 09:00-10:00 15:00-16:00; Tue 09:00-10:00 15:00-16:00",
		"Fri 22:00-06:00; Sat 06:00-07:00":                 "Fri 22:00-06:00; Sat 06:00-07:00",
		"Fri 22:00-00:00":                                  "Fri 22:00-24:00",
		"Mon 09:00-12:00; Mon 13:00-14:00":                 "Mon 09:00-12:00 13:00-14:00",
		"Mon 00:00-24:00":                                  "Mon 00:00-24:00",
		"Mon 12:00-11:59":                                  "Mon 12:00-11:59",
	} {
		hours, err := calendar.ParseHours(text)
		require.NoError(t, err)
		require.Equal(t, want, hours.String(), text)
	}
	always, err := calendar.ParseHours(" 24X7 ")
	require.NoError(t, err)
	require.Equal(t, 7, strings.Count(always.String(), "00:00-24:00"))
	require.Empty(t, calendar.Hours{}.String())
}

func TestParseHoursSaysWhatIsWrongAndWhere(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                    "column 1: nothing, where a day of the week is expected: write Mon, Tue, Wed, Thu, Fri, Sat or Sun",
		"Montag 09:00-18:00":                  `column 1: "Montag", where a day of the week is expected: write Mon, Tue, Wed, Thu, Fri, Sat or Sun`,
		"Monday 09:00-18:00":                  `column 1: "Monday", where a day of the week is expected: write Mon`,
		"Mon- 09:00-18:00":                    `column 6: "09:00", where a day of the week is expected: write Mon, Tue, Wed, Thu, Fri, Sat or Sun`,
		"Mon,Mon 09:00-18:00":                 "column 5: Mon is named twice: name each day once in a group",
		"Mon-Fri,Wed 09:00-18:00":             "column 9: Wed is named twice: name each day once in a group",
		"Mon":                                 "column 4: nothing, where a time is expected: write it as 09:00",
		"Mon 9-18":                            `column 5: "9", where a time is expected: write it as 09:00`,
		"Mon 9:0-18:00":                       `column 5: "9:0", where a time is expected: write it as 09:00`,
		"Mon 09:00–18:00":                     `column 5: "09:00–18:00", where a time is expected: write it as 09:00`,
		"Mon 009:00-18:00":                    `column 5: "009:00", where a time is expected: write it as 09:00`,
		"Mon 09:60-18:00":                     `column 5: there is no time "09:60": write a time between 00:00 and 24:00`,
		"Mon 09:00-24:01":                     `column 11: there is no time "24:01": write a time between 00:00 and 24:00`,
		"Mon 24:00-02:00":                     "column 5: a shift cannot start at 24:00: write 00:00 and name the next day",
		"Mon 09:00-09:00":                     "column 5: the shift is empty: write 00:00-24:00 for a whole day",
		"Mon 09:00":                           "column 10: the shift has no end: write it as 09:00-18:00",
		"Mon 09:00-18:00 Tue":                 `column 17: "Tue" does not belong here: separate groups of days with a semicolon`,
		"Mon 09:00-18:00,,":                   "column 17: nothing, where a time is expected: write it as 09:00",
		"Mon-Fri 09:00-18:00; Fri 08:00-9:30": "column 26: Fri 08:00-09:30 overlaps Fri 09:00-18:00: give every hour of the week once",
		"Sat 22:00-06:00; Sun 05:59-10:00":    "column 22: Sun 05:59-10:00 overlaps Sat 22:00-06:00: give every hour of the week once",
		"ä":                                   `column 1: "ä", where a day of the week is expected: write Mon, Tue, Wed, Thu, Fri, Sat or Sun`,
		"Mon ü 09:00":                         `column 5: "ü", where a time is expected: write it as 09:00`,
		"24x7; Mon 09:00-10:00":               `column 1: "24x7", where a day of the week is expected: write Mon, Tue, Wed, Thu, Fri, Sat or Sun`,
	} {
		_, err := calendar.ParseHours(text)
		var problem *calendar.HoursError
		require.ErrorAs(t, err, &problem, text)
		_, message, _ := strings.Cut(err.Error(), `": `)
		require.Equal(t, want, message, text)
	}
	_, err := calendar.ParseHours(strings.Repeat(" ", 5000))
	require.ErrorContains(t, err, "the timetable is too long")
}

// FuzzParseHours: no text crashes the parser; an error points into the text; what is
// accepted is written back in a form that means the same.
func FuzzParseHours(f *testing.F) {
	for _, seed := range timetables {
		f.Add(seed)
	}
	f.Add("mon , Tue-Thu 9:00 - 24:00, 1:00-2:00;")
	f.Fuzz(func(t *testing.T, text string) {
		hours, err := calendar.ParseHours(text)
		if problem, ok := errors.AsType[*calendar.HoursError](err); ok {
			require.LessOrEqual(t, problem.Offset, len(text))
			require.NotEmpty(t, problem.Error())
			return
		}
		require.NoError(t, err)
		again, err := calendar.ParseHours(hours.String())
		require.NoError(t, err)
		require.Equal(t, hours, again)
	})
}
