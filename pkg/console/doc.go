// Package console is how leadrouter looks in a terminal: one line per assignment,
// and colour where there is a terminal that wants it.
//
//	10:00:02  L-20418  Weber Bank, DE  ->  jonas    deals/specialist  their turn (+0.41)           14ms
//
// What it prints of a lead is its id, company and country: never an e-mail
// address, a phone number or a person's name.
package console
