// Package match tells whether two leads, or a lead and an account, are the same person or
// company. It is pure: the same texts give the same answer on every machine.
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
//
// Scores are basis points, 0 to lead.Certain.
package match
