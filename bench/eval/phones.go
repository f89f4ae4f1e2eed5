package main

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"leadrouter/pkg/enrich"
)

// rows reads a packed CSV file without its header.
func rows(data fs.FS, name string) (all [][]string, err error) {
	file, err := data.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if all, err = csv.NewReader(unpacked).ReadAll(); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return all[1:], nil
}

// phones: each input with its country gives the expected E.164 number, or is refused.
func phones(data fs.FS) ([]figure, error) {
	all, err := rows(data, "oracles/phones.csv.gz")
	if err != nil {
		return nil, err
	}
	e := enrich.New(enrich.Config{})
	same := 0
	differ := map[string]int{} // by region and form
	for _, row := range all {
		region, kind, form, input, want := row[0], row[1], row[2], row[3], row[4]
		got, _ := e.Phone(input, region)
		if got.E164 == want {
			same++
		} else {
			differ[region+" "+kind+" "+form]++
		}
	}
	return []figure{{
		Task: "phones", Measure: "equal to the oracle", Ours: float64(same) / float64(len(all)), Wanted: 1, Than: "oracle",
		Note: differences(differ, len(all)),
	}}, nil
}

// differences names what is not as the oracle has it.
func differences(differ map[string]int, all int) string {
	if len(differ) == 0 {
		return fmt.Sprintf("all of %d", all)
	}
	return fmt.Sprintf("of %d: %s", all, strings.Join(slices.Sorted(maps.Keys(differ)), ", "))
}
