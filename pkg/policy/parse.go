package policy

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// language is the version of the policy language that this package reads.
const language = 1

// Load reads a policy from a folder, all of whose *.yaml files are one policy (but
// for hidden ones, which are an editor's), or from one file. CSV files are found
// beside the YAML. The error is [Issues] when the policy was read and is wrong.
// Warnings are returned in either case.
func Load(name string) (*Policy, Issues, error) {
	dir, names := name, []string(nil)
	info, err := os.Stat(name)
	if err != nil {
		return nil, nil, fmt.Errorf("load policy: %w", err)
	}
	if info.IsDir() {
		entries, err := os.ReadDir(name)
		if err != nil {
			return nil, nil, fmt.Errorf("load policy: %w", err)
		}
		for _, e := range entries {
			if !e.IsDir() && isYAML(e.Name()) && !strings.HasPrefix(e.Name(), ".") {
				names = append(names, e.Name())
			}
		}
	} else {
		if !isYAML(name) { // Parse, which reads what is published, would pass it over
			return nil, nil, fmt.Errorf("load policy: %s is no *.yaml file; name the policy's file or its folder", name)
		}
		dir, names = filepath.Dir(name), []string{filepath.Base(name)}
	}
	folder := os.DirFS(dir)
	open := func(name string) ([]byte, error) { return fs.ReadFile(folder, name) }
	p, issues, err := parse(names, open)
	if err != nil {
		return nil, issues, fmt.Errorf("load policy: %w", err)
	}
	for i := range issues {
		if issues[i].Pos.File == "" { // it is about the whole
			issues[i].Pos.File = name
		}
	}
	return p, issues, issues.Err()
}

// Parse reads a policy from the content of its files by name: every *.yaml and the
// CSV files that these speak of. The policy is nil when the issues hold errors.
func Parse(files map[string][]byte) (*Policy, Issues) {
	var names []string
	for name := range files {
		if isYAML(name) {
			names = append(names, name)
		}
	}
	p, issues, err := parse(names, func(name string) ([]byte, error) {
		data, ok := files[name]
		if !ok {
			return nil, fs.ErrNotExist
		}
		return data, nil
	})
	if err != nil { // a map has no other reason to fail
		issues = append(issues, Issue{Message: err.Error()})
	}
	return p, issues
}

func isYAML(name string) bool {
	ext := path.Ext(name)
	return ext == ".yaml" || ext == ".yml"
}

// reader turns sources into a policy and collects what is wrong with them.
type reader struct {
	open     func(name string) ([]byte, error)
	raw      map[string][]byte // every file read, for the hash
	sources  map[string]*source
	issues   Issues
	refused  map[Pos]bool      // values that YAML itself got wrong: reported once
	flaws    int               // of anything, reported or not
	sections map[string][]node // the values of the top-level keys, in the order of the files

	policy  *Policy
	columns map[string]bool // of any rep
	levels  map[string]ledgerCaps
	names   *names
	exprs   expressions
	used    map[string]bool  // pools, rulesets and SLAs that something refers to
	made    map[string]*Pool // of teams, reps and all, by name
	owners  []int32          // whom tables name as owners of accounts
	later   []func()         // what waits until every name is declared
}

// parse does the work of Load and Parse.
func parse(names []string, open func(string) ([]byte, error)) (*Policy, Issues, error) {
	r := &reader{
		open: open, raw: map[string][]byte{}, sources: map[string]*source{}, refused: map[Pos]bool{}, sections: map[string][]node{},
		policy: &Policy{}, columns: map[string]bool{}, used: map[string]bool{}, made: map[string]*Pool{},
	}
	if err := r.readFiles(slices.Sorted(slices.Values(names))); err != nil {
		return nil, nil, err
	}
	if len(r.sections) == 0 {
		if len(r.issues) == 0 {
			r.issues = append(r.issues, Issue{Message: "there is no policy here: no *.yaml file says anything"})
		}
		return nil, r.issues.sort(), nil
	}
	if err := r.read(); err != nil {
		return nil, nil, err
	}
	issues := r.issues.sort()
	if issues.Err() != nil {
		return nil, issues, nil
	}
	r.policy.Hash, r.policy.Files = r.hash(), r.raw
	return r.policy, issues, nil
}

// appended are the sections whose lists grow from file to file.
var appended = []string{"tests", "marks", "guards"}

// topLevel are the keys of a policy file.
var topLevel = []string{
	"leadrouter", "policy", "version", "currency", "reps", "tables", "calendars", "teams", "caps", "ramp", "define",
	"bands", "score", "pools", "rules", "rulesets", "marks", "guards", "slas", "waiting", "review", "reassign", "accounts", "tests",
	"experiment",
}

