package ties

import (
	"encoding/base64"
	"strings"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/match"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

// Recogniser knows persons and companies by digests under a secret key. It is safe for
// concurrent use.
type Recogniser struct{ encoder *match.Encoder }

// New returns a recogniser with a key of any length. Leads that are to find each other are
// recognised under one key.
func New(key []byte) *Recogniser { return &Recogniser{encoder: match.NewEncoder(key)} }

// The kinds of traits: a trait begins with its kind.
const (
	company = 'c'
	email   = 'e'
	phone   = 'p'
	name    = 'n'
)

var kinds = map[string]byte{"email": email, "phone": phone, "name": name}

// Traits of a lead, as far as a policy asks for them; nil: none. A test has none, so that it
// is nobody's earlier lead.
func (r *Recogniser) Traits(l *lead.Lead, asks policy.Asks) *ledger.Traits {
	if l.Test || !asks.Person && !asks.Company {
		return nil
	}
	t := &ledger.Traits{}
	if key := match.CompanyKey(l); asks.Company && key != "" {
		t.Company = string(company) + r.encoder.Digest("company", key)
	}
	if asks.Person {
		print := r.encoder.Encode(match.PersonOf(l))
		for _, k := range print.Keys {
			t.Person = append(t.Person, string(kinds[k.By])+k.Digest)
		}
		if len(print.Keys) > 0 {
			t.Sketch = base64.RawURLEncoding.EncodeToString(print.Sketch)
		}
	}
	if t.Company == "" && len(t.Person) == 0 {
		return nil
	}
	return t
}

// Known is what the ledger says about traits.
type Known struct {
	Bearers  map[string]ledger.Bearer // by trait
	Sketches map[string]string        // of leads that stand for some, by id
	// Peers are leads that are decided together, by a trait of theirs.
	Peers map[string][]Peer
}

// Peer is a lead among others.
type Peer struct{ Lead, Sketch string }

// maxPeers of a section have one trait: what more have, such as the address that a form
// fills in for everybody, tells nobody apart.
const maxPeers = 16

// Meet adds a lead to those that are decided together.
func (k *Known) Meet(id string, t *ledger.Traits) {
	if t == nil {
		return
	}
	if k.Peers == nil {
		k.Peers = map[string][]Peer{}
	}
	for _, trait := range t.Person {
		if all := k.Peers[trait]; len(all) < maxPeers {
			k.Peers[trait] = append(all, Peer{id, t.Sketch})
		}
	}
}

// window is how long a closed lead is known, milliseconds.
var window = ledger.Dedupe.Milliseconds()

// Candidates are the leads that may be of the same person as one with traits, whose sketches
// [Recogniser.Bind] compares.
func (k Known) Candidates(t *ledger.Traits) []string {
	var ids []string
	if t == nil {
		return nil
	}
	for _, trait := range t.Person {
		if b := k.Bearers[trait]; b.Lead != "" {
			ids = append(ids, b.Lead)
		}
	}
	return ids
}

// Bind tells the plan of a new lead who has those of the same person and company, and the
// operation what the plan was told of company, address and phone. Who is found by a name alone
// is no tie: many share what names are looked up by, and would hold each other up for the sake
// of a person who comes twice in the same moment under two addresses. The facts are changed in
// place.
func (r *Recogniser) Bind(in *routing.Input, op *ledger.Op, t *ledger.Traits, known Known) {
	op.Traits = t
	if t == nil {
		return
	}
	if t.Company != "" {
		in.CompanyOwner = known.holder(op, t.Company)
		op.Ties = append(op.Ties, ledger.Tie{Trait: t.Company, Holder: in.CompanyOwner})
	}
	if len(t.Person) == 0 {
		return
	}
	var best lead.DuplicateMatch
	for _, trait := range t.Person {
		owner := known.holder(op, trait)
		if peers := known.Peers[trait]; trait[0] != name && len(peers) < maxPeers {
			op.Ties = append(op.Ties, ledger.Tie{Trait: trait, Holder: owner, Others: r.others(op.Lead, t, peers)})
		}
		if owner == "" {
			continue
		}
		earlier := known.Bearers[trait].Lead
		if score := r.same(t.Sketch, known.Sketches[earlier]); score > best.Score {
			best = lead.DuplicateMatch{Lead: earlier, By: kindOf(trait), Score: score}
			in.LastOwner = owner
		}
	}
	if best.Score < match.Duplicate {
		in.LastOwner = ""
		return
	}
	in.Facts["duplicate"] = true
	evidence := lead.Evidence{}
	if in.Evidence != nil {
		evidence = *in.Evidence
	}
	evidence.Duplicate = &best
	in.Evidence = &evidence
}

// Recall is Bind for a lead of the past, whose evidence says which earlier lead was of the
// same person: who has that, and those of its company, in a state.
func Recall(in *routing.Input, id string, t *ledger.Traits, asks policy.Asks, s *ledger.State) {
	if tie := Company(id, t, in.At.UnixMilli(), s.Bearers); asks.Company && tie != nil {
		in.CompanyOwner = tie.Holder
	}
	if asks.Person && in.Evidence != nil && in.Evidence.Duplicate != nil {
		if earlier := s.Leads[in.Evidence.Duplicate.Lead]; earlier != nil {
			in.LastOwner = earlier.Rep
		}
	}
}

// holder of a trait, as an operation's plan is told.
func (k Known) holder(op *ledger.Op, trait string) string {
	return k.Bearers[trait].Holder(op.Lead, op.At, window)
}

// others are the peers with a trait of a lead that are somebody else all the same.
func (r *Recogniser) others(id string, t *ledger.Traits, peers []Peer) []string {
	var ids []string
	for _, p := range peers {
		if p.Lead != id && r.same(t.Sketch, p.Sketch) < match.Duplicate {
			ids = append(ids, p.Lead)
		}
	}
	return ids
}

// Company is the tie of a known lead that is planned again to those of its company; nil:
// nothing is known of that.
func Company(id string, t *ledger.Traits, at int64, bearers map[string]ledger.Bearer) *ledger.Tie {
	if t == nil || t.Company == "" {
		return nil
	}
	return &ledger.Tie{Trait: t.Company, Holder: bearers[t.Company].Holder(id, at, window)}
}

// Owners are those of leads that may be of the same person.
func Owners(id string, t *ledger.Traits, at int64, bearers map[string]ledger.Bearer) []string {
	if t == nil {
		return nil
	}
	var owners []string
	for _, trait := range t.Person {
		if owner := bearers[trait].Holder(id, at, window); owner != "" {
			owners = append(owners, owner)
		}
	}
	return owners
}

// same compares sketches; what cannot be read is nobody's.
func (r *Recogniser) same(a, b string) int {
	x, errX := base64.RawURLEncoding.DecodeString(a)
	y, errY := base64.RawURLEncoding.DecodeString(b)
	if errX != nil || errY != nil {
		return 0
	}
	return r.encoder.Same(x, y)
}

func kindOf(trait string) string {
	for word, kind := range kinds {
		if strings.HasPrefix(trait, string(kind)) {
			return word
		}
	}
	return ""
}
