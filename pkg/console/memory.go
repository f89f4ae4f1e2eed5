package console

import "time"

// memo is what later events of a lead do not say again.
type memo struct {
	who     string // company and country
	attempt int
	since   time.Time // of the attempt
}

// generation is how many leads are remembered at least; twice as many at most.
const generation = 10_000

// memory forgets the leads of which nothing was heard for longest.
type memory struct {
	young, old map[string]memo
}

// of a lead; zero when it is not remembered.
func (m *memory) of(lead string) memo {
	if found, ok := m.young[lead]; ok {
		return found
	}
	return m.old[lead]
}

func (m *memory) put(lead string, now memo) {
	if m.young == nil || len(m.young) >= generation {
		m.young, m.old = map[string]memo{}, m.young
	}
	m.young[lead] = now
}
