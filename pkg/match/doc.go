// Package match recognises who is behind a lead: persons that have been here before, and
// companies however they are written. It is pure: the same texts give the same answer on
// every machine. Scores are basis points, 0 to lead.Certain.
//
// # Persons
//
//	lead ──PersonOf──► Person ──Encode, secret key──► Print ─┬─ Keys: digests to look up by
//	                                                         └─ Sketch: what to compare
//	digests in common ──► candidates ──Same──► score ≥ Duplicate: the same person
//
// A [Print] is all that the ledger and the decision log hold of a person. Its keys are
// HMACs, its sketch is sealed: without the encoder's key neither can be read, guessed at
// from a list of names, or counted. With the key a sketch is Bloom filters of pairs of
// letters (Schnell, Bachteler and Reiher 2009), from which it can be estimated how alike two
// names are, and the names not be read.
//
// Each field that both have adds evidence, positive where it agrees and negative where it
// does not, by how much more often that happens for one person than for two (Fellegi and
// Sunter 1969). What is unknown says nothing.
//
// # Companies
//
// A company's name is taken apart once ([CompanyName]) and compared often
// ([SimilarCompanies]):
//
//	"ООО «Ромашка Групп»"
//	   │ Unicode NFKC, split where words end and where scripts change
//	   ▼
//	ООО · Ромашка · Групп
//	   │ words of business to English, the rest to Latin letters, lower case
//	   ▼
//	ooo · romashka · group
//	   │ legal forms off both ends, abbreviations and numbers in one spelling
//	   ▼
//	Name{Key: "romashkagroup", Form: "limited"}     romashka weighs 100, group 15
package match
