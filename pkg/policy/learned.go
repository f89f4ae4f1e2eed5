package policy

import (
	"errors"
	"io/fs"
	"path"

	"cel.dev/cel-go/cel"
	"go.yaml.in/yaml/v3"

	"leadrouter/pkg/score"
)

// The uses of a learned score.
const (
	ModelOff    = "off"
	ModelShadow = "shadow" // computed and recorded; `score` stays the sum of points
	ModelOn     = "on"     // `score` is the learned probability x 100
)

// model reads how the learned score is used: a word, or a word and a file.
func (r *reader) model(s *Score, n node) {
	use, file := n, score.File
	if n.deref().Kind == yaml.MappingNode {
		use = node{}
		r.object(n, "`model`", object{
			"use":  func(n node) { use = n },
			"file": func(n node) { file = r.modelFile(n) },
		})
		if use.Node == nil {
			r.fail(n, "`model` needs `use`: off, shadow or on")
			return
		}
	}
	s.Model = r.choice(use, ModelOff, ModelShadow, ModelOn)
	if s.Model == ModelShadow || s.Model == ModelOn {
		r.learned(s, use, file)
	}
}

// modelFile is a file beside the policy.
func (r *reader) modelFile(n node) string {
	name := r.text(n)
	if !fs.ValidPath(name) || path.Ext(name) != ".json" {
		r.fail(n, "`%s` is not a JSON file beside the policy", name)
		return ""
	}
	return name
}

// learned reads the model and declares what it tells. Without a file a shadow is a
// warning, since nothing depends on it.
func (r *reader) learned(s *Score, at node, file string) {
	if file == "" {
		return // it has been complained about
	}
	data, err := r.file(file)
	if errors.Is(err, fs.ErrNotExist) && s.Model == ModelShadow {
		r.warn(at.pos(), at.width(), "there is no %s beside the policy yet: `leadrouter score train` makes one", file)
		return
	}
	if errors.Is(err, fs.ErrNotExist) {
		r.fail(at, "there is no %s beside the policy: `leadrouter score train` makes one, `model: off` does without", file)
		return
	}
	if err != nil {
		r.fail(at, "%v", err)
		return
	}
	m, err := score.Parse(data)
	if err != nil {
		r.failAt(Pos{File: file}, 0, "%v; `leadrouter score train` makes a new one", err)
		return
	}
	s.Learned = m
	def := &slotDef{name: "learned", typ: cel.IntType}
	for _, f := range m.Features {
		from, ok := r.names.slot(f.Name)
		if !ok {
			r.failAt(Pos{File: file}, 0, "the model asks for `%s`, which is personal or not known of a lead; train it without", f.Name)
			return
		}
		def.needs = append(def.needs, from)
	}
	s.features = def.needs
	def.compute = func(b *Binding) value {
		return intValue(m.Score(func(i int) score.Value { return b.get(s.features[i]).learned() }))
	}
	s.learned = r.names.hidden(def)
}

// points of a percent: a score counts to 100, a probability in basis points.
const percent = score.Certain / 100

// Predict is what the model of the policy tells of a lead, and why; nil where there is
// none.
func (b *Binding) Predict() *score.Prediction {
	s := b.policy.Score
	if s == nil || s.Learned == nil {
		return nil
	}
	p := s.Learned.Predict(func(i int) score.Value { return b.get(s.features[i]).learned() })
	return &p
}

// Points is the sum of the points of fit and intent, whatever `score` is.
func (s *Score) Points(b *Binding) int64 {
	total := int64(0)
	for _, p := range []*Part{s.Fit, s.Intent} {
		if p != nil {
			total += p.Points(b)
		}
	}
	return total
}

// learned is the value as a model sees it.
func (v *value) learned() score.Value {
	switch v.kind {
	case text:
		return score.Text(v.text)
	case integer:
		return score.Number(float64(v.int()))
	case double:
		return score.Number(v.float())
	case pending, unknown:
		return score.Value{}
	default: // true, false and lists are rare
		return score.Of(v.any())
	}
}
