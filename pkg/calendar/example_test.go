package calendar_test

import (
	"fmt"
	"time"

	"leadrouter/pkg/calendar"
)

func ExampleCalendar() {
	madrid, err := calendar.New(calendar.Config{
		Zone:     "Europe/Madrid",
		Hours:    "Mon-Thu 09:00-14:00 15:00-18:30; Fri 08:30-15:00",
		Holidays: "ES-MD",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// A lead arrives on Thursday evening before a long weekend.
	arrived := time.Date(2026, 4, 30, 16, 0, 0, 0, time.UTC)
	due, _ := madrid.Add(arrived, time.Hour)
	backup, _ := madrid.AddDays(arrived, 1)

	local := func(t time.Time) string { return t.In(madrid.Location()).Format("Mon 2 Jan 15:04") }
	fmt.Println("arrived", local(arrived), "open", madrid.Open(arrived))
	fmt.Println("first contact within an hour:", local(due))
	fmt.Println("backup after a working day:  ", local(backup))
	// Output:
	// arrived Thu 30 Apr 18:00 open true
	// first contact within an hour: Mon 4 May 09:30
	// backup after a working day:   Mon 4 May 18:00
}
