package policy

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"go.yaml.in/yaml/v3"

	"leadrouter/pkg/lead"
)

// celVersion is the release of the CEL module. It is part of the hash.
const celVersion = "v0.33.2"

// costLimit bounds what one evaluation of a condition may do.
const costLimit = 100_000

// Bounds of the source of one condition.
const (
	maxSource = 10_000 // characters
	maxDepth  = 100    // levels of nesting
)

// What a large lead holds in one place, for the estimate of costs.
const (
	maxText  = 1_000 // bytes
	maxItems = lead.MaxTags
)

// wanted is the type that an expression must have.
type wanted int

const (
	wantBool wanted = iota
	wantNumber
)

// job is one expression to be compiled once all names are known.
type job struct {
	at   node
	ast  *cel.Ast // parsed, not checked
	into *expr
	want wanted
	rep  bool // may ask for rep.*
}

// expressions collects the jobs of a policy.
type expressions struct {
	env  *cel.Env // standard functions and known(), no names
	jobs []*job
}

// cond reads a condition.
func (r *reader) cond(n node) *Cond {
	c := &Cond{}
	r.expression(n, &c.expr, wantBool, false)
	return c
}

// numeric reads an expression that gives a number.
func (r *reader) numeric(n node) *Expr {
	e := &Expr{}
	r.expression(n, &e.expr, wantNumber, false)
	return e
}

// expression parses an expression and leaves the rest to compile.
func (r *reader) expression(n node, into *expr, want wanted, rep bool) {
	*into = expr{Pos: n.pos(), test: neverKnown, eval: neverHas}
	if n.Kind != yaml.ScalarNode {
		what := "`[` at the start makes this a list of YAML; put all of it in quotes: '[…] …'"
		if n.Kind == yaml.MappingNode {
			what = "`{` at the start makes this a mapping of YAML; put all of it in quotes: '{…} …'"
		}
		r.fail(n, "%s", what)
		return
	}
	source := r.text(n)
	into.Source = source
	env, err := r.exprs.base()
	if err != nil || source == "" {
		if err != nil {
			r.fail(n, "CEL: %v", err)
		}
		return
	}
	if r.refused[n.pos()] {
		return // cut off: it makes no sense
	}
	parsed, issues := env.Parse(source)
	if issues.Err() != nil {
		r.celIssues(n, issues)
		return
	}
	r.exprs.jobs = append(r.exprs.jobs, &job{at: n, ast: parsed, into: into, want: want, rep: rep})
}

func (x *expressions) base() (*cel.Env, error) {
	if x.env != nil {
		return x.env, nil
	}
	env, err := cel.NewEnv(
		cel.CrossTypeNumericComparisons(true),
		cel.DefaultUTCTimeZone(true),
		cel.EagerlyValidateDeclarations(true),
		cel.ParserRecursionLimit(maxDepth),
		cel.ParserExpressionSizeLimit(maxSource),
		cel.ASTValidators(cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals(), cel.ValidateRegexLiterals()),
		cel.Function("known", cel.Overload("known_dyn", []*cel.Type{cel.DynType}, cel.BoolType, cel.OverloadIsNonStrict(),
			cel.UnaryBinding(func(v ref.Val) ref.Val { return types.Bool(!types.IsUnknownOrError(v)) }))),
	)
	x.env = env
	return env, err
}

// compile checks every expression against the names and makes it runnable.
func (r *reader) compile() {
	good := r.exprs.jobs[:0]
	for _, j := range r.exprs.jobs {
		if w := (nameWalk{r: r, job: j}); w.walk(j.ast.NativeRep().Expr(), nil) {
			good = append(good, j)
		}
	}
	if len(good) == 0 {
		return
	}
	env, err := r.exprs.env.Extend(r.variables()...)
	if err != nil {
		r.failAt(r.start(), 0, "CEL: %v", err)
		return
	}
	for _, j := range good {
		r.compileJob(env, j)
	}
	r.cycles()
}

// variables declares every name that has a slot.
func (r *reader) variables() []cel.EnvOption {
	var out []cel.EnvOption
	for _, def := range r.names.slots {
		if !strings.HasPrefix(def.name, "#") {
			out = append(out, cel.Variable(def.name, def.typ))
		}
	}
	return out
}

func (r *reader) compileJob(env *cel.Env, j *job) {
	checked, issues := env.Check(j.ast)
	if issues.Err() != nil {
		r.celIssues(j.at, issues)
		return
	}
	tree := checked.NativeRep()
	if !allowed(checked.OutputType(), j.want) {
		what := "a condition is true or false"
		if j.want == wantNumber {
			what = "a number is needed here"
		}
		r.fail(j.at, "%s; this is a %s", what, checked.OutputType())
		return
	}
	if mapComprehension(tree, tree.Expr()) {
		r.fail(j.at, "going through a map gives another order every time; use a list")
		return
	}
	if zoned(tree.Expr()) {
		r.fail(j.at, "times are in UTC; zones belong to calendars")
		return
	}
	if cost, err := env.EstimateCost(checked, sizes{}); err == nil && cost.Max > costLimit {
		r.fail(j.at, "this may take too long: %d steps for a large lead, at most %d are allowed; loop over less", cost.Max, costLimit)
		return
	}
	program, err := env.Program(checked, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(costLimit))
	if err != nil {
		r.fail(j.at, "CEL: %v", err)
		return
	}
	c := compiler{names: r.names, tree: tree}
	j.into.program = program
	j.into.link(c, tree.Expr())
	j.into.atoms = c.atoms(tree.Expr())
	j.into.claims, j.into.exact = c.claims(tree.Expr())
	r.knownValues(j, c)
}

