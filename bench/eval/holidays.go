package main

import (
	"io/fs"
	"slices"
	"strings"

	"leadrouter/pkg/calendar"
)

// holidays: the public holidays of each country and region of the oracle, 2024 to 2026, no
// more and no fewer.
func holidays(data fs.FS) ([]figure, error) {
	all, err := rows(data, "oracles/holidays_2024_2026.csv.gz")
	if err != nil {
		return nil, err
	}
	want := map[string][]string{}
	for _, row := range all {
		code := strings.TrimSuffix(row[0]+"-"+row[1], "-")
		want[code] = append(want[code], row[2])
	}
	same, total := 0, 0
	differ := map[string]int{} // by country or region and day
	for code, days := range want {
		h, err := calendar.LoadHolidays(code)
		if err != nil {
			return nil, err
		}
		var got []string
		for year := 2024; year <= 2026; year++ {
			for _, day := range h.In(year) {
				got = append(got, day.String())
			}
		}
		for _, day := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(days, got)))) {
			total++
			if slices.Contains(days, day) && slices.Contains(got, day) {
				same++
			} else {
				differ[code+" "+day]++
			}
		}
	}
	return []figure{{
		Task: "holidays", Measure: "equal to the oracle", Ours: float64(same) / float64(total), Wanted: 1, Than: "oracle",
		Note: differences(differ, total),
	}}, nil
}
