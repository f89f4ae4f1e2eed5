// Package clock is the only source of now and of waiting.
//
// Nothing else in leadrouter calls time.Now or time.Sleep: a component takes a
// [Clock], a pure function takes an instant. That is what lets a test own time
// and a replay give the same answer as the original run.
//
//	System()            the machine's clock, in UTC
//	NewFake(start)      stands still until a test calls Advance or Set
//	Scaled(base, t, f)  shows t now; f seconds pass in one second of the base clock
//
// Inside a testing/synctest bubble System is already fake, so code tested there
// needs no second double.
package clock
