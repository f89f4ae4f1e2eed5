package clock_test

import (
	"fmt"
	"time"

	"leadrouter/pkg/clock"
)

func ExampleFake() {
	c := clock.NewFake(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	deadline := c.NewTimer(15 * time.Minute)

	c.Advance(15 * time.Minute)
	<-deadline.C()
	fmt.Println(c.Now().Format(time.Kitchen))
	// Output: 9:15AM
}

func ExampleScaled() {
	base := clock.NewFake(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	c, err := clock.Scaled(base, base.Now(), 60)
	if err != nil {
		fmt.Println(err)
		return
	}
	base.Advance(time.Second)
	fmt.Println(c.Now().Format(time.TimeOnly))
	// Output: 09:01:00
}
