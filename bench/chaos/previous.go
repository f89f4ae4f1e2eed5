package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// back is how many merges lie between this release and the one that is taken for the one
// before, while there are no tags.
const back = "20"

// buildPrevious builds the program of a git ref: the one given, else the last tag, else a
// commit some way back.
func buildPrevious(ctx context.Context, ref, dir string) (program, name string, err error) {
	if ref == "" {
		if ref, err = findPrevious(ctx); err != nil {
			return "", "", err
		}
	}
	name, err = git(ctx, "log", "-1", "--format=%h %s", ref, "--")
	if err != nil {
		return "", "", err
	}
	tree := filepath.Join(dir, "previous")
	if _, err := git(ctx, "worktree", "add", "--detach", "--force", tree, ref); err != nil {
		return "", "", err
	}
	program = filepath.Join(dir, "leadrouter-previous")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", program, "./cmd/leadrouter") //nolint:gosec // ours
	build.Dir, build.Env = tree, append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("build %s: %w: %s", ref, err, out)
	}
	_, removed := git(context.WithoutCancel(ctx), "worktree", "remove", "--force", tree)
	return program, name, errors.Join(err, removed)
}

func findPrevious(ctx context.Context) (string, error) {
	if tag, err := git(ctx, "describe", "--tags", "--abbrev=0", "HEAD^"); err == nil {
		return tag, nil
	}
	ref, err := git(ctx, "rev-list", "--first-parent", "--max-count=1", "--skip="+back, "HEAD")
	if err == nil && ref == "" {
		err = errors.New("the history does not reach back far enough")
	}
	return ref, err
}

func git(ctx context.Context, args ...string) (string, error) {
	var complaints strings.Builder
	cmd := exec.CommandContext(ctx, "git", args...) //nolint:gosec // ours
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(complaints.String()))
	}
	return strings.TrimSpace(string(out)), nil
}
