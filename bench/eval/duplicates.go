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

// duplicates recognises persons as the router does: record by record, each is looked up by
// its keys among those before it and goes to the person of whom it is the likest.
func duplicates(data fs.FS) ([]figure, error) {
	figures := make([]figure, 0, len(duplicateSets()))
	for _, set := range duplicateSets() {
		records, err := set.load(data)
		if err != nil {
			return nil, err
		}
		linked, alone := recognise(records)
		figures = append(figures, figure{
			Task: "duplicates, " + set.name, Measure: "F1", Ours: linked.f1(), Wanted: set.wanted,
			Note: fmt.Sprintf("precision %.4f, recall %.4f; without following links: F1 %.4f", linked.precision(), linked.recall(), alone.f1()),
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

// recognise the persons of records. Linked counts pairs of records that went to one person,
// alone only those that were recognised next to each other.
func recognise(records []personRecord) (linked, alone pairCount) {
	e := match.NewEncoder([]byte("an evaluation needs no secret"))
	prints := make([]match.Print, len(records))
	holders := map[string][]int{} // of a digest
	person := make([]int, len(records))
	for i, r := range records {
		prints[i] = e.Encode(r.person)
		person[i] = i
		best := match.Duplicate - 1
		met := map[int]bool{}
		for _, k := range prints[i].Keys {
			for _, j := range holders[k.Digest] {
				if met[j] {
					continue
				}
				met[j] = true
				score := e.Same(prints[i].Sketch, prints[j].Sketch)
				if score >= match.Duplicate {
					alone.count(records[j].truth == r.truth)
				}
				if score > best {
					best, person[i] = score, person[j]
				}
			}
			holders[k.Digest] = append(holders[k.Digest], i)
		}
	}
	for i := range records {
		for j := range i {
			same := records[i].truth == records[j].truth
			if same {
				linked.all++
			}
			if person[i] == person[j] {
				linked.count(same)
			}
		}
	}
	alone.all = linked.all
	return linked, alone
}

func (t *pairCount) count(right bool) {
	if right {
		t.right++
	} else {
		t.wrong++
	}
}
