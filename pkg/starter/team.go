package starter

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"leadrouter/pkg/intake"
)

// team is what a CSV file says of the reps.
type team struct {
	columns []string // of the policy's table, id first
	reps    []rep
}

// rep is a row: the values of each column.
type rep map[string][]string

func (r rep) id() string { return r["id"][0] }

// axes are the columns that a lead can ask for.
func (t *team) axes() []string {
	var axes []string
	for _, axis := range []string{"country", "language", "product"} {
		if slices.Contains(t.columns, axis) {
			axes = append(axes, axis)
		}
	}
	return axes
}

// column names the column of the policy that a header means; "" leaves it out.
func column(header string) string {
	name := intake.Slug(header)
	switch name {
	case "id", "rep_id", "rep", "user", "username", "login", "agent_id", "sales_agent":
		return "id"
	case "name", "full_name", "rep_name", "agent_name", "sales_rep":
		return "name"
	case "first_name", "given_name", "vorname":
		return "first_name"
	case "last_name", "surname", "family_name", "nachname":
		return "last_name"
	case "email", "e_mail", "mail", "email_address":
		return "email"
	case "country", "countries", "market", "markets", "land":
		return "country"
	case "language", "languages", "speaks", "sprache", "sprachen":
		return "language"
	case "product", "products":
		return "product"
	case "team", "department", "regional_office", "agent_department":
		return "team"
	case "level", "role", "seniority", "grade":
		return "level"
	case "start_date", "joined", "hired":
		return "joined"
	case "phone", "mobile", "telephone":
		return "" // nobody needs it to route
	}
	return name
}

// readTeam reads the rows; all problems come back in one error.
func readTeam(header []string, rows [][]string) (*team, error) {
	t := &team{}
	names := make([]string, len(header))
	for i, h := range header {
		names[i] = column(h)
	}
	var problems []error
	for n, row := range rows {
		r := rep{}
		for i, text := range row {
			text = strings.TrimSpace(text)
			if names[i] == "" || text == "" {
				continue
			}
			values, err := valuesOf(names[i], text)
			if err != nil {
				problems = append(problems, fmt.Errorf("row %d: %w", n+1, err))
			}
			r[names[i]] = values
		}
		if err := r.identify(); err != nil {
			problems = append(problems, fmt.Errorf("row %d: %w", n+1, err))
			continue
		}
		t.reps = append(t.reps, r)
	}
	if len(rows) == 0 {
		problems = append(problems, errors.New("there is nobody in it"))
	}
	t.unique()
	for _, name := range append([]string{"id", "name"}, names...) {
		used := slices.ContainsFunc(t.reps, func(r rep) bool { return len(r[name]) > 0 })
		if used && !slices.Contains(t.columns, name) {
			t.columns = append(t.columns, name)
		}
	}
	return t, errors.Join(problems...)
}

// identify gives a rep an id, of the e-mail address or the name where there is
// none, and drops what is personal and not needed.
func (r rep) identify() error {
	name := strings.TrimSpace(strings.Join(r["first_name"], " ") + " " + strings.Join(r["last_name"], " "))
	if len(r["name"]) == 0 && name != "" {
		r["name"] = []string{name}
	}
	if id := strings.Join(r["id"], ""); strings.ContainsAny(id, " \t") { // a name, whatever the header says
		if len(r["name"]) == 0 {
			r["name"] = []string{id}
		}
		delete(r, "id")
	}
	if len(r["id"]) == 0 {
		local, _, _ := strings.Cut(strings.Join(r["email"], ""), "@")
		for _, source := range []string{local, strings.Join(r["name"], "")} {
			if id := strings.ReplaceAll(intake.Slug(source), "_", "-"); id != "" {
				r["id"] = []string{strings.TrimPrefix(id, "-")}
				break
			}
		}
	}
	delete(r, "email")
	delete(r, "first_name")
	delete(r, "last_name")
	if len(r["id"]) == 0 {
		return errors.New("no id, e-mail address or name")
	}
	return nil
}

// unique tells namesakes apart.
func (t *team) unique() {
	taken := map[string]bool{}
	for _, r := range t.reps {
		id := r.id()
		for n := 2; taken[r.id()]; n++ {
			r["id"] = []string{fmt.Sprintf("%s-%d", id, n)}
		}
		taken[r.id()] = true
	}
}

// valuesOf reads a cell. Lists may be written with any separator; what the policy
// keeps is codes and single words.
func valuesOf(name, text string) ([]string, error) {
	switch name {
	case "id", "name", "email", "first_name", "last_name", "joined":
		return []string{text}, nil
	case "team", "level":
		return []string{strings.ReplaceAll(intake.Slug(text), "_", "-")}, nil
	}
	var values []string
	for _, item := range split(text) {
		value, err := intake.Slug(item), error(nil)
		switch name {
		case "country":
			value, err = intake.Country(item)
		case "language":
			value, err = languageCode(item)
		}
		if err != nil {
			return nil, fmt.Errorf("%s %q %w", name, item, err)
		}
		if value != "" && !slices.Contains(values, value) {
			values = append(values, value)
		}
	}
	return values, nil
}

// split cuts a cell at its separators; at blanks only between short codes, since
// "United States" is one country.
func split(text string) []string {
	cut := func(r rune) bool { return strings.ContainsRune(",;|/\n", r) }
	if !strings.ContainsFunc(text, cut) {
		words := strings.Fields(text)
		if !slices.ContainsFunc(words, func(w string) bool { return len(w) > 3 }) {
			return words
		}
	}
	var items []string
	for _, item := range strings.FieldsFunc(text, cut) {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// languageNames finds a language by its English name or its own.
var languageNames = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	for _, tag := range display.Supported.Tags() {
		base, _ := tag.Base()
		plain := language.Make(base.String())
		for _, name := range []string{display.English.Languages().Name(plain), display.Self.Name(plain)} {
			if _, taken := names[strings.ToLower(name)]; !taken && name != "" {
				names[strings.ToLower(name)] = base.String()
			}
		}
	}
	return names
})

// languageCode reads a language: a BCP 47 tag or a name.
func languageCode(text string) (string, error) {
	if code, ok := languageNames()[strings.ToLower(text)]; ok {
		return code, nil
	}
	tag, err := language.Parse(text)
	if err != nil || tag.IsRoot() {
		return "", errors.New("is not a language; write its code, such as de or en")
	}
	return tag.String(), nil
}
