// Package world is what comes in: leads and what happens to them, reps who come and go,
// managers who decide, forms that send nonsense. It is pure, and made of chance alone, by
// a seed; what reps do with a lead derives from the lead and the attempt, so that it does
// not depend on when they are asked.
//
//	Next ──► lead.created, lead.activity, lead.command, lead.updated, rep.status
//	Answer ◄── lead.assigned
//	  └────► what its owner does, and how much later
//	Policy ──► the policy by its version: small caps, clocks of seconds, a waiting line
package world
