package calendar

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"
)

// HolidaysVersion names the embedded holiday data.
const HolidaysVersion = "holidays 0.109"

// The first and last year for which all holidays are known. In other years only those
// are that fall on the same day in all of these.
const (
	FirstHolidayYear = 2010
	LastHolidayYear  = 2035
)

//go:embed data/holidays.txt
var holidayData string

// Holidays are the public holidays of a country or region, days in lieu included.
type Holidays struct {
	code  string
	years map[int][]Date // sorted; complete from FirstHolidayYear to LastHolidayYear
	fixed []monthDay     // for all other years
}

type monthDay struct {
	month time.Month
	day   int
}

// LoadHolidays returns the public holidays of a country (ISO 3166-1, such as DE) or of
// one of its regions (ISO 3166-2, such as DE-BE). Case does not matter.
func LoadHolidays(code string) (*Holidays, error) {
	country, region, hasRegion := strings.Cut(code, "-")
	name, lines, ok := holidaySection(country)
	if !ok {
		return nil, fmt.Errorf("unknown holidays %q: %s", code, suggestCountry(country, region))
	}
	regional := map[string][]string{}
	if hasRegion {
		if name, regional, ok = holidaySection(country + "-" + region); !ok {
			return nil, fmt.Errorf("unknown holidays %q: %s", code, suggestRegion(country))
		}
	}
	h := &Holidays{code: name, years: map[int][]Date{}}
	h.fixed = merge(lines["*"], regional["*"])
	for year := FirstHolidayYear; year <= LastHolidayYear; year++ {
		own := strconv.Itoa(year)
		days := merge(lines["*"], lines[own], regional["*"], regional[own])
		h.years[year] = onDays(days, year)
	}
	return h, nil
}

// Code returns the code of the country or region as ISO 3166 writes it.
func (h *Holidays) Code() string { return h.code }

// In returns the holidays of a year in order. The caller must not change the result.
func (h *Holidays) In(year int) []Date {
	if days, ok := h.years[year]; ok {
		return days
	}
	return onDays(h.fixed, year)
}

// holidaySection finds a section of the data: its name as written there, and the days
// that each of its lines lists, by the year (or *) it begins with. The regions of a
// country follow it.
func holidaySection(code string) (name string, lines map[string][]string, ok bool) {
	country, _, _ := strings.Cut(strings.ToUpper(code), "-")
	start := strings.Index(holidayData, "\n["+country+"]\n")
	if start < 0 {
		return "", nil, false
	}
	for section := range strings.SplitSeq(holidayData[start+len("\n["):], "\n[") {
		head, body, _ := strings.Cut(section, "]")
		if !strings.HasPrefix(head, country) {
			break
		}
		if strings.EqualFold(head, code) {
			return head, sectionLines(body), true
		}
	}
	return "", nil, false
}

func sectionLines(body string) map[string][]string {
	lines := map[string][]string{}
	for line := range strings.Lines(strings.TrimPrefix(body, "\n")) {
		fields := strings.Fields(line)
		lines[fields[0]] = fields[1:]
	}
	return lines
}

// merge applies lists of days one after the other: 0308 adds a day, -0308 removes it.
func merge(lists ...[]string) []monthDay {
	days := map[monthDay]bool{}
	for _, token := range slices.Concat(lists...) {
		digits, removed := strings.CutPrefix(token, "-")
		n, _ := strconv.Atoi(digits) // the data is our own; a test reads all of it
		days[monthDay{time.Month(n / 100), n % 100}] = !removed
	}
	maps.DeleteFunc(days, func(_ monthDay, holiday bool) bool { return !holiday })
	return slices.Collect(maps.Keys(days))
}

// onDays sorts, so that the order of a map never shows.
func onDays(days []monthDay, year int) []Date {
	dates := make([]Date, 0, len(days))
	for _, d := range days {
		dates = append(dates, NewDate(year, d.month, d.day))
	}
	slices.Sort(dates)
	return dates
}

// suggestCountry understands what else people write: UK, DEU, el.
func suggestCountry(country, region string) string {
	const ask = "write an ISO 3166 code such as DE or DE-BE"
	known, err := language.ParseRegion(country)
	if err != nil {
		return ask
	}
	name, _, ok := holidaySection(known.Canonicalize().String())
	if !ok {
		return ask
	}
	if region != "" {
		if full, _, ok := holidaySection(name + "-" + region); ok {
			name = full
		}
	}
	return "did you mean " + name + "?"
}

func suggestRegion(country string) string {
	var regions []string
	for line := range strings.Lines(holidayData) {
		name, ok := strings.CutPrefix(line, "["+strings.ToUpper(country)+"-")
		if ok {
			regions = append(regions, strings.TrimSuffix(name, "]\n"))
		}
	}
	if len(regions) == 0 {
		return fmt.Sprintf("write %s: its holidays do not differ by region", strings.ToUpper(country))
	}
	return fmt.Sprintf("the regions of %s are %s", strings.ToUpper(country), strings.Join(regions, ", "))
}
