package main

import (
	"fmt"
	"io/fs"
	"strings"

	"leadrouter/pkg/match"
)

// personRecord is a person as a set of records has it, and who it truly is.
type personRecord struct {
	person match.Person
	truth  string
}

// duplicateSet is a set of records with duplicates.
type duplicateSet struct {
	name   string
	file   string
	wanted float64
	read   func(row map[string]string) personRecord
}

func duplicateSets() []duplicateSet {
	return []duplicateSet{
		{"febrl 1", "febrl/dataset1.csv.gz", 0.97, febrl},
		{"febrl 2", "febrl/dataset2.csv.gz", 0.97, febrl},
		{"fake 1000", "splink/fake_1000.csv", 0.80, fake},
	}
}

// febrl leaves out soc_sec_id, which would give all away.
func febrl(row map[string]string) personRecord {
	return personRecord{
		person: match.Person{
			FirstName: row["given_name"], LastName: row["surname"], Birth: row["date_of_birth"],
			Street: strings.TrimSpace(row["street_number"] + " " + row["address_1"]), Place: row["address_2"],
			City: row["suburb"], PostalCode: row["postcode"], Region: row["state"],
		},
		truth: strings.Split(row["rec_id"]+"-", "-")[1], // rec-17-dup-0
	}
}

func fake(row map[string]string) personRecord {
	return personRecord{
		person: match.Person{
			FirstName: row["first_name"], LastName: row["surname"], Birth: row["dob"], City: row["city"], Email: row["email"],
		},
		truth: row["cluster"],
	}
}

// duplicates recognises persons as the router does: record by record, each is compared with
// those that stand for its keys, which are the last ones that had them. Whoever is alike
// enough is the same, and so is whoever else is linked to the same; the note has what is left
// when each record goes to one person for good, the likest, as a lead goes to one owner.
func duplicates(data fs.FS) ([]figure, error) {
	figures := make([]figure, 0, len(duplicateSets()))
	for _, set := range duplicateSets() {
		records, err := set.load(data)
		if err != nil {
			return nil, err
		}
		r := recognise(records)
		figures = append(figures, figure{
			Task: "duplicates, " + set.name, Measure: "F1", Ours: r.linked.f1(), Wanted: set.wanted,
			Note: fmt.Sprintf("precision %.4f, recall %.4f; one person for good: F1 %.4f", r.linked.precision(), r.linked.recall(), r.owned.f1()),
		})
	}
	return figures, nil
}

// load the records of the set.
func (s duplicateSet) load(data fs.FS) (records []personRecord, err error) {
	rows, err := table(data, s.file)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		records = append(records, s.read(row))
	}
	return records, nil
}

// pairCount counts pairs of records.
type pairCount struct{ right, wrong, all int }

func (t pairCount) precision() float64 { return float64(t.right) / float64(max(t.right+t.wrong, 1)) }
func (t pairCount) recall() float64    { return float64(t.right) / float64(max(t.all, 1)) }
func (t pairCount) f1() float64        { return 2 * float64(t.right) / float64(max(t.right+t.wrong+t.all, 1)) }

// recognition counts pairs of records by what makes them one person.
type recognition struct {
	linked pairCount // they are alike, or both alike others that are linked
	owned  pairCount // each is with the likest of those before it
}

// recognise the persons of records.
func recognise(records []personRecord) recognition {
	e := match.NewEncoder([]byte("an evaluation needs no secret"))
	var r recognition
	prints := make([]match.Print, len(records))
	bearers := map[string]int{} // of a digest: the last record with it, as in the ledger
	group, owner := make([]int, len(records)), make([]int, len(records))
	for i, record := range records {
		prints[i] = e.Encode(record.person)
		group[i], owner[i] = i, i
		best := match.Duplicate - 1
		met := map[int]bool{}
		for _, k := range prints[i].Keys {
			j, ok := bearers[k.Digest]
			bearers[k.Digest] = i
			if !ok || met[j] {
				continue
			}
			met[j] = true
			score := e.Same(prints[i].Sketch, prints[j].Sketch)
			if score < match.Duplicate {
				continue
			}
			join(group, i, j)
			if score > best {
				best, owner[i] = score, owner[j]
			}
		}
	}
	for i := range records {
		for j := range i {
			same := records[i].truth == records[j].truth
			if same {
				r.linked.all, r.owned.all = r.linked.all+1, r.owned.all+1
			}
			if group[i] == group[j] {
				r.linked.count(same)
			}
			if owner[i] == owner[j] {
				r.owned.count(same)
			}
		}
	}
	return r
}

// join makes the groups of two records one.
func join(group []int, i, j int) {
	from, to := group[i], group[j]
	for k := range group[:max(i, j)+1] {
		if group[k] == from {
			group[k] = to
		}
	}
}

func (t *pairCount) count(right bool) {
	if right {
		t.right++
	} else {
		t.wrong++
	}
}
