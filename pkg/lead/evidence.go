package lead

import (
	"maps"
	"slices"
	"strings"

	"leadrouter/pkg/canonical"
)

// Evidence says how what is known of a lead came to be known, beside what its sender said.
// It holds nothing personal, and goes into the decision.
type Evidence struct {
	// From names, by fact, where it comes from: email, phone, a provider. A fact that is not
	// listed is the sender's own word.
	From map[string]string `json:"from,omitempty"`
	// Missing are providers that were to be asked and did not say in time what they know,
	// ascending: the decision was made without them.
	Missing []string `json:"missing,omitempty"`
	// Account says how the lead's account was found; nil: there was none to look among.
	Account *AccountMatch `json:"account,omitempty"`
	// Duplicate is the earlier lead of the same person; nil: none is known.
	Duplicate *DuplicateMatch `json:"duplicate,omitempty"`
}

// Certain is the score of a match that leaves no doubt, in basis points.
const Certain = 10_000

// AccountMatch is how a lead found its account.
type AccountMatch struct {
	ID    string `json:"id,omitempty"` // of the account; empty: none is alike
	By    string `json:"by,omitempty"` // id, domain, name, similar_name
	Score int    `json:"score"`        // 0 … Certain
	// Name of the account, where a person has to decide whether it is the one.
	Name string `json:"name,omitempty"`
	// Version is where what is known of it was read: partition/offset of account.changed.
	Version string `json:"version,omitempty"`
	// Doubtful: too alike to be passed over, not enough to be taken for the same.
	Doubtful bool `json:"doubtful,omitempty"`
}

// DuplicateMatch is an earlier lead of the same person.
type DuplicateMatch struct {
	Lead  string `json:"lead_id"`
	By    string `json:"by"`    // email, phone, name
	Score int    `json:"score"` // 0 … Certain
}

// evidence of the lead, made if there is none.
func (l *Lead) evidence() *Evidence {
	if l.Evidence == nil {
		l.Evidence = &Evidence{}
	}
	return l.Evidence
}

// Found notes how the lead's account was looked for.
func (l *Lead) Found(m AccountMatch) { l.evidence().Account = &m }

// With is the evidence with facts from elsewhere: a copy, since decisions that were made keep
// theirs. It may be called on nil.
func (e *Evidence) With(from map[string]string) *Evidence {
	if e == nil && len(from) == 0 {
		return nil
	}
	var with Evidence
	if e != nil {
		with = *e
	}
	with.From = from
	return &with
}

// Learned notes where facts come from that the sender did not give.
func (l *Lead) Learned(from string, facts ...string) {
	e := l.evidence()
	if e.From == nil {
		e.From = make(map[string]string, len(facts))
	}
	for _, f := range facts {
		e.From[f] = from
	}
}

// Missed notes that the decision is made without a provider.
func (l *Lead) Missed(provider string) {
	e := l.evidence()
	if at, found := slices.BinarySearch(e.Missing, provider); !found {
		e.Missing = slices.Insert(e.Missing, at, provider)
	}
}

// Later is the evidence once a provider has come with facts after all. It is a copy: the
// evidence before, which may be nil, stays what an earlier decision was made from.
func (e *Evidence) Later(provider string, facts Facts) *Evidence {
	later := &Evidence{}
	if e != nil {
		*later = *e
		later.From, later.Missing = maps.Clone(e.From), slices.Clone(e.Missing)
	}
	later.Missing = slices.DeleteFunc(later.Missing, func(m string) bool { return m == provider })
	for name := range facts {
		// A name of the sender's own making may hold anything, and is not for the log.
		key, attribute := strings.CutPrefix(name, AttributePrefix)
		if !Fillable(name) || attribute && printable(key) == "?" {
			continue
		}
		if later.From == nil {
			later.From = map[string]string{}
		}
		later.From[name] = provider
	}
	return later
}

// OptEvidence writes the evidence as a member, if there is any. Every lead has some.
func OptEvidence(w *canonical.Writer, e *Evidence) {
	if e == nil {
		return
	}
	w.Key("evidence")
	w.Open()
	w.OptTextMap("from", e.From)
	w.OptTexts("missing", e.Missing)
	if a := e.Account; a != nil {
		w.Key("account")
		w.Open()
		w.OptText("id", a.ID)
		w.OptText("by", a.By)
		w.Integer("score", int64(a.Score))
		w.OptText("name", a.Name)
		w.OptText("version", a.Version)
		w.OptTrue("doubtful", a.Doubtful)
		w.Close()
	}
	if d := e.Duplicate; d != nil {
		w.Key("duplicate")
		w.Open()
		w.Text("lead_id", d.Lead)
		w.Text("by", d.By)
		w.Integer("score", int64(d.Score))
		w.Close()
	}
	w.Close()
}
