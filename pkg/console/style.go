package console

// Style paints text; the zero value leaves it plain.
type Style struct {
	Color bool
}

// Good paints what is fine.
func (s Style) Good(text string) string { return s.paint("32", text) }

// Warn paints what deserves a look.
func (s Style) Warn(text string) string { return s.paint("33", text) }

// Bad paints what is wrong.
func (s Style) Bad(text string) string { return s.paint("31", text) }

// Strong paints what the eye should find first.
func (s Style) Strong(text string) string { return s.paint("1", text) }

// Faint paints what matters least.
func (s Style) Faint(text string) string { return s.paint("2", text) }

func (s Style) paint(code, text string) string {
	if !s.Color || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
