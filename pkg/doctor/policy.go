package doctor

import (
	"context"
	"errors"
	"slices"
	"strings"

	"leadrouter/pkg/app"
	"leadrouter/pkg/event"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/policylog"
	"leadrouter/pkg/policytest"
)

// policy looks at the policy of a file or a folder.
func (e *examination) policy(ctx context.Context) {
	const check = "policy"
	switch e.Policy {
	case app.Published:
		return // Kafka has it
	case "":
		e.add(check, Warn, "name it with --policy, or write one with leadrouter policy init", "none was named")
		return
	}
	p, issues, err := policy.Load(e.Policy)
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		e.add(check, Fail, "leadrouter policy check "+e.Policy, "%s", first)
		return
	}
	e.hash = p.Hash
	e.tests(p, len(issues), e.Policy)
	e.feeds(ctx, p)
}

// tests runs the tests of a policy that has some warnings and no errors.
func (e *examination) tests(p *policy.Policy, warnings int, path string) {
	const check = "policy"
	report := policytest.Run(p, policytest.Config{})
	switch failed := report.Count(policytest.Failed); {
	case failed > 0:
		e.add(check, Fail, "leadrouter policy test "+path, "%d of %d tests fail", failed, len(report.Results))
	case warnings > 0:
		e.add(check, Warn, "leadrouter policy check "+path, "%d warnings", warnings)
	default:
		e.add(check, OK, "", "%s %.7s, %d reps, %d tests pass", p.Name, p.Hash, len(p.Reps), report.Count(policytest.Passed))
	}
}

// published looks at the policy that Kafka has, or whether it has that of the files.
func (e *examination) published(ctx context.Context) {
	log := policylog.New(e.Kafka, e.Instance)
	archive, err := log.Read(ctx)
	if err != nil {
		e.add("policy", Fail, "check the rights of --kafka-user", "%v", err)
		return
	}
	if e.Policy == app.Published {
		e.active(ctx, log, archive)
		return
	}
	there := slices.ContainsFunc(archive.History(), func(p event.Publication) bool { return p.Hash == e.hash })
	if e.hash != "" && !there {
		e.add("history", Warn, "leadrouter policy publish, or keep every version of the files",
			"%.7s was never published: once the files change, nothing here tells what it decided by", e.hash)
	}
}

// active looks at the published policy as a router would.
func (e *examination) active(ctx context.Context, log *policylog.Log, archive *policylog.Archive) {
	const check = "policy"
	active, err := archive.Active()
	if errors.Is(err, policylog.ErrNone) {
		e.add(check, Fail, "leadrouter policy publish", "%v", err)
		return
	}
	var files map[string][]byte
	if err == nil {
		files, err = log.Files(ctx, active)
	}
	var p *policy.Policy
	if err == nil {
		p, err = app.ReadPublication(active, files)
	}
	if err == nil {
		err = app.TestsPass(p)
	}
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		e.add(check, Fail, "leadrouter policy publish, or policy rollback", "%s", first)
		return
	}
	e.add(check, OK, "", "%s %.7s, published as number %d by %s, %d reps", p.Name, p.Hash, active.Number, active.By, len(p.Reps))
	e.feeds(ctx, p)
}