// readFiles reads the documents and merges their sections.
func (r *reader) readFiles(names []string) error {
	keys := map[string]node{} // section, or section.key, to where it was first said
	once := func(id, what string, n node) bool {
		if first, ok := keys[id]; ok {
			r.fail(n, "`%s` is in %s:%d already%s", n.Value, first.src.name, first.Line, what)
			r.refused[n.pos()] = true
			return false
		}
		keys[id] = n
		return true
	}
	for _, name := range names {
		data, err := r.file(name)
		if err != nil {
			return err
		}
		root, ok := r.document(r.sources[name], data)
		if !ok {
			continue
		}
		r.each(root, "a policy", func(key, value node) {
			section := key.Value
			switch {
			case !slices.Contains(topLevel, section):
				r.fail(key, "`%s` is not a key of a policy%s", section, suggest(section, topLevel))
				return
			case slices.Contains(appended, section):
			case value.Kind == yaml.MappingNode && len(r.sections[section]) > 0 && r.sections[section][0].Kind == yaml.MappingNode:
				r.each(value, section, func(inner, _ node) { once(section+"."+inner.Value, "", inner) })
			case !once(section, "; only mappings may be spread over files", key):
				return
			case value.Kind == yaml.MappingNode:
				r.each(value, section, func(inner, _ node) { once(section+"."+inner.Value, "", inner) })
			}
			r.sections[section] = append(r.sections[section], value)
		})
	}
	return nil
}

// file reads a source and remembers it for excerpts and the hash.
func (r *reader) file(name string) ([]byte, error) {
	data, err := r.open(name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	r.raw[name] = data
	r.sources[name] = newSource(name, data)
	return data, nil
}

// section is the value of a top-level key that is no mapping.
func (r *reader) section(name string) (node, bool) {
	if len(r.sections[name]) == 0 {
		return node{}, false
	}
	return r.sections[name][0], true
}

// eachOf reads a section with the author's own keys, in the order of the files.
func (r *reader) eachOf(section string, read func(key, value node)) {
	for _, n := range r.sections[section] {
		r.each(n, "`"+section+"`", read)
	}
}

// objectOf reads a section with known keys.
func (r *reader) objectOf(section string, keys object) {
	for _, n := range r.sections[section] {
		r.object(n, "`"+section+"`", keys)
	}
}

// listOf gives the entries of a section that is a list.
func (r *reader) listOf(section string) []node {
	var out []node
	for _, n := range r.sections[section] {
		if n.Kind != yaml.SequenceNode {
			r.fail(n, "`%s` must be a list", section)
			continue
		}
		out = append(out, r.items(n)...)
	}
	return out
}

// read goes through the sections, each after those it refers to. An error is one
// of reading files, never of what they say.
func (r *reader) read() error {
	r.head()
	r.calendars()
	r.teamNames()
	r.caps()
	r.ramp()
	if err := r.reps(); err != nil {
		return err
	}
	r.teams()
	r.capLevels()
	r.names = newNames()
	if err := r.derived(); err != nil {
		return err
	}
	r.pools()
	r.slas()
	r.rules()
	r.guards()
	r.marks()
	r.handling()
	r.accounts()
	r.tests()
	r.compile()
	r.check()
	r.finish()
	return nil
}

// head reads what names the policy.
func (r *reader) head() {
	if n, ok := r.section("leadrouter"); ok && r.whole(n, 1, 1_000) > language {
		r.fail(n, "this is version %s of the language; this program reads version %d", n.Value, language)
	}
	if n, ok := r.section("policy"); ok {
		r.policy.Name = r.identifier(n)
	} else {
		r.failAt(r.start(), 0, "a policy needs a name: `policy: my-policy`")
	}
	if n, ok := r.section("version"); ok {
		r.policy.Version = r.text(n)
	}
	if n, ok := r.section("experiment"); ok {
		r.fail(n, "`experiment` is reserved, not built yet")
	}
}

// start is the first place of the first file, for what is missing as a whole.
func (r *reader) start() Pos {
	return Pos{File: slices.Min(slices.Collect(maps.Keys(r.sources))), Line: 1, Col: 1}
}

// identifier reads a name that ends up in events, keys and file names.
func (r *reader) identifier(n node) string {
	s := r.text(n)
	if s != "" && !isIdentifier(s) {
		r.fail(n, "`%s` is not a name: letters, digits, `-`, `_`, `.` and `@`, at most %d", s, maxIdentifier)
	}
	return s
}

const maxIdentifier = 64

func isIdentifier(s string) bool {
	const extra = "-_.@"
	return s != "" && len(s) <= maxIdentifier && !strings.HasPrefix(s, "-") &&
		strings.IndexFunc(s, func(c rune) bool {
			return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune(extra, c))
		}) < 0
}
