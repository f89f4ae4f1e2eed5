package redisledger

import "leadrouter/pkg/ledger"

// Rewritten reads what Redis may hold of a lead and writes it again.
func Rewritten(text string) (string, error) {
	l, err := parseLead(text)
	if err != nil {
		return "", err
	}
	number, lineNumber := "", ""
	if l.Turn != nil {
		number = l.Turn.Roster
	}
	if l.Line != nil {
		lineNumber = l.Line.Roster
	}
	return formatLead(l, number, lineNumber)
}

// ReadAll reads a text as everything that Redis may hold, and tells how many of them it is.
func ReadAll(text string) (fits int) {
	var g ledger.Grant
	_, _, memo := parseMemo(ledger.Partition{Topic: "t"}, text)
	_, image := parseImage(text)
	_, rep := parseRep(text)
	_, terms := parseTerms(text)
	_, book := parseBook(text)
	_, early := parseEarly(text)
	_, offer := parseOffer("L", text)
	_, place := parsePlace(text)
	_, bearer := parseBearer(text)
	for _, err := range []error{parseGrant(text, &g), memo, image, rep, terms, book, early, offer, place, bearer} {
		if err == nil {
			fits++
		}
	}
	return fits
}

// BookAgain reads a book and writes it.
func BookAgain(text string) (string, error) {
	book, err := parseBook(text)
	if err != nil {
		return "", err
	}
	return formatBook(book)
}

// HeldAgain reads held activities and writes them.
func HeldAgain(text string) (string, error) {
	early, err := parseEarly(text)
	if err != nil {
		return "", err
	}
	return formatEarly(early)
}

// FormatLead writes a lead as it stands in Redis.
func FormatLead(l *ledger.Lead) (string, error) { return formatLead(l, "1", "2") }
