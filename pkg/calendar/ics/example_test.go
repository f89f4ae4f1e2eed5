package ics_test

import (
	"fmt"
	"strings"
	"time"

	"leadrouter/pkg/calendar"
	"leadrouter/pkg/calendar/ics"
)

func ExampleRead() {
	berlin, err := calendar.New(calendar.Config{Zone: "Europe/Berlin", Hours: "Mon-Fri 09:00-18:00"})
	if err != nil {
		fmt.Println(err)
		return
	}
	const published = `BEGIN:VCALENDAR
BEGIN:VEVENT
SUMMARY:Team lunch
DTSTART;TZID=W. Europe Standard Time:20260302T120000
DURATION:PT1H
RRULE:FREQ=WEEKLY
END:VEVENT
END:VCALENDAR
`
	now := time.Date(2026, 3, 9, 11, 30, 0, 0, time.UTC)
	feed, err := ics.Read(strings.NewReader(published), ics.Config{
		Zone: berlin.Location(), From: now, To: now.AddDate(0, 1, 0),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	rep := berlin.WithAbsences(feed.Absences)
	back, _ := rep.NextOpen(now)
	fmt.Println("team at work:", berlin.Open(now), "- rep:", rep.Open(now), "- back at", back.In(berlin.Location()).Format("15:04"))
	// Output: team at work: true - rep: false - back at 13:00
}
