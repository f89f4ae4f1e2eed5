package console

import (
	"fmt"

	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
)

// AccountLines tell how the account of a lead was found; none where nobody looked.
//
//	A-2 by similar name, 94.5 %   account.changed 0/17
func AccountLines(a *event.Assigned) []string {
	if a.Evidence == nil || a.Evidence.Account == nil {
		return nil
	}
	m := a.Evidence.Account
	ways := map[string]string{"id": "named by the sender", "domain": "by domain", "name": "by name", "similar_name": "by similar name"}
	switch {
	case m.ID == "":
		return []string{"none is alike"}
	case m.Version == "":
		return []string{Printable(m.ID) + " named by the sender, and not known"}
	}
	text := fmt.Sprintf("%s %s", Printable(m.ID), ways[m.By])
	if m.Score < lead.Certain {
		text += fmt.Sprintf(", %d.%d %%", m.Score/100, m.Score%100/10)
	}
	switch {
	case m.Doubtful:
		text += "; in doubt"
	case a.Lead != nil && a.Lead.Account == nil:
		text += "; not enough"
	}
	return []string{text + "   account.changed " + m.Version}
}
