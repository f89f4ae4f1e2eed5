package recount

// Entry is a record of lead.decisions, as far as it is counted.
type Entry struct {
	Op struct {
		Topic     string `json:"topic"` // its id
		Partition int32  `json:"partition"`
		Offset    int64  `json:"offset"`
		Ordinal   int    `json:"ordinal"`
	} `json:"op"`
	Kind  string `json:"kind"`
	Draft struct {
		Policy struct {
			Hash string `json:"hash"`
		} `json:"policy"`
	} `json:"draft"`
	Grant Grant `json:"grant"`
}

// Grant is what the ledger granted.
type Grant struct {
	Sequence int64  `json:"sequence"`
	Epoch    int64  `json:"epoch"`
	At       int64  `json:"at"` // Unix milliseconds
	Effect   string `json:"effect"`

	Lead     string  `json:"lead"`
	Attempt  int     `json:"attempt"`
	Outcome  string  `json:"outcome"`
	Rep      string  `json:"rep"`
	Test     bool    `json:"test"`
	Over     bool    `json:"over"`
	Turn     *Turn   `json:"turn"`
	Roster   string  `json:"roster"`
	Install  []Terms `json:"install"`
	From     string  `json:"from"`
	TurnBack bool    `json:"turn_back"`
	Asked    int     `json:"asked"`
	Undone   *Grant  `json:"undone"`
	Lost     []int64 `json:"lost"`
	Held     []Late  `json:"held"`
	Shares   []Share `json:"shares"`
}

// Late is an activity that came before its lead.
type Late struct {
	Verb    string `json:"verb"`
	Attempt int    `json:"attempt"`
	By      string `json:"by"`
	Effect  string `json:"effect"`
}

// Share is what one rep gets of a leaver's balance.
type Share struct {
	Book   string `json:"book"`
	Rep    string `json:"rep"`
	Amount int64  `json:"amount"` // micro-leads
}

// Turn is a turn in a book; amounts are in micro-leads.
type Turn struct {
	Book   string `json:"book"`
	Amount int64  `json:"amount"`
	Free   string `json:"free"` // hexadecimal digits over the roster, the least significant first
	Before int64  `json:"before"`
	After  int64  `json:"after"`
	Given  bool   `json:"given"` // a person chose who pays
}

// Terms are those of a rep in a roster; a cap of 0 is none.
type Terms struct {
	ID     string `json:"id"`
	Weight int64  `json:"weight"`
	Offset int64  `json:"offset"` // seconds
	Caps   struct {
		Open int64 `json:"open"`
		Day  int64 `json:"day"`
	} `json:"caps"`
}