func allowed(t *cel.Type, want wanted) bool {
	if t.IsExactType(cel.DynType) {
		return true
	}
	if want == wantBool {
		return t.IsExactType(cel.BoolType)
	}
	return t.IsExactType(cel.IntType) || t.IsExactType(cel.DoubleType)
}

// mapComprehension finds loops over maps, whose order is not deterministic.
func mapComprehension(tree *ast.AST, e ast.Expr) bool {
	found := false
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.ComprehensionKind && tree.GetType(e.AsComprehension().IterRange().ID()).Kind() == types.MapKind {
			found = true
		}
	}))
	return found
}

// zoned finds calls such as timestamp(x).getHours("Europe/Berlin"): they would read
// the machine's own time zones, which may differ from one host to the next.
func zoned(e ast.Expr) bool {
	found := false
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.CallKind && e.AsCall().IsMemberFunction() &&
			strings.HasPrefix(e.AsCall().FunctionName(), "get") && len(e.AsCall().Args()) > 0 {
			found = true
		}
	}))
	return found
}

// nameWalk finds the names of an expression, gives them slots and complains about
// those that nobody knows: at their place, which the checker does not know.
type nameWalk struct {
	r   *reader
	job *job
	bad bool
}

// walk goes through an expression; bound are the variables of the loops around it.
func (w *nameWalk) walk(e ast.Expr, bound []string) bool {
	switch e.Kind() {
	case ast.IdentKind:
		w.name(e, []string{e.AsIdent()}, bound)
	case ast.SelectKind:
		w.selection(e, bound)
	case ast.CallKind:
		call := e.AsCall()
		if call.IsMemberFunction() {
			w.walk(call.Target(), bound)
		}
		for _, arg := range call.Args() {
			w.walk(arg, bound)
		}
	case ast.ListKind:
		for _, item := range e.AsList().Elements() {
			w.walk(item, bound)
		}
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			w.walk(entry.AsMapEntry().Key(), bound)
			w.walk(entry.AsMapEntry().Value(), bound)
		}
	case ast.ComprehensionKind:
		loop := e.AsComprehension()
		w.walk(loop.IterRange(), bound)
		w.walk(loop.AccuInit(), bound)
		inner := append(slices.Clone(bound), loop.IterVar(), loop.AccuVar())
		if loop.HasIterVar2() {
			inner = append(inner, loop.IterVar2())
		}
		w.walk(loop.LoopCondition(), inner)
		w.walk(loop.LoopStep(), inner)
		w.walk(loop.Result(), inner)
	default: // a literal names nothing
	}
	return !w.bad
}

// selection follows a.b.c to its root.
func (w *nameWalk) selection(e ast.Expr, bound []string) {
	var path []string
	root, has := e, false
	for root.Kind() == ast.SelectKind {
		s := root.AsSelect()
		has = has || s.IsTestOnly()
		path = append(path, s.FieldName())
		root = s.Operand()
	}
	if has {
		w.bad = true
		w.r.fail(w.job.at, "has() is not of this language; ask known(…)")
		return
	}
	if root.Kind() != ast.IdentKind {
		w.walk(root, bound)
		return
	}
	path = append(path, root.AsIdent())
	slices.Reverse(path)
	w.name(root, path, bound)
}

// name resolves a dotted path to the longest name that is known.
func (w *nameWalk) name(root ast.Expr, path, bound []string) {
	if slices.Contains(bound, path[0]) {
		return
	}
	full := strings.Join(path, ".")
	for n := len(path); n > 0; n-- {
		name := strings.Join(path[:n], ".")
		if w.job.rep && path[0] == "rep" {
			if _, ok := w.r.repSlot(name); ok {
				w.use(name)
				return
			}
			continue
		}
		if _, ok := w.r.names.slot(name); ok {
			w.use(name)
			return
		}
	}
	w.bad = true
	offset, _ := w.job.ast.NativeRep().SourceInfo().GetOffsetRange(root.ID())
	pos, width := w.job.at.posAt(int(offset.Start)), len([]rune(full))
	switch {
	case path[0] == "rep" && !w.job.rep:
		w.r.failAt(pos, width, "`%s`: only the `then` of a guard may ask for a rep", full)
	case path[0] == "rep":
		w.r.failAt(pos, width, "reps have no column `%s`%s", strings.TrimPrefix(full, "rep."), suggest(full, w.r.repNames()))
	case full == "attributes":
		w.r.failAt(pos, width, "say which attribute: `attributes.seats`")
	case full == "score" || full == "fit":
		w.r.failAt(pos, width, "`%s` needs the section `score`", full)
	default:
		w.r.unknownName(pos, width, full, meant(full))
	}
}

// meant says what a name that nobody knows may be instead.
func meant(name string) string {
	if strings.Contains(name, ".") {
		return ""
	}
	return fmt.Sprintf(": a field of your own is `attributes.%s`, a text is %q", name, name)
}

// use notes that the expression asks for a name, which has a slot.
func (w *nameWalk) use(name string) {
	s, _ := w.r.names.slot(name)
	if !slices.Contains(w.job.into.names, s) {
		w.job.into.names = append(w.job.into.names, s)
		w.job.into.Names = append(w.job.into.Names, name)
	}
}

// sizes tells the estimator of costs how long the values of a lead can be.
type sizes struct{}

// EstimateSize bounds texts by their bytes and lists by their items.
func (sizes) EstimateSize(n cost.AstNode) *cost.SizeEstimate {
	most := uint64(maxText)
	if n.Type().Kind() == types.ListKind {
		most = maxItems
	}
	return &cost.SizeEstimate{Max: most}
}

// EstimateCallCost has nothing to add.
func (sizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}
