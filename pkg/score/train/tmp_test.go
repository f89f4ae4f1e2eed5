package train

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"leadrouter/pkg/score"
	"os"
	"testing"
	"time"
)

func load(t testing.TB, file, outcome, yes string, drop ...string) *Table {
	f, err := os.Open("/work/shared/data/" + file)
	if err != nil {
		t.Fatal(err)
	}
	z, _ := gzip.NewReader(f)
	rows, err := csv.NewReader(z).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	tb := &Table{}
	for j, h := range rows[0] {
		if h == outcome {
			for _, r := range rows[1:] {
				tb.Won = append(tb.Won, r[j] == yes)
			}
			continue
		}
		if h == "" {
			continue
		}
		c := Column{Name: h}
		for _, r := range rows[1:] {
			c.Values = append(c.Values, score.Text(r[j]))
		}
		tb.Columns = append(tb.Columns, c)
	}
	return tb
}

func TestTmp(t *testing.T) {
	for _, tb := range []*Table{load(t, "x-education/leads_oldest80.csv.gz", "Converted", "1"), load(t, "uci-bank/bank-additional_first80.csv.gz", "y", "yes")} {
		start := time.Now()
		m, r, err := Train(tb, Config{})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range r.Refused {
			fmt.Printf("%v\n", x)
		}
		fmt.Printf("%+v\n", r.Choice)
		h := r.HeldBack
		fmt.Printf("AUC %.4f Brier %.4f ECE %.4f  const %.4f\n%v\n", h.AUC, h.Brier, h.ECE, r.Constant.Brier, h.Reliability)
		fmt.Println(r.Used, r.Worse)
		data, _ := m.Encode()
		fmt.Println(len(data), time.Since(start))
	}
}
